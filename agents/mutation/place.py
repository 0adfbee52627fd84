"""The place an operator works on: one function (or the body of a class or module), and how to change its text."""

import ast
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar, overload

from agents.mutation.edit import Edit
from agents.mutation.precedence import binding, required
from agents.source import FUNCTIONS, Scope, Source, last_line

N = TypeVar("N", bound=ast.AST)
M = TypeVar("M", bound=ast.AST)
K = TypeVar("K", bound=ast.AST)
_OPAQUE = (ast.JoinedStr,)  # the parts of an f-string have no reliable position before Python 3.12
_UNTOUCHED = frozenset({"annotation", "returns", "decorator_list", "type_params", "type_comment"})


@dataclass(frozen=True, eq=False)
class Place:
    source: Source
    node: Scope
    name: str = ""

    @cached_property
    def parents(self) -> dict[ast.AST, ast.AST]:
        """Every node an operator may touch, in the order of the text, with its parent."""
        return dict(_walk(self.node))

    @cached_property
    def function(self) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
        return self.node if isinstance(self.node, FUNCTIONS) else None

    @overload
    def each(self, kind: type[N], /) -> Iterator[N]: ...
    @overload
    def each(self, kind: type[N], other: type[M], /) -> Iterator[N | M]: ...
    @overload
    def each(self, kind: type[N], other: type[M], third: type[K], /) -> Iterator[N | M | K]: ...
    def each(self, *kinds: type[ast.AST]) -> Iterator[ast.AST]:
        """The nodes of these kinds, in the order of the text."""
        return (node for node in self.parents if isinstance(node, kinds))

    def text(self, node: ast.expr | ast.stmt | ast.keyword | ast.arg) -> str:
        return self.source.of(node)

    def loads(self, *kinds: type[N]) -> Iterator[N]:
        """Expressions of these kinds whose value is read, not assigned or deleted."""
        return (node for node in self.each(*kinds) if isinstance(getattr(node, "ctx", ast.Load()), ast.Load))

    def blocks(self) -> Iterator[list[ast.stmt]]:
        """Every list of statements: the body, and those of its loops, branches and handlers."""
        for node in (self.node, *self.parents):
            for field in ("body", "orelse", "finalbody"):
                block = getattr(node, field, None)
                if isinstance(block, list) and block:
                    yield block

    def statement(self, node: ast.AST) -> ast.stmt | None:
        """The innermost statement around `node`."""
        while node in self.parents and not isinstance(node, ast.stmt):
            node = self.parents[node]
        return node if isinstance(node, ast.stmt) else None

    def replace(self, node: ast.expr, text: str, why: str = "", weight: float = 1.0) -> Edit:
        """`node` becomes the expression `text`, in parentheses where it needs them."""
        start, end = self.source.span(node)
        if self._needs_parentheses(node, text):
            text = f"({text})"
        return self.cut(start, end, text, why or f"`{self.text(node)}` becomes `{text}`", node.lineno, weight)

    def cut(self, start: int, end: int, text: str, why: str, line: int, weight: float = 1.0) -> Edit:
        return Edit(
            path=self.source.path, start=start, end=end, text=text, why=_one_line(why), line=line,
            function=self.name, weight=weight,
        )  # fmt: skip

    def before(self, statement: ast.stmt, lines: str, why: str, weight: float = 1.0) -> Iterator[Edit]:
        """New lines in front of a statement, indented like it; none when it shares its line."""
        indent = self.source.indent(statement)
        if indent is not None and not getattr(statement, "decorator_list", []):
            at = self.source.starts[statement.lineno - 1]
            yield self.cut(at, at, self._block(lines, indent), why, statement.lineno, weight)

    def after(self, statement: ast.stmt, lines: str, why: str, weight: float = 1.0) -> Iterator[Edit]:
        """New lines behind a statement, indented like it; none when something follows on its last line."""
        indent, last = self.source.indent(statement), last_line(statement)
        end = self.source.line_end(last)
        rest = self.source.text[self.source.span(statement)[1] : end].strip()
        if indent is None or (rest and not rest.startswith("#")):
            return
        missing = "" if self.source.text[:end].endswith(("\n", "\r")) else self.source.newline
        yield self.cut(end, end, missing + self._block(lines, indent), why, last, weight)

    def rewrite(self, statement: ast.stmt, lines: str, why: str, weight: float = 1.0) -> Iterator[Edit]:
        """A whole statement becomes other lines; `lines` is written as if it stood at the margin."""
        indent = self.source.indent(statement)
        if indent is not None:
            start, end = self.source.span(statement)
            block = self._block(lines, indent).removeprefix(indent).removesuffix(self.source.newline)
            yield self.cut(start, end, block, why, statement.lineno, weight)

    def lines(self, statements: list[ast.stmt]) -> str:
        """The text of whole statements, comments between them included, as if they stood at the margin."""
        start = self.source.starts[statements[0].lineno - 1]
        text = self.source.text[start : self.source.span(statements[-1])[1]]
        return textwrap.dedent(text).replace("\r\n", "\n").replace("\r", "\n")

    def step(self) -> str:
        """One level of indentation as this file writes it."""
        for node in (self.node, *self.parents):
            inner = getattr(node, "body", None)
            if isinstance(inner, list) and inner and isinstance(node, ast.stmt):
                outside, inside = self.source.indent(node), self.source.indent(inner[0])
                if outside is not None and inside and len(inside) > len(outside):
                    return inside.removeprefix(outside)
        return "    "

    def _block(self, lines: str, indent: str) -> str:
        step, newline = self.step(), self.source.newline
        return newline.join(_indented(line, indent, step) for line in lines.split("\n")) + newline

    def _needs_parentheses(self, node: ast.expr, text: str) -> bool:
        try:
            new = ast.parse(text.strip(), mode="eval").body
        except SyntaxError:
            return False  # `apply` drops it
        parent = self.parents.get(node)
        if isinstance(new, ast.Tuple) and text.startswith("("):
            return False
        if isinstance(node, ast.GeneratorExp) and isinstance(parent, ast.Call):
            return True  # its parentheses are the call's
        loose = binding(new) < required(parent, node) if parent else False
        return loose and not self._enclosed(node)

    def _enclosed(self, node: ast.expr) -> bool:
        start, end = self.source.span(node)
        return self.source.text[:start].rstrip().endswith("(") and self.source.text[end:].lstrip().startswith(")")


