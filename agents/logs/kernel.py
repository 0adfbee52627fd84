"""The one pass over the logs: what kinds of line there are, how often, when, and which stack traces they hold."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from agents.logs import templates, traces
from agents.logs.clock import Layout, aware, detect
from agents.logs.read import Member
from agents.report import Trace

MAX_LINE = 1 << 20  # a line longer than this is cut
MAX_CACHE = 100_000  # shapes of line remembered; what exceeds it is masked again
MAX_KEYS = 20_000  # beyond, keys are coarse
MAX_TRACES = 1000
TRACE_BYTES = 16 << 10
EDGE_LINES = 200
_SHAPE = bytes.maketrans(b"123456789", b"000000000")
_WITH_DIGIT = re.compile(rb"[^\s=:,;\[\](){}\"'|<>/0]*+0[^\s=:,;\[\](){}\"'|<>/]*+")
_MARKERS = (b"Traceback (most recent call last)", b"\n\tat ", b"\n    at ", b"goroutine ")


@dataclass(slots=True)
class Entry:
    """A kind of line. `line` is the 1-based line of its first example in `source`; `continued` when that example has
    no time of its own in a file where lines have one: it belongs to the record above it."""

    pattern: str
    level: str
    example: str
    source: str
    line: int
    continued: bool = False
    count: int = 0
    in_window: int = 0


@dataclass(slots=True)
class Found:
    """A stack trace, how often it was seen, and where first; `at` is the time of the line above it."""

    trace: Trace
    source: str
    line: int
    at: datetime | None
    count: int = 1
    in_window: int = 0


@dataclass(slots=True)
class FileFacts:
    """What one log file covers. Times are as written: naive where the file names no zone.

    `before` and `after` are the stamps next to the incident, one on each side.
    """

    name: str
    lines: int = 0
    size: int = 0
    first: datetime | None = None
    last: datetime | None = None
    before: datetime | None = None
    after: datetime | None = None
    layout: Layout | None = None
    head: tuple[str, ...] = ()
    tail: tuple[str, ...] = ()
    cut: str = ""
    suppressed: int = 0


@dataclass
class Table:
    """Everything the pass learns. `window` is the incident's neighbourhood, `reference` when the report was written."""

    window: tuple[datetime, datetime] | None = None
    reference: datetime | None = None
    entries: dict[str, Entry] = field(default_factory=dict)
    traces: dict[str, Found] = field(default_factory=dict)
    files: list[FileFacts] = field(default_factory=list)
    _shapes: dict[bytes, Entry] = field(default_factory=dict)
    _rough: dict[bytes, Entry] = field(default_factory=dict)

    def scan(self, member: Member, progress: Callable[[int], None] = lambda size: None) -> FileFacts:
        """Read one file to its end, in bounded memory."""
        facts = FileFacts(member.name)
        self.files.append(facts)
        for block in _whole_lines(member.blocks()):
            self._take(facts, block)
            progress(len(block))
        facts.size, facts.cut = member.size, member.cut
        return facts

    def _take(self, facts: FileFacts, block: bytes) -> None:
        lines = block.split(b"\n")
        if not lines[-1]:
            lines.pop()
        if not facts.lines:
            facts.head = tuple(_text(line) for line in lines[:EDGE_LINES])
            facts.layout = detect(facts.head)
        facts.tail = (*facts.tail, *(_text(line) for line in lines[-EDGE_LINES:]))[-EDGE_LINES:]
        span = self._note_times(facts, lines)
        self._count(facts, block, lines)
        near = self._near(span)
        if near:
            self._count_window(facts, lines)
        self._find_traces(facts, block, lines)
        facts.lines += len(lines)

    def _count(self, facts: FileFacts, block: bytes, lines: Sequence[bytes]) -> None:
        shapes = block.translate(_SHAPE).split(b"\n")
        counts = Counter(shapes)
        counts.pop(b"", None)
        unknown = [shape for shape in counts if shape not in self._shapes]
        where = dict(zip(reversed(shapes), range(len(shapes) - 1, -1, -1), strict=True)) if unknown else {}
        for shape in unknown:
            self._learn(facts, shape, lines[where[shape]], where[shape])
        for shape, count in counts.items():
            self._shapes[shape].count += count
        if len(self._shapes) > MAX_CACHE:
            self._shapes.clear()

    def _learn(self, facts: FileFacts, shape: bytes, line: bytes, at: int) -> None:
        """Find the kind of a line whose shape is new; most are known once their tokens with digits are cut."""
        rough = _WITH_DIGIT.sub(b"0", shape[: templates.MAX_LINE])
        entry = self._rough.get(rough)
        if entry is None:
            entry = self._rough[rough] = self._entry(facts, _text(line), at)
            if len(self._rough) > MAX_CACHE:
                self._rough.clear()
        self._shapes[shape] = entry

    def _entry(self, facts: FileFacts, text: str, at: int) -> Entry:
        key = templates.mask(text)
        if key not in self.entries and len(self.entries) >= MAX_KEYS:
            key = f"{' '.join(key.split()[:4])} ... ({len(key) // 20 * 20} characters)"
        entry = self.entries.get(key)
        if entry is None:
            continued = facts.layout is not None and facts.layout.read(text, self.reference) is None
            place = facts.lines + at + 1
            entry = Entry(key, templates.level(text), text[:500], facts.name, place, continued=continued)
            self.entries[key] = entry
        return entry

    # --- time --------------------------------------------------------------------------------------------------------

    def _note_times(self, facts: FileFacts, lines: Sequence[bytes]) -> tuple[datetime, datetime] | None:
        if facts.layout is None:
            return None
        first = next(self._stamps(facts, lines[:EDGE_LINES]), None)
        last = next(self._stamps(facts, lines[: -EDGE_LINES - 1 : -1]), None)
        if first is None or last is None:
            return None
        facts.first = facts.first or first
        facts.last = last
        self._note_neighbours(facts, lines, first, last)
        return first, last

    def _note_neighbours(self, facts: FileFacts, lines: Sequence[bytes], first: datetime, last: datetime) -> None:
        incident = self._incident()
        if incident is None:
            return
        inside = _utc(first) <= incident < _utc(last)
        for stamp in self._stamps(facts, lines) if inside else (first, last):
            if _utc(stamp) <= incident:
                facts.before = stamp
            elif facts.after is None:
                facts.after = stamp

    def _incident(self) -> datetime | None:
        return self.window[0] + (self.window[1] - self.window[0]) * 5 / 7 if self.window else None

    def _stamps(self, facts: FileFacts, lines: Sequence[bytes]) -> Iterator[datetime]:
        assert facts.layout is not None
        for line in lines:
            stamp = facts.layout.read(_text(line), self.reference)
            if stamp:
                yield stamp

    def _near(self, span: tuple[datetime, datetime] | None) -> bool:
        return bool(span and self.window and _utc(span[0]) <= self.window[1] and _utc(span[1]) >= self.window[0])

    def _count_window(self, facts: FileFacts, lines: Sequence[bytes]) -> None:
        assert facts.layout is not None
        assert self.window is not None
        inside = False
        for line in lines:
            if stamp := facts.layout.read(_text(line), self.reference):
                inside = self.window[0] <= _utc(stamp) <= self.window[1]
            if inside and (entry := self._shapes.get(line.translate(_SHAPE))):
                entry.in_window += 1

    # --- traces ------------------------------------------------------------------------------------------------------

    def _find_traces(self, facts: FileFacts, block: bytes, lines: Sequence[bytes]) -> None:
        if len(self.traces) >= MAX_TRACES or not any(marker in block for marker in _MARKERS):
            return
        for start, end in _regions(lines):
            text = "\n".join(_text(line) for line in lines[start:end])
            for trace in traces.parse(text):
                self._add_trace(facts, trace, lines, start)

    def _add_trace(self, facts: FileFacts, trace: Trace, lines: Sequence[bytes], start: int) -> None:
        at = start + trace.line - 1
        above = lines[max(0, at - 3) : at + 1]
        stamp = next(self._stamps(facts, above[::-1]), None) if facts.layout else None
        within = bool(stamp and self.window and self.window[0] <= _utc(stamp) <= self.window[1])
        known = self.traces.get(key := traces.fingerprint(trace))
        if known is None:
            known = self.traces[key] = Found(trace, facts.name, facts.lines + at + 1, stamp, count=0)
        known.count += 1
        known.in_window += within


