"""Do the logs cover the moment of the incident, or did they roll over, stop before it, or start after it?"""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from agents.logs.clock import aware
from agents.logs.kernel import FileFacts
from agents.logs.moment import Moment
from agents.logs.read import Skipped
from agents.results import Coverage, LogSpan

Verdict = Literal["covered", "rolled_over", "stopped_before", "after_restart", "gap", "unknown", "no_logs"]

SLACK = timedelta(seconds=60)
RESTART_WITHIN = timedelta(minutes=5)
SILENCE = timedelta(minutes=5)
FEW_LINES = 20

_ORDER: tuple[Verdict, ...] = (
    "covered", "gap", "after_restart", "unknown", "rolled_over", "stopped_before", "no_logs",
)  # fmt: skip
_ROTATED = re.compile(
    r"(?:[.-](?P<number>\d{1,3})|[.-]\d{4}-?\d\d-?\d\d(?:[-T.]?\d{2,6})?|\.old|\.prev(?:ious)?)(?=$|\.log$|\.txt$)",
    re.I,
)
_BANNER = re.compile(
    r"(?i)\b(?:start(?:ing|ed|up)?|boot(?:ing|ed)?|booting|initiali[sz](?:ing|ed)|listening on|"
    r"launch(?:ing|ed)|loaded config\w*|"
    r"loading config\w*|server running|welcome to|linux version|version \d+\.\d+|opened log|"
    r"log opened|running on http|begin(?:ning)?)\b"
)
_LIMITS = tuple(
    unit * size
    for unit in (1 << 20, 1_000_000)
    for size in (1, 2, 5, 10, 16, 20, 25, 32, 50, 64, 100, 128, 200, 256, 500, 512, 1000, 1024)
)


@dataclass(frozen=True, slots=True)
class _Stream:
    """The files of one log, rotated ones included, oldest first."""

    name: str
    files: tuple[FileFacts, ...]

    @property
    def oldest(self) -> FileFacts:
        return self.files[0]

    @property
    def newest(self) -> FileFacts:
        return self.files[-1]


@dataclass(frozen=True, slots=True)
class _Span:
    """What a stream covers, in one zone with the incident; `assumed` says which zone was taken for granted."""

    first: datetime
    last: datetime
    start: datetime
    end: datetime
    assumed: str


def judge(
    moment: Moment | None,
    files: Sequence[FileFacts],
    skipped: Sequence[Skipped] = (),
    *,
    uploaded_at: datetime | None = None,
    symptom_seen: str = "",
) -> Coverage:
    """Compare what the files cover with the incident. `symptom_seen` names the place where the reported error stands
    in the logs, which outweighs every clock."""
    spans = tuple(_log_span(facts, moment) for facts in files)
    if not files:
        why = f" ({skipped[0].name}: {skipped[0].reason})" if skipped else ""
        return Coverage(verdict="no_logs", detail=f"There are no logs to read{why}.")
    verdict, detail = _verdict(moment, files, uploaded_at, symptom_seen)
    return Coverage(
        verdict=verdict,
        detail=detail,
        incident_at=aware(moment.start) if moment else None,
        incident_how=moment.how if moment else "unknown",
        spans=spans,
    )


def _verdict(
    moment: Moment | None, files: Sequence[FileFacts], uploaded_at: datetime | None, seen: str
) -> tuple[Verdict, str]:
    if seen:
        return "covered", f"The reported error itself stands in the logs ({seen})."
    if moment is None:
        return "unknown", "The report does not say when it happened, so nobody can tell whether the logs cover it."
    streams = _streams([facts for facts in files if facts.first and facts.last])
    if not streams:
        return "unknown", "No time stamp could be read in the logs, so their order is all they tell."
    verdicts = [_judge_stream(stream, moment, uploaded_at) for stream in streams]
    return min(verdicts, key=lambda one: _ORDER.index(one[0]))


def _streams(files: Sequence[FileFacts]) -> list[_Stream]:
    """Files of one base name are one log that was rotated; each stream oldest first."""
    grouped: dict[str, list[FileFacts]] = defaultdict(list)
    for facts in files:
        grouped[base_name(facts.name)].append(facts)
    return [_Stream(name, tuple(sorted(found, key=_first))) for name, found in grouped.items()]


