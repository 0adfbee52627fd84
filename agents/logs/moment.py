"""When did the incident happen, as far as the report says? Dates and times in free text, and how sure they are."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone

from agents.logs.clock import MONTHS, ZONES
from agents.report import Report

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_PARTS = {
    "morning": (6, 12), "noon": (12, 13), "midday": (12, 13), "lunch": (11, 14), "afternoon": (12, 18),
    "evening": (17, 23), "tonight": (18, 24), "night": (20, 30), "midnight": (0, 1),
}  # fmt: skip

_ZONE = r"(?:\s*(?P<zone>Z|UTC|GMT|CES?T|[ECMP][SD]T|BST|JST|MSK|IST|[+-]\d\d:?\d\d)\b)?"
_CLOCK = rf"(?P<H>[01]?\d|2[0-3])(?::(?P<M>[0-5]\d)(?::(?P<S>[0-5]\d))?(?:[.,]\d+)?)?\s*(?P<half>[ap]\.?m\.?)?{_ZONE}"
_MONTH = r"(?P<month>jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
_AT = r"(?:,?\s+(?:at|around|about|from|since|near|ca\.?|~|@|T|between)*\s*(?:about|around|~|ca\.?)?\s*|T|,\s*| - )"

_DATES = (
    re.compile(r"\b(?P<Y>20\d\d)[-/.](?P<m>0?[1-9]|1[0-2])[-/.](?P<d>0?[1-9]|[12]\d|3[01])\b"),
    re.compile(rf"\b(?P<d>0?[1-9]|[12]\d|3[01])(?:st|nd|rd|th)?(?: of)?[ -]{_MONTH}(?:,?[ -](?P<Y>20\d\d))?\b", re.I),
    re.compile(rf"\b{_MONTH} (?P<d>0?[1-9]|[12]\d|3[01])(?:st|nd|rd|th)?\b(?:,? (?P<Y>20\d\d))?", re.I),
    re.compile(r"\b(?P<d>0?[1-9]|[12]\d|3[01])\.(?P<m>0?[1-9]|1[0-2])\.(?P<Y>20\d\d)\b"),
)
_RELATIVE = re.compile(
    r"\b(?:(?P<word>today|yesterday|this (?:morning|afternoon|evening)|last night|tonight|the day before yesterday)"
    r"|(?:on |last |this )?(?P<weekday>monday|tuesday|wednesday|thursday|friday|saturday|"
    r"sunday)(?: (?:night|morning|afternoon|evening))?)\b",
    re.I,
)
_AGO = re.compile(
    r"\b(?P<n>\d{1,3}|an?|a few|one|two|three|half an) (?P<unit>minute|min|hour|hr|h|day|week)s? ago\b", re.I
)
_TIME = re.compile(
    rf"(?<![\d.:/-])(?:(?:at|around|about|from|since|near|ca\.?|~|@|between|"
    rf"approx\w*\.?)\s+)?(?:about |around |~)?(?:{_CLOCK})(?![\d:/]|\.\d|%)",
    re.I,
)
_PART = re.compile(r"\b(?P<part>morning|noon|midday|lunch|afternoon|evening|tonight|night|midnight)\b", re.I)
_NEAR = 60  # characters between a date and its time
_WORDS = {"a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "a few": 3, "half an": 1}
_EVENT = re.compile(
    r"\b(?:crash|fail|error|happen|broke|stop|down|hang|hung|incident|outage|occur|start|restart|"
    r"wrong|exception|lost|miss|bill|timeout|500)\w*",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Moment:
    """The incident as an interval; both ends are naive when no zone is known (`zoned` is False)."""

    start: datetime
    end: datetime
    how: str
    quote: str = ""

    @property
    def zoned(self) -> bool:
        return self.start.tzinfo is not None


def find(report: Report, prose: str) -> Moment | None:
    """The most telling moment: the time the report was filed under, else one its `prose` names."""
    told = _in_text(prose[:200_000], report.created_at)
    if report.happened_at is None:
        return told
    at = report.happened_at
    zone_hint = told.start.tzinfo if told and told.zoned else None
    at = at if at.tzinfo else at.replace(tzinfo=zone_hint)
    return Moment(at, at, "the time the report was filed under", at.isoformat(sep=" ", timespec="minutes"))


def _in_text(text: str, created: datetime | None) -> Moment | None:
    """The first date or relative day near a word of failure; else the first at all."""
    every = (
        _dated(text, created),
        _relative(text, created) if created else [],
        [*_ago(text, created), *_bare_times(text, created)] if created else [],
    )
    for found in every:
        past = [one for one in found if created is None or _naive(one[1].start) <= _naive(created) + timedelta(days=1)]
        if past:
            return min(past, key=lambda one: (not _eventful(text, one[0]), one[1].end - one[1].start, one[0]))[1]
    return None


def _naive(at: datetime) -> datetime:
    return at.replace(tzinfo=None)


def _eventful(text: str, at: int) -> bool:
    return _EVENT.search(text, max(0, at - 160), min(len(text), at + 160)) is not None


def _dated(text: str, created: datetime | None) -> list[tuple[int, Moment]]:
    return [
        (match.start(), _on(day, text, match.start(), match.end()))
        for pattern in _DATES
        for match in pattern.finditer(text)
        if (day := _day(match, created))
    ]


def _day(match: re.Match[str], created: datetime | None) -> date | None:
    parts = match.groupdict()
    month = MONTHS[parts["month"].lower()] if parts.get("month") else int(parts["m"])
    year = int(parts["Y"]) if parts["Y"] else (created.year if created else 0)
    try:
        day = date(year, month, int(parts["d"]))
    except ValueError:
        return None
    future = created is not None and not parts["Y"] and day > created.date() + timedelta(days=1)
    return day.replace(year=year - 1) if future else day


def _relative(text: str, created: datetime) -> list[tuple[int, Moment]]:
    return [
        (match.start(), _on(_named_day(match, created), text, match.start(), match.end(), match[0]))
        for match in _RELATIVE.finditer(text)
    ]


def _named_day(match: re.Match[str], created: datetime) -> date:
    today = created.date()
    if weekday := match["weekday"]:
        back = (today.weekday() - WEEKDAYS.index(weekday.lower())) % 7
        return today - timedelta(days=back)
    word = match["word"].lower()
    if word == "the day before yesterday":
        return today - timedelta(days=2)
    return today - timedelta(days=1) if word in ("yesterday", "last night") else today


def _on(day: date, text: str, start: int, end: int, words: str = "") -> Moment:
    """The moment on `day`, made finer by a clock time or a part of the day written close by."""
    line_start, line_end = text.rfind("\n\n", 0, start) + 1, text.find("\n\n", end)
    after = text[end : min(end + _NEAR, line_end if line_end >= 0 else len(text))]
    before = text[max(start - _NEAR, line_start, 0) : start]
    quote = text[max(start - 40, line_start, 0) : end + 40].strip().replace("\n", " ")
    for part in (after, before):
        times = [match for match in _TIME.finditer(part) if _is_clock(match)]
        if times:
            return _clocked(day, times[0] if part is after else times[-1], quote)
    if part_of_day := _PART.search(words) or _PART.search(after[:20]) or _PART.search(before[-20:]):
        first, last = _PARTS[part_of_day["part"].lower()]
        midnight = datetime.combine(day, time())
        return Moment(midnight + timedelta(hours=first), midnight + timedelta(hours=last), "the report's words", quote)
    midnight = datetime.combine(day, time())
    return Moment(midnight, midnight + timedelta(days=1), "the report's words (only the day)", quote)


def _is_clock(match: re.Match[str]) -> bool:
    """A bare number is a time of day only with minutes or am/pm."""
    return bool(match["M"] or match["half"])


def _clocked(day: date, match: re.Match[str], quote: str) -> Moment:
    hour, minute = int(match["H"]), int(match["M"] or 0)
    if match["half"]:
        hour = hour % 12 + (12 if match["half"].lower().startswith("p") else 0)
    at = datetime.combine(day, time(hour, minute, int(match["S"] or 0)))
    if zone := _zone(match["zone"]):
        at = at.replace(tzinfo=zone)
    if not match["M"]:
        return Moment(at - timedelta(minutes=30), at + timedelta(minutes=30), "the report's words", quote)
    return Moment(at, at + timedelta(minutes=0 if match["S"] else 1), "the report's words", quote)


def _zone(name: str | None) -> timezone | None:
    if not name:
        return None
    if name[0] in "+-":
        digits = name[1:].replace(":", "")
        minutes = int(digits[:2]) * 60 + int(digits[2:])
        return timezone(timedelta(minutes=minutes if name[0] == "+" else -minutes))
    return timezone(timedelta(minutes=ZONES[name.upper()])) if name.upper() in ZONES else None


def _ago(text: str, created: datetime) -> list[tuple[int, Moment]]:
    units = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
    found = []
    for match in _AGO.finditer(text):
        unit = units[match["unit"][0].lower()]
        amount = _WORDS.get(match["n"].lower()) or int(match["n"])
        at = created - amount * unit
        found.append((match.start(), Moment(at - unit / 2, at + unit / 2, "the report's words", match[0])))
    return found


def _bare_times(text: str, created: datetime) -> list[tuple[int, Moment]]:
    """A time alone ("crashed at 14:02") is of the last day on which it was already past when the
    report was written."""
    found = []
    for match in _TIME.finditer(text):
        if not _is_clock(match) or not _eventful(text, match.start()):
            continue
        moment = _clocked(created.date(), match, text[max(0, match.start() - 40) : match.end() + 20].strip())
        day = timedelta(days=1 if _naive(moment.start) > _naive(created.astimezone(UTC)) else 0)
        found.append((match.start(), Moment(moment.start - day, moment.end - day, moment.how, moment.quote)))
    return found