def places(source: Source) -> tuple[Place, ...]:
    return tuple(Place(source, node, name) for name, node in source.scopes)


def place_at(source: Source, line: int) -> Place:
    name, node = source.scope_at(line)
    return Place(source, node, name)


def _walk(scope: Scope) -> Iterator[tuple[ast.AST, ast.AST]]:
    inside_function = isinstance(scope, FUNCTIONS)
    stack: list[tuple[ast.AST, ast.AST]] = [(child, scope) for child in reversed(_children(scope))]
    while stack:
        node, parent = stack.pop()
        if isinstance(node, (*FUNCTIONS, ast.ClassDef)) and not inside_function:
            continue  # a place of its own
        yield node, parent
        stack.extend((child, node) for child in reversed(_children(node)))


def _children(node: ast.AST) -> list[ast.AST]:
    if isinstance(node, _OPAQUE):
        return []
    found: list[ast.AST] = []
    for field, value in ast.iter_fields(node):
        parts = value if isinstance(value, list) else [value]
        if field not in _UNTOUCHED:
            found += [part for part in parts if isinstance(part, ast.AST) and not _is_docstring(part)]
    return found


def _is_docstring(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _indented(line: str, indent: str, step: str) -> str:
    """A line written with four spaces a level, as the file would write it."""
    body = line.lstrip(" ")
    return f"{indent}{step * ((len(line) - len(body)) // 4)}{body}" if body else ""


def _one_line(text: str) -> str:
    return textwrap.shorten(text, 200, placeholder=" ...")
