"""When a log line was written: the layouts of time stamps, with zones, detected once per file and then read fast."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

MONTHS = dict(
    zip(("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), range(1, 13), strict=True)
)
ZONES = {"Z": 0, "UTC": 0, "GMT": 0, "CET": 60, "CEST": 120, "EST": -300, "EDT": -240, "CST": -360, "CDT": -300}
ZONES |= {
    "MST": -420,
    "MDT": -360,
    "PST": -480,
    "PDT": -420,
    "BST": 60,
    "IST": 330,
    "JST": 540,
    "MSK": 180,
    "AEST": 600,
}

_Y, _M, _D, _B = (
    r"(?P<Y>(?:19|20)\d\d)",
    r"(?P<m>0[1-9]|1[0-2])",
    r"(?P<d>0[1-9]|[12]\d|3[01])",
    r"(?P<b>[A-Z][a-z]{2})",
)
_T = r"(?P<H>[01]\d|2[0-3]):(?P<M>[0-5]\d):(?P<S>[0-5]\d|60)"
_F, _DAY = r"(?:[.,](?P<f>\d{1,9}))?", r"(?P<d>[ 0123]?\d)"
_Z = r"(?: ?(?P<z>Z|UTC|GMT|[+-]\d\d:?(?:\d\d)?|CES?T|[ECMP][SD]T|BST|JST|MSK|IST|AEST)(?![A-Za-z]))?"


@dataclass(frozen=True, slots=True)
class Layout:
    """One way to write a time. `example` is a line in it, `means` the moment that line names, in ISO form."""

    name: str
    pattern: re.Pattern[str]
    example: str
    means: str

    def read(self, line: str, reference: datetime | None = None) -> datetime | None:
        """The time of `line`; naive when the layout or the line names no zone. `reference` fills in a missing year."""
        match = self.pattern.search(line[:400])
        if match is None:
            return None
        try:
            return _moment(match.groupdict(), reference)
        except (ValueError, OverflowError, OSError):
            return None


def _layout(name: str, pattern: str, example: str, means: str) -> Layout:
    return Layout(name, re.compile(pattern), example, means)


_DATE = rf"{_Y}-{_M}-{_D}"
_KEYS = r"(?:@?timestamp|time|ts|t|date|datetime|@t|asctime|eventTime|created|log_time)"
_FOUND = r"^[^\n]{0,120}?(?<![\w.])"

LAYOUTS: tuple[Layout, ...] = (
    _layout("json, ISO", rf'"{_KEYS}"\s*:\s*"{_DATE}[T ]{_T}{_F}{_Z}"', '{"level":"info","ts":"2024-03-05T14:02:03.123Z","msg":"up"}', "2024-03-05T14:02:03.123+00:00"),
    _layout("json, epoch milliseconds", rf'"{_KEYS}"\s*:\s*"?(?P<ms>1\d{{12}})\b', '{"timestamp":1709647323123,"msg":"up"}', "2024-03-05T14:02:03.123+00:00"),
    _layout("json, epoch seconds", rf'"{_KEYS}"\s*:\s*"?(?P<s>1\d{{9}}(?:\.\d+)?)\b', '{"ts":1709647323.5,"msg":"up"}', "2024-03-05T14:02:03.500+00:00"),
    _layout("logfmt", rf'(?:^|\s){_KEYS}="?{_DATE}[T ]{_T}{_F}{_Z}"?', 'time="2024-03-05T14:02:03Z" level=info msg=up', "2024-03-05T14:02:03+00:00"),
    _layout("CRI", rf"^{_DATE}T{_T}{_F}{_Z} std(?:out|err) [FP] ", "2024-03-05T14:02:03.123456789Z stdout F up", "2024-03-05T14:02:03.123456+00:00"),
    _layout("ISO", rf"^[\[<(]?{_DATE}T{_T}{_F}{_Z}", "2024-03-05T14:02:03+02:00 up", "2024-03-05T14:02:03+02:00"),
    _layout("Python logging", rf"^[\[<(]?{_DATE} {_T},(?P<f>\d{{3}}){_Z}", "2024-03-05 14:02:03,123 INFO app: up", "2024-03-05T14:02:03.123"),
    _layout("date and time", rf"^[\[<(]?{_DATE} {_T}{_F}{_Z}", "[2024-03-05 14:02:03.5 UTC] LOG: up", "2024-03-05T14:02:03.500+00:00"),
    _layout("date and time with slashes", rf"^[\[<(]?{_Y}[/.]{_M}[/.]{_D}[ -T]{_T}{_F}{_Z}", "2024/03/05 14:02:03 [error] 7#7: up", "2024-03-05T14:02:03"),
    _layout("compact ISO", rf"^[\[<(]?{_Y}{_M}{_D}[T -](?P<H>[01]\d|2[0-3]):?(?P<M>[0-5]\d):?(?P<S>[0-5]\d){_F}{_Z}", "20240305T140203Z up", "2024-03-05T14:02:03+00:00"),
    _layout("web access", rf"\[{_D}/{_B}/{_Y}:{_T}{_Z}\]", '10.0.0.1 - - [05/Mar/2024:14:02:03 +0100] "GET / HTTP/1.1" 200 12', "2024-03-05T14:02:03+01:00"),
    _layout("Apache error", rf"^\[[A-Z][a-z]{{2}} {_B} {_DAY} {_T}{_F} {_Y}\]", "[Tue Mar 05 14:02:03.123456 2024] [core:error] up", "2024-03-05T14:02:03.123456"),
    _layout("ctime", rf"^\[?[A-Z][a-z]{{2}},? {_B} {_DAY} {_T} (?:(?P<z>[A-Z]{{3,4}}|[+-]\d{{4}}) )?{_Y}", "Tue Mar  5 14:02:03 2024 up", "2024-03-05T14:02:03"),
    _layout("RFC 2822", rf"^\[?[A-Z][a-z]{{2}}, {_DAY} {_B} {_Y} {_T}{_Z}", "Tue, 05 Mar 2024 14:02:03 +0000 up", "2024-03-05T14:02:03+00:00"),
    _layout("day month year", rf"^\[?{_D}[- ]{_B}[- ]{_Y} {_T}{_F}{_Z}", "05-Mar-2024 14:02:03.123 INFO [main] up", "2024-03-05T14:02:03.123"),
    _layout("month day year", rf"^\[?{_B} {_DAY},? {_Y},? {_T}{_F}(?P<p> [AP]M)?{_Z}", "Mar 05, 2024 14:02:03 com.example.Main run", "2024-03-05T14:02:03"),
    _layout("java.util.logging", rf"^{_B} {_DAY}, {_Y},? (?P<H>1?\d):(?P<M>[0-5]\d):(?P<S>[0-5]\d) (?P<p>[AP]M)", "Mar 5, 2024 2:02:03 PM com.example.Main run", "2024-03-05T14:02:03"),
    _layout("day/month/year", rf"^\[?{_D}[./]{_M}[./]{_Y},? {_T}{_F}{_Z}", "05.03.2024 14:02:03 up", "2024-03-05T14:02:03"),
    _layout("syslog with priority", rf"^<\d{{1,3}}>1 {_DATE}T{_T}{_F}{_Z}", "<34>1 2024-03-05T14:02:03.5Z host app 7 - - up", "2024-03-05T14:02:03.500+00:00"),
    _layout("syslog", rf"^(?:<\d{{1,3}}>)?{_B} {_DAY} {_T}{_F}(?= )", "Mar  5 14:02:03 host app[7]: up", "2024-03-05T14:02:03"),
    _layout("klog", rf"^[IWEF]{_M}{_D} {_T}{_F}\s+\d+ ", "I0305 14:02:03.123456       1 main.go:7] up", "2024-03-05T14:02:03.123456"),
    _layout("Android", rf"^{_M}-{_D} {_T}{_F}\s", "03-05 14:02:03.123  100  200 I Tag: up", "2024-03-05T14:02:03.123"),
    _layout("Spark", rf"^(?P<y>\d\d)/{_M}/{_D} {_T}\s", "24/03/05 14:02:03 INFO Executor: up", "2024-03-05T14:02:03"),
    _layout("HDFS", rf"^(?P<y>\d\d){_M}{_D} (?P<H>[01]\d|2[0-3])(?P<M>[0-5]\d)(?P<S>[0-5]\d) \d+ ", "240305 140203 148 INFO dfs.DataNode: up", "2024-03-05T14:02:03"),
    _layout("epoch milliseconds", r"^\[?(?P<ms>1\d{12})\b", "1709647323123 up", "2024-03-05T14:02:03.123+00:00"),
    _layout("epoch seconds", r"^\[?(?P<s>1\d{9}(?:\.\d{1,9})?)\b", "1709647323.500 up", "2024-03-05T14:02:03.500+00:00"),
    _layout("audit", r"\baudit\((?P<s>1\d{9}\.\d{3}):\d+\)", "type=SYSCALL msg=audit(1709647323.500:42): up", "2024-03-05T14:02:03.500+00:00"),
    _layout("ISO, further in", rf"{_FOUND}{_DATE}[T ]{_T}{_F}{_Z}", "INFO  [main] 2024-03-05 14:02:03,123 up", "2024-03-05T14:02:03.123"),
    _layout("web-server date, further in", rf"{_FOUND}{_Y}/{_M}/{_D} {_T}{_F}{_Z}", "app: 2024/03/05 14:02:03 up", "2024-03-05T14:02:03"),
    _layout("syslog, further in", rf"{_FOUND}{_B} {_DAY} {_T}{_F}(?= )", "web-1 | Mar  5 14:02:03 host app[7]: up", "2024-03-05T14:02:03"),
)  # fmt: skip


def detect(lines: Sequence[str]) -> Layout | None:
    """The layout most of `lines` are written in; None when fewer than one in twenty has any."""
    sample = [line for line in lines if line.strip()][:400]
    counts = [(sum(1 for line in sample if layout.read(line)), layout) for layout in LAYOUTS]
    best = max((count for count, _ in counts), default=0)
    if best == 0 or best * 20 < len(sample):
        return None
    return next(layout for count, layout in counts if count >= best * 0.95)


def aware(moment: datetime, zone: timezone = UTC) -> datetime:
    """`moment` with a zone: its own, or `zone` where it names none."""
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


def _moment(parts: dict[str, str | None], reference: datetime | None) -> datetime:
    if stamp := parts.get("ms"):
        return datetime.fromtimestamp(int(stamp) / 1000, UTC)
    if stamp := parts.get("s"):
        return datetime.fromtimestamp(float(stamp), UTC)
    hour = int(parts["H"] or 0)
    if half := (parts.get("p") or "").strip():
        hour = hour % 12 + (12 if half == "PM" else 0)
    month = int(parts["m"] or 0) if parts.get("m") else MONTHS[(parts.get("b") or "").lower()]
    moment = datetime(  # noqa: DTZ001 -- no zone is known yet
        _year(parts, reference),
        month,
        int((parts["d"] or "").strip()),
        hour,
        int(parts["M"] or 0),
        min(int(parts["S"] or 0), 59),
        int(((parts.get("f") or "") + "000000")[:6]),
    )
    if not parts.get("Y") and not parts.get("y"):
        moment = _past(moment, reference)
    zone = _zone(parts.get("z"))
    return moment.replace(tzinfo=zone) if zone else moment


def _year(parts: dict[str, str | None], reference: datetime | None) -> int:
    if year := parts.get("Y"):
        return int(year)
    if short := parts.get("y"):
        return 2000 + int(short)
    return (reference or datetime.now(UTC)).year


def _past(moment: datetime, reference: datetime | None) -> datetime:
    """A log without years was not written in the future: a December line read in January is last year's."""
    limit = (reference or datetime.now(UTC)).replace(tzinfo=None) + timedelta(days=2)
    return moment.replace(year=moment.year - 1) if moment > limit else moment


def _zone(name: str | None) -> timezone | None:
    if not name:
        return None
    if name[0] in "+-":
        digits = name[1:].replace(":", "").ljust(4, "0")
        minutes = int(digits[:2]) * 60 + int(digits[2:4])
        return timezone(timedelta(minutes=minutes if name[0] == "+" else -minutes))
    return timezone(timedelta(minutes=ZONES[name])) if name in ZONES else None
