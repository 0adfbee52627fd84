"""A unified diff as rows for a page: line numbers on both sides, and which part of a changed line changed."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from agents.repair.patch import common_prefix

HUNK = re.compile(r"@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@ ?(.*)")
WORDS = re.compile(r"\w+|\s+|[^\w\s]")


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of a line's characters; `changed` ones are marked within the line."""

    text: str
    changed: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    kind: Literal["file", "hunk", "same", "added", "removed"]
    pieces: tuple[Piece, ...]
    old: int | None = None
    new: int | None = None

    @property
    def text(self) -> str:
        return "".join(piece.text for piece in self.pieces)

    @property
    def sign(self) -> str:
        return {"added": "+", "removed": "-"}.get(self.kind, " ")


@dataclass(frozen=True, slots=True)
class Size:
    added: int
    removed: int


def size(diff: str) -> Size:
    """How many lines the diff adds and removes."""
    kinds = [row.kind for row in _plain_rows(diff)]
    return Size(kinds.count("added"), kinds.count("removed"))


def rows(diff: str) -> tuple[Row, ...]:
    """The diff's rows in order; a removed line followed by its replacement gets the changed words marked."""
    listed = list(_plain_rows(diff))
    for start, removed, added in _replacements(listed):
        for offset in range(min(removed, added)):
            left, right = start + offset, start + removed + offset
            listed[left], listed[right] = _mark(listed[left], listed[right])
    return tuple(listed)


def _plain_rows(diff: str) -> Iterator[Row]:
    old = new = 0
    for line in diff.splitlines():
        if found := HUNK.match(line):
            old, new = int(found[1]), int(found[2])
            yield Row("hunk", (Piece(found[3] or "…"),))
        elif line.startswith("+++ "):
            yield Row("file", (Piece(line[4:].removeprefix("b/")),))
        elif old or new:
            row = _body_row(line, old, new)
            old += row.old is not None
            new += row.new is not None
            if not line.startswith("\\"):
                yield row


def _body_row(line: str, old: int, new: int) -> Row:
    text = (Piece(line[1:]),)
    if line.startswith("+"):
        return Row("added", text, None, new)
    if line.startswith("-"):
        return Row("removed", text, old, None)
    if line.startswith("\\"):
        return Row("same", text)
    return Row("same", text, old, new)


def _replacements(listed: list[Row]) -> Iterator[tuple[int, int, int]]:
    """(start, removed, added) of each block of removed lines that added lines follow."""
    at = 0
    while at < len(listed):
        removed = _stretch(listed, at, "removed")
        added = _stretch(listed, at + removed, "added") if removed else 0
        if removed and added:
            yield at, removed, added
        at += max(1, removed + added)


def _stretch(listed: list[Row], at: int, kind: str) -> int:
    end = at
    while end < len(listed) and listed[end].kind == kind:
        end += 1
    return end - at


def _mark(removed: Row, added: Row) -> tuple[Row, Row]:
    old, new = WORDS.findall(removed.text), WORDS.findall(added.text)
    head = common_prefix(old, new)
    tail = common_prefix(old[head:][::-1], new[head:][::-1])
    if head + tail == 0:
        return removed, added
    return replace(removed, pieces=_cut(old, head, tail)), replace(added, pieces=_cut(new, head, tail))


def _cut(words: list[str], head: int, tail: int) -> tuple[Piece, ...]:
    end = len(words) - tail
    parts = (Piece("".join(words[:head])), Piece("".join(words[head:end]), changed=True), Piece("".join(words[end:])))
    return tuple(part for part in parts if part.text)
