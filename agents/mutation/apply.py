"""Apply an edit to a file's text: every other byte stays, and what no longer parses is dropped."""

from functools import lru_cache

from agents.mutation.edit import Edit
from agents.source import Source, Unit, parse, tree_of


def apply(text: str, edit: Edit) -> str | None:
    """`text` with the edit in it, or None when the result is not Python or says the same as before."""
    source = _source(text)
    if source is None or text[edit.start : edit.end] == edit.text:
        return None
    changed = text[: edit.start] + edit.text + text[edit.end :]
    return changed if _parses(source, edit, changed) else None


@lru_cache(maxsize=8)
def _source(text: str) -> Source | None:
    return parse("", text)


def _parses(source: Source, edit: Edit, changed: str) -> bool:
    """Does the smallest run of whole lines around the edit still parse? (30,000 lines would take a second.)"""
    unit = _unit_around(source, edit)
    if unit is None:
        return tree_of(changed.removeprefix("\ufeff")) is not None
    start, end = source.starts[unit.first - 1], source.line_end(unit.last)
    lines = changed[start : end + len(changed) - len(source.text)]
    return tree_of(f"if 1:\n{lines}" if unit.indented else lines) is not None


def _unit_around(source: Source, edit: Edit) -> Unit | None:
    for unit in source.units:
        if source.starts[unit.first - 1] <= edit.start and edit.end < source.line_end(unit.last):
            return unit
    return None
