"""The functions of a repository: where each begins and ends, and which one a line belongs to."""

import ast
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from agents.source import first_line, last_line, parse


@dataclass(frozen=True, slots=True)
class Function:
    """A function or method (`name` is qualified), or what is left of a class or a module without them.

    `first` is the line of its first decorator, `body` that of its `def`; `text` holds its own lines only; "" is the
    name of a module's own code.
    """

    path: str
    name: str
    first: int
    last: int
    text: str
    body: int
    callable: bool

    @property
    def key(self) -> tuple[str, int]:
        """Its path and the line of its `def`; 0 for a module."""
        return self.path, self.body if self.name else 0

    @property
    def short(self) -> str:
        """Its name without the class."""
        return self.name.rpartition(".")[2]


@dataclass(frozen=True)
class Index:
    """All functions of the product files under `root`, in order of path and line."""

    root: Path
    functions: tuple[Function, ...]
    unreadable: tuple[str, ...] = ()
    lines: dict[str, tuple[str, ...]] = field(default_factory=dict, repr=False)

    @cached_property
    def by_path(self) -> dict[str, tuple[Function, ...]]:
        grouped: dict[str, list[Function]] = {}
        for function in self.functions:
            grouped.setdefault(function.path, []).append(function)
        return {path: tuple(found) for path, found in grouped.items()}

    @cached_property
    def _owners(self) -> dict[str, tuple[list[int], list[Function]]]:
        return {path: _boundaries(found) for path, found in self.by_path.items()}

    def at(self, path: str, line: int) -> Function | None:
        """The innermost function, class or module that line `line` of `path` belongs to."""
        if path not in self._owners:
            return None
        starts, owners = self._owners[path]
        return owners[max(bisect_right(starts, line) - 1, 0)]

    def excerpt(self, path: str, line: int, around: int = 3) -> str:
        """Lines `line` +- `around` of `path`, numbered."""
        lines = self.lines.get(path, ())
        first = max(line - around, 1)
        return "\n".join(f"{number:5d}  {text}" for number, text in enumerate(lines[first - 1 : line + around], first))


def index(root: Path, paths: Sequence[str]) -> Index:
    """Read the files `paths` under `root`; one that does not parse is indexed as a module without functions."""
    functions: list[Function] = []
    unreadable, lines = [], {}
    for path in paths:
        text = (root / path).read_bytes().decode("utf-8", "replace").removeprefix("\ufeff")
        lines[path] = tuple(_lines(text))
        found = of_file(path, text)
        functions.extend(found)
        if not found[0].body:
            unreadable.append(path)
    return Index(root, tuple(functions), tuple(unreadable), lines)


def of_file(path: str, text: str) -> list[Function]:
    """The module itself, then its classes and functions; `body` 0 marks a file that does not parse."""
    source, lines = parse(path, text), _lines(text)
    if source is None:
        return [Function(path, "", 1, len(lines), text, body=0, callable=False)]
    scopes = [(name, node) for name, node in source.scopes if not isinstance(node, ast.Module)]
    spans = {node: (first_line(node), last_line(node)) for _, node in scopes}
    members: dict[str, list[tuple[int, int]]] = {}
    for name, node in scopes:
        members.setdefault(name.rpartition(".")[0], []).append(spans[node])
    own = _own(lines, (1, len(lines)), members.get("", []))
    found = [Function(path, "", 1, len(lines), own, body=1, callable=False)]
    for name, node in scopes:
        own = _own(lines, spans[node], members.get(name, []) if isinstance(node, ast.ClassDef) else [])
        found.append(Function(path, name, *spans[node], own, node.lineno, not isinstance(node, ast.ClassDef)))
    return found


def _lines(text: str) -> list[str]:
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def _own(lines: Sequence[str], span: tuple[int, int], inner: Sequence[tuple[int, int]]) -> str:
    """The lines of `span` without those that belong to the spans `inner`."""
    covered = {line for first, last in inner for line in range(first, last + 1)}
    return "\n".join(lines[line - 1] for line in range(span[0], span[1] + 1) if line not in covered)


def _boundaries(functions: Sequence[Function]) -> tuple[list[int], list[Function]]:
    """Line numbers at which the owner of lines changes, and the owners from there on."""
    owner: dict[int, Function] = {}
    for function in sorted(functions, key=lambda function: (function.first, -function.last)):
        owner.update(dict.fromkeys(range(function.first, function.last + 1), function))
    starts: list[int] = []
    owners: list[Function] = []
    for line in sorted(owner):
        if not owners or owners[-1] is not owner[line]:
            starts.append(line)
            owners.append(owner[line])
    return starts, owners