def base_name(name: str) -> str:
    """The name of a log without what rotation adds to it: `app.log.2.gz` and `app-20240305.log` are `app.log`."""
    plain = re.sub(r"\.(?:gz|xz|bz2|zst)$", "", name)
    return _ROTATED.sub("", plain)


def _first(facts: FileFacts) -> datetime:
    return aware(facts.first) if facts.first else datetime.max.replace(tzinfo=UTC)


def _judge_stream(stream: _Stream, moment: Moment, uploaded_at: datetime | None) -> tuple[Verdict, str]:
    span = _span(stream, moment)
    if span.first <= span.start and span.last >= span.end - SLACK:
        return _inside(stream, span)
    if span.last < span.start - SLACK:
        return "stopped_before", _stopped_detail(stream, span)
    if span.first > span.end + SLACK:
        return _starts_late(stream, span, uploaded_at)
    if span.end - span.start > timedelta(hours=1):
        return (
            "unknown",
            f"{stream.name} covers part of the time the report speaks of ({_interval(span)}).{span.assumed}",
        )
    return "covered", f"{stream.name} covers the incident at {_at(span.start)}, at its very edge.{span.assumed}"


def _span(stream: _Stream, moment: Moment) -> _Span:
    """Bring both sides into one zone. A side that names none is read in the other's; with none, both are."""
    first, last = stream.oldest.first, stream.newest.last
    assert first is not None
    assert last is not None
    log_zone, told_zone = first.tzinfo, moment.start.tzinfo
    assumed = ""
    if told_zone and not log_zone:
        assumed = f" This takes the times in {stream.name}, which name no zone, as {told_zone.tzname(None)}."
    elif log_zone and not told_zone:
        assumed = f" This takes the report's time as {log_zone.tzname(None)}, the zone of the log."
    zone = log_zone or told_zone or UTC
    times = [at if at.tzinfo else at.replace(tzinfo=zone) for at in (first, last, moment.start, moment.end)]
    return _Span(times[0], times[1], times[2], times[3], assumed)


def _inside(stream: _Stream, span: _Span) -> tuple[Verdict, str]:
    """Between first and last line: covered, unless the incident falls into a hole."""
    for older, newer in zip(stream.files, stream.files[1:], strict=False):
        hole = _hole(older.last, newer.first, stream, span)
        if hole:
            return "gap", f"Hours are lost between {older.name} and {newer.name}: {hole}{span.assumed}"
    for facts in stream.files:
        if hole := _hole(facts.before, facts.after, stream, span):
            return (
                "gap",
                f"{facts.name} is silent around the incident: {hole} That may be the hang itself.{span.assumed}",
            )
    runs = f"{stream.name} runs from {_at(span.first)} to {_at(span.last)}"
    return "covered", f"{runs}; the incident was {_at(span.start)}.{span.assumed}"


def _hole(before: datetime | None, after: datetime | None, stream: _Stream, span: _Span) -> str:
    """Words for a gap that holds the incident and is far longer than this log's usual pause; ""
    when there is none."""
    if before is None or after is None:
        return ""
    zone = span.start.tzinfo if before.tzinfo is None else before.tzinfo
    start, end = before.replace(tzinfo=zone), after.replace(tzinfo=zone)
    lines = sum(facts.lines for facts in stream.files)
    usual = (span.last - span.first) / max(1, lines)
    holds = start < span.end and end > span.start
    if not holds or end - start <= max(SILENCE, 50 * usual):
        return ""
    return f"nothing is logged from {_at(start)} to {_at(end)} ({spoken(end - start)})."


