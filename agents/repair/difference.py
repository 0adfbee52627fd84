"""Which statements differ between two versions of a file, and the key under which equal changes fall together."""

import ast
from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b

from agents.source import Source, Unit, parse, tree_of


@dataclass(frozen=True)
class Change:
    """One file before and after. `old` is "" for a new file."""

    path: str
    old: str
    new: str


@dataclass(frozen=True)
class Difference:
    """The statements (members of classes, statements of the module) that only one version has, as trees and as text."""

    gone: tuple[ast.stmt, ...]
    come: tuple[ast.stmt, ...]
    gone_dumps: tuple[str, ...]
    come_dumps: tuple[str, ...]


def difference(change: Change) -> Difference | None:
    """What differs, formatting and comments aside; None when one of the versions is not Python."""
    windows = _windows(change) or _whole(change)
    if windows is None:
        return None
    old, new = windows
    old_dumps, new_dumps = [ast.dump(node) for node in old], [ast.dump(node) for node in new]
    gone, come = Counter(old_dumps) - Counter(new_dumps), Counter(new_dumps) - Counter(old_dumps)
    return Difference(
        gone=tuple(node for node, dump in zip(old, old_dumps, strict=True) if dump in gone),
        come=tuple(node for node, dump in zip(new, new_dumps, strict=True) if dump in come),
        gone_dumps=tuple(sorted(gone.elements())),
        come_dumps=tuple(sorted(come.elements())),
    )


def key(changes: list[Change]) -> str | None:
    """The identity of a patch: equal for patches that differ in formatting and comments only.

    None when a changed Python file does not parse, or when nothing but formatting changes.
    """
    digest = blake2b(digest_size=16)
    changed = False
    for change in sorted(changes, key=lambda change: change.path):
        parts = _parts(change)
        if parts is None:
            return None
        changed = changed or any(parts)
        digest.update(repr((change.path, parts)).encode())
    return digest.hexdigest() if changed else None


def _parts(change: Change) -> tuple[object, ...] | None:
    if not change.path.endswith((".py", ".pyi")):
        return (change.new,) if change.new != change.old else ()
    found = difference(change)
    return None if found is None else (found.gone_dumps, found.come_dumps)


def _windows(change: Change) -> tuple[list[ast.stmt], list[ast.stmt]] | None:
    """Only the units around the change, parsed alone: a file of 30,000 lines would take seconds for each candidate."""
    source = _source(change.old)
    first, last = _changed_lines(change, source)
    units = [unit for unit in source.units if unit.last >= first and unit.first <= last] if source else []
    if source is None or not units or len({unit.indented for unit in units}) != 1 or not _contains(units, first, last):
        return None
    lines = _new_lines(change, source, units)
    tree = tree_of(f"if 1:\n{lines}" if units[0].indented else lines)
    if tree is None:
        return None
    body = tree.body[0].body if units[0].indented and isinstance(tree.body[0], ast.If) else tree.body
    return [node for unit in units for node in unit.nodes], list(body)


def _contains(units: list[Unit], first: int, last: int) -> bool:
    return units[0].first <= first and last <= units[-1].last


def _new_lines(change: Change, source: Source, units: list[Unit]) -> str:
    start, end = source.starts[units[0].first - 1], source.line_end(units[-1].last)
    return change.new[start : end + len(change.new) - len(change.old)]


def _changed_lines(change: Change, source: Source | None) -> tuple[int, int]:
    """The first and the last line of the old text that the change touches."""
    if source is None:
        return 0, 0
    old, new = change.old, change.new
    start = _prefix(old, new)
    end = _prefix(old[start:][::-1], new[start:][::-1])
    return _line(source, start), _line(source, max(len(old) - end, start))


def _prefix(first: str, second: str) -> int:
    """The length of the common beginning, found by halving: slices compare at the speed of memory."""
    low, high = 0, min(len(first), len(second))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if first[:middle] == second[:middle] else (low, middle - 1)
    return low


def _line(source: Source, offset: int) -> int:
    return bisect_right(source.starts, offset)


def _whole(change: Change) -> tuple[list[ast.stmt], list[ast.stmt]] | None:
    old, new = _source(change.old), parse(change.path, change.new)
    if old is None or new is None:
        return None
    return _flat(old), _flat(new)


def _flat(source: Source) -> list[ast.stmt]:
    return [node for unit in source.units for node in unit.nodes]


@lru_cache(maxsize=16)
def _source(text: str) -> Source | None:
    return parse("", text)
