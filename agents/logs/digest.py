"""The logs on a page: what is rare, new or failing around the incident, within a budget of tokens."""

import math
from collections.abc import Iterable, Sequence

from agents.logs.kernel import Entry, FileFacts, Found, Table
from agents.logs.read import Skipped
from agents.logs.redact import redact
from agents.logs.templates import SEVERITY, merge
from agents.report import Trace
from agents.results import Coverage, Digest, LogTemplate

BUDGET = 4000
TRACE_SHARE = 0.5
MAX_FRAMES = 8
MAX_KEPT = 200  # templates kept for the page


def compose(table: Table, coverage: Coverage, skipped: Sequence[Skipped], budget: int = BUDGET) -> Digest:
    """Header, stack traces, what happened in the window, rare errors, and the bulk, each while the budget lasts."""
    templates = _templates(table)
    sections = (
        ("", _header(table, coverage, skipped), 1.0),
        ("Stack traces", _traces(table), TRACE_SHARE),
        ("Around the incident", _around(templates), 0.6),
        ("Errors and warnings, rarest first", _severe(templates), 0.7),
        ("Most frequent lines", _bulk(templates), 1.0),
    )
    text, left = "", budget
    for title, rows, share in sections:
        part = _within(title, rows, int(left * share))
        text += part
        left -= tokens(part)
    size, lines = sum(facts.size for facts in table.files), sum(facts.lines for facts in table.files)
    notes = tuple(f"{one.name}: {one.reason}" for one in skipped)
    return Digest(
        text=text.strip(),
        lines=lines,
        size=size,
        tokens=tokens(text),
        templates=templates[:MAX_KEPT],
        skipped=notes[:50],
    )


def tokens(text: str) -> int:
    """An estimate: letters by four, digits by three, signs one each."""
    letters = sum(1 for char in text if char.isalpha() or char.isspace())
    digits = sum(1 for char in text if char.isdigit())
    return math.ceil(letters / 4 + digits / 3 + (len(text) - letters - digits))


def _templates(table: Table) -> tuple[LogTemplate, ...]:
    """The kinds of line after the merge, the most telling first."""
    records = {key: entry for key, entry in table.entries.items() if not entry.continued}
    merged = merge(list(records))
    groups: dict[str, list[Entry]] = {}
    for key, entry in records.items():
        groups.setdefault(merged[key], []).append(entry)
    made = [_template(pattern, entries) for pattern, entries in groups.items()]
    return tuple(sorted(made, key=_telling))


def _template(pattern: str, entries: Sequence[Entry]) -> LogTemplate:
    first = min(entries, key=lambda entry: (entry.source, entry.line))
    return LogTemplate(
        pattern=redact(pattern),
        count=sum(entry.count for entry in entries),
        level=first.level,
        source=first.source,
        example=redact(first.example),
        line=first.line,
        in_window=sum(entry.in_window for entry in entries),
    )


def _telling(template: LogTemplate) -> tuple[float, float, str]:
    near = template.in_window / template.count if template.count else 0.0
    return (-SEVERITY.get(template.level, 1) - 3 * near, math.log10(template.count + 1), template.pattern)


def _header(table: Table, coverage: Coverage, skipped: Sequence[Skipped]) -> Iterable[str]:
    yield f"Coverage: {coverage.verdict}. {coverage.detail}"
    for facts in table.files[:12]:
        yield f"{facts.name}: {facts.lines:,} lines, {facts.size / 1e6:.1f} MB, {_span(facts)}"
    if len(table.files) > 12:
        yield f"... and {len(table.files) - 12} more files"
    if skipped:
        yield "Not read: " + "; ".join(f"{one.name} ({one.reason})" for one in skipped[:5])


def _span(facts: FileFacts) -> str:
    times = f"{facts.first:%F %T} to {facts.last:%F %T}" if facts.first and facts.last else "no times"
    return f"{times}, {facts.cut}" if facts.cut else times


def _traces(table: Table) -> Iterable[str]:
    for found in sorted(table.traces.values(), key=lambda one: (-one.in_window, one.count)):
        yield _trace(found)


def _trace(found: Found) -> str:
    trace = found.trace
    chain = " <- ".join(
        f"{one.exception}: {one.message.splitlines()[0][:160] if one.message else ''}" for one in (trace, *trace.causes)
    )
    rows = [f"[{found.in_window} of {found.count}] {chain} ({found.source} L{found.line})", *_frames(trace)]
    return redact("\n".join(rows))


def _frames(trace: Trace) -> list[str]:
    rows = [f"    {frame.path}:{frame.line} {frame.function}" for frame in trace.frames[:MAX_FRAMES]]
    more = len(trace.frames) - MAX_FRAMES
    return [*rows, f"    ... {more} more"] if more > 0 else rows


def _around(templates: Sequence[LogTemplate]) -> Iterable[str]:
    near = [one for one in templates if one.in_window]
    for one in sorted(near, key=lambda one: (-SEVERITY.get(one.level, 1), -one.in_window / one.count, one.count)):
        yield f"[{one.in_window} of {one.count}] {one.example[:240]} ({one.source} L{one.line})"


def _severe(templates: Sequence[LogTemplate]) -> Iterable[str]:
    severe = [one for one in templates if SEVERITY.get(one.level, 1) >= 3 and not one.in_window]
    for one in sorted(severe, key=lambda one: (-SEVERITY.get(one.level, 1), one.count)):
        yield f"[{one.count}] {one.example[:240]} ({one.source} L{one.line})"


def _bulk(templates: Sequence[LogTemplate]) -> Iterable[str]:
    for one in sorted(templates, key=lambda one: -one.count)[:40]:
        yield f"[{one.count}] {one.pattern[:200]}"


def _within(title: str, lines: Iterable[str], budget: int) -> str:
    """The section, cut where the budget ends; "" when nothing fits."""
    kept: list[str] = []
    left = budget - tokens(title)
    for line in lines:
        left -= tokens(line) + 1
        if left < 0:
            break
        kept.append(line)
    head = f"## {title}\n" if title else ""
    return f"{head}{chr(10).join(kept)}\n\n" if kept else ""
