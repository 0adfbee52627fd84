"""A Python file as text and tree at once: where each node lies in the text, to the character."""

import ast
import re
import threading
import tokenize
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

Scope = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Module
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)

LARGEST = 4 << 20
_LINE_END = re.compile(r"\r\n|\r|\n")  # what ends a line for Python's parser; str.splitlines knows more
_BOM = "\ufeff"


@dataclass(frozen=True)
class Unit:
    """Whole lines that parse alone: a statement of the module, or a member of a class."""

    first: int
    last: int
    nodes: tuple[ast.stmt, ...]
    indented: bool


@dataclass(frozen=True, eq=False)
class Source:
    """`text` keeps every character of the file: byte order mark, tabs and line ends included."""

    path: str
    text: str
    tree: ast.Module

    @cached_property
    def starts(self) -> tuple[int, ...]:
        """The offset at which each line begins."""
        return (int(self.text.startswith(_BOM)), *(end.end() for end in _LINE_END.finditer(self.text)))

    @cached_property
    def newline(self) -> str:
        found = _LINE_END.search(self.text)
        return found.group() if found else "\n"

    @cached_property
    def scopes(self) -> tuple[tuple[str, Scope], ...]:
        """The module, its classes, and its outermost functions and methods, each with its qualified name."""
        return (("", self.tree), *_scopes(self.tree, ""))

    @cached_property
    def units(self) -> tuple[Unit, ...]:
        return tuple(_units(self.tree.body, indented=False))

    def offset(self, line: int, column: int) -> int:
        """The offset in characters of a position of the parser, whose columns count UTF-8 bytes."""
        body = self.text[self.starts[line - 1] : self.line_end(line)]
        if not body.isascii():
            column = len(body.encode()[:column].decode())
        return self.starts[line - 1] + column

    def line_end(self, line: int) -> int:
        """The offset just behind the line, its line end included."""
        return self.starts[line] if line < len(self.starts) else len(self.text)

    def span(self, node: ast.expr | ast.stmt | ast.keyword | ast.arg | ast.ExceptHandler) -> tuple[int, int]:
        return self.offset(node.lineno, node.col_offset), self.offset(last_line(node), node.end_col_offset or 0)

    def of(self, node: ast.expr | ast.stmt | ast.keyword | ast.arg | ast.ExceptHandler) -> str:
        start, end = self.span(node)
        return self.text[start:end]

    def indent(self, statement: ast.stmt) -> str | None:
        """The white space before a statement, or None when it shares its line with something before it."""
        start = self.starts[statement.lineno - 1]
        before = self.text[start : self.offset(statement.lineno, statement.col_offset)]
        return before if not before.strip() else None

    def scope_at(self, line: int) -> tuple[str, Scope]:
        """The outermost function around `line`, else the innermost class, else the module."""
        around = [(name, node) for name, node in self.scopes if name and first_line(node) <= line <= last_line(node)]
        return around[-1] if around else ("", self.tree)


def parse(path: str, text: str) -> Source | None:
    """`text` as a Source, or None when this Python cannot read it."""
    tree = tree_of(text.removeprefix(_BOM))
    return Source(path, text, tree) if tree else None


def load(root: Path, path: str) -> Source | None:
    """The file `path` below `root`, or None when it is absent, too large, not UTF-8 or not Python."""
    text = read(root, path)
    return None if text is None else parse(path, text)


def read(root: Path, path: str) -> str | None:
    """The text of `path` below `root` with its line ends as they are, or None when it is no UTF-8 text of ours."""
    file = root / path
    if file.is_symlink() or not file.is_file() or file.stat().st_size > LARGEST:
        return None
    data = file.read_bytes()
    try:
        text = data.decode()
        coding, _ = tokenize.detect_encoding(iter(data.splitlines(keepends=True)).__next__)
    except (UnicodeDecodeError, SyntaxError, StopIteration):
        return None if data else ""
    return text if coding in ("utf-8", "utf-8-sig") or data.isascii() else None


# Python's parser counts its depth per interpreter, not per thread (gh-106905): two at once end in a SystemError. The
# filter of warnings is shared by all threads as well.
_one_parser = threading.Lock()


def tree_of(text: str) -> ast.Module | None:
    with _one_parser, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return ast.parse(text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None


def first_line(node: ast.AST) -> int:
    """The line on which a definition begins, its decorators included."""
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    line: int = getattr(node, "lineno", 1)
    return min([line, *(decorator.lineno for decorator in decorators)])


def last_line(node: ast.AST) -> int:
    line: int | None = getattr(node, "end_lineno", None)
    return line or 0


def _scopes(scope: Scope, prefix: str) -> Iterator[tuple[str, Scope]]:
    for node in _definitions(scope.body):
        name = f"{prefix}{node.name}"
        yield name, node
        if isinstance(node, ast.ClassDef):
            yield from _scopes(node, f"{name}.")


def _definitions(body: list[ast.stmt]) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef]:
    """Definitions of a body, those under `if`, `try` and `with` included."""
    for statement in body:
        if isinstance(statement, (*FUNCTIONS, ast.ClassDef)):
            yield statement
            continue
        for block in ("body", "orelse", "finalbody"):
            yield from _definitions(getattr(statement, block, []))
        for handler in getattr(statement, "handlers", []):
            yield from _definitions(handler.body)


def _units(body: list[ast.stmt], *, indented: bool) -> Iterator[Unit]:
    pending: list[ast.stmt] = []
    for statement in body:
        if pending and first_line(statement) > max(map(last_line, pending)):
            yield from _unit(pending, indented=indented)
            pending = []
        pending.append(statement)
    if pending:
        yield from _unit(pending, indented=indented)


def _unit(nodes: list[ast.stmt], *, indented: bool) -> Iterator[Unit]:
    first = nodes[0]
    if isinstance(first, ast.ClassDef) and len(nodes) == 1 and first_line(first.body[0]) > _header_end(first):
        yield from _units(first.body, indented=True)
    else:
        yield Unit(first_line(first), max(map(last_line, nodes)), tuple(nodes), indented)


def _header_end(node: ast.ClassDef) -> int:
    return max([node.lineno, *(last_line(part) for part in (*node.bases, *node.keywords))])