def _utc(moment: datetime) -> datetime:
    return aware(moment, UTC)


def window_around(start: datetime, end: datetime) -> tuple[datetime, datetime]:
    """Five minutes before the incident to two after it."""
    return _utc(start) - timedelta(minutes=5), _utc(end) + timedelta(minutes=2)


def _text(line: bytes) -> str:
    return line[: 4 * templates.MAX_LINE].decode("utf-8", "replace").rstrip("\r")


def _whole_lines(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Blocks that end at a line end; what is left of an overlong line is dropped."""
    carry = b""
    for block in blocks:
        if b"\r" in block:
            block = block.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        cut = block.rfind(b"\n") + 1
        if not cut:
            carry = (carry + block)[:MAX_LINE]
            continue
        yield carry + block[:cut]
        carry = block[cut:]
    if carry:
        yield carry


def _regions(lines: Sequence[bytes]) -> Iterator[tuple[int, int]]:
    """Runs of lines that hold a trace: from just above its first marker to well below, not overlapping."""
    end = 0
    for at, line in enumerate(lines):
        if at < end or not _marks(line):
            continue
        start = max(end, at - 3)
        end = _region_end(lines, at)
        yield start, end


def _marks(line: bytes) -> bool:
    return b"Traceback (most recent call last)" in line or line.startswith((b"\tat ", b"    at ", b"goroutine "))


def _region_end(lines: Sequence[bytes], at: int) -> int:
    size, end = 0, at
    while end < len(lines) and size < TRACE_BYTES:
        size += len(lines[end]) + 1
        end += 1
    return end