def _starts_late(stream: _Stream, span: _Span, uploaded_at: datetime | None) -> tuple[Verdict, str]:
    oldest = stream.oldest
    late = spoken(span.first - span.start)
    early = f"{oldest.name} starts {_at(span.first)}, the incident was {_at(span.start)} ({late} earlier)."
    banner = any(_BANNER.search(line) for line in oldest.head[:FEW_LINES])
    if banner and span.first - span.end <= RESTART_WITHIN and len(stream.files) == 1:
        ask = (
            f"It begins with a restart: send the log from before it ({_older_name(oldest.name)}, or `logs --previous`)."
        )
        return "after_restart", f"{early} {ask}{span.assumed}"
    if uploaded_at and span.assumed and span.last > aware(uploaded_at) + SLACK:
        return (
            "unknown",
            f"{early} But its last line would lie after the upload, so the zone is not {span.first.tzname()}.",
        )
    sign = _rotation_sign(stream, banner=banner)
    if not sign:
        return "unknown", f"{early} Nothing shows whether an older log exists; if it does, send it.{span.assumed}"
    ask = f"Send {_older_name(oldest.name)} or raise the retention."
    return "rolled_over", f"{early} It rolled over: {sign}. {ask}{span.assumed}"


def _rotation_sign(stream: _Stream, *, banner: bool) -> str:
    """What shows that older lines existed: rotated neighbours, a size at a limit, a head that
    begins in the middle."""
    oldest = stream.oldest
    if banner:
        return ""
    if any(base_name(facts.name) != facts.name for facts in stream.files):
        return (
            f"{oldest.name} is the oldest of {len(stream.files)} rotated files"
            if len(stream.files) > 1
            else f"{oldest.name} is a rotated file"
        )
    if any(abs(oldest.size - limit) <= limit * 0.02 for limit in _LIMITS):
        return f"its size, {oldest.size:,} bytes, is that of a full log"
    if oldest.layout and oldest.head and oldest.layout.read(oldest.head[0]) is None:
        return "its first line is the rest of an older record"
    return "it begins in the middle of the work, with no start-up line" if oldest.lines >= FEW_LINES else ""


def _older_name(name: str) -> str:
    plain = re.sub(r"\.(?:gz|xz|bz2|zst)$", "", name)
    numbered = re.search(r"^(.*)\.(\d{1,3})$", plain)
    return f"{numbered[1]}.{int(numbered[2]) + 1}" if numbered else f"{base_name(plain)}.1"


def _stopped_detail(stream: _Stream, span: _Span) -> str:
    newest = stream.newest
    ended = spoken(span.start - span.last)
    crash = next(
        (
            line
            for line in reversed(newest.tail[-5:])
            if re.search(r"(?i)\b(?:fatal|panic|killed|segfault|core dumped)\b", line)
        ),
        "",
    )
    hint = " Its last lines are of a crash, which may be the incident." if crash else " Send the file that follows it."
    return f"{newest.name} ends {_at(span.last)}, {ended} before the incident at {_at(span.start)}.{hint}{span.assumed}"


def _log_span(facts: FileFacts, moment: Moment | None) -> LogSpan:
    covers = None
    if moment and facts.first and facts.last:
        span = _span(_Stream(facts.name, (facts,)), moment)
        covers = span.first <= span.start and span.last >= span.end - SLACK
    notes = [
        facts.cut,
        "" if facts.first else "no time stamps",
        f"{facts.suppressed} lines suppressed" if facts.suppressed else "",
    ]
    return LogSpan(
        name=facts.name,
        first=aware(facts.first) if facts.first else None,
        last=aware(facts.last) if facts.last else None,
        lines=facts.lines,
        size=facts.size,
        covers=covers,
        note="; ".join(note for note in notes if note),
    )


def spoken(length: timedelta) -> str:
    """A length of time in its two largest units: "1 h 8 min"."""
    seconds = int(abs(length).total_seconds())
    units = (("d", seconds // 86400), ("h", seconds // 3600 % 24), ("min", seconds // 60 % 60), ("s", seconds % 60))
    said = [f"{amount} {unit}" for unit, amount in units if amount]
    return " ".join(said[:2]) or "0 s"


def _at(moment: datetime) -> str:
    zone = moment.tzname() or ""
    return f"{moment:%Y-%m-%d %H:%M} {zone}".strip()


def _interval(span: _Span) -> str:
    return f"{_at(span.start)} to {_at(span.end)}"
