"""One small change of one file: which characters go, what comes instead, and why."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """Characters `start` to `end` of the file become `text`. `weight` (0 .. 1) orders the edits of one operator."""

    path: str
    start: int
    end: int
    text: str
    why: str
    line: int
    function: str = ""
    operator: str = ""
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Example:
    """A file before and after: what an operator can undo, for tests and the documentation."""

    before: str
    after: str
