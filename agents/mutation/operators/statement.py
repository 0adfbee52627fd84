"""A statement that should not be there, or stands in the wrong place."""

import ast
from collections.abc import Iterator
from itertools import pairwise

from agents.mutation.edit import Edit, Example
from agents.mutation.place import Place
from agents.source import FUNCTIONS, last_line

name = "statement"
pattern = "a statement is superfluous, or comes too early or too late"
prior = 0.6


def propose(place: Place) -> Iterator[Edit]:
    for block in place.blocks():
        own = [s for s in block if s in place.parents and not isinstance(s, (*FUNCTIONS, ast.ClassDef))]
        for statement in own:
            yield from _deleted(place, statement, alone=len(block) == 1)
        for first, second in pairwise(own):
            yield from _exchanged(place, first, second)
        if own and own[-1] is block[-1]:
            yield from _moved_out(place, block)


def _deleted(place: Place, statement: ast.stmt, *, alone: bool) -> Iterator[Edit]:
    if isinstance(statement, (ast.Pass, ast.Import, ast.ImportFrom)):
        return
    why = f"`{place.text(statement)}` is left out"
    indent = place.source.indent(statement)
    last = last_line(statement)
    rest = place.source.text[place.source.span(statement)[1] : place.source.line_end(last)].strip()
    if alone or rest or indent is None:
        yield from place.rewrite(statement, "pass", why)
    else:
        start = place.source.starts[statement.lineno - 1]
        yield place.cut(start, place.source.line_end(last), "", why, statement.lineno)


def _exchanged(place: Place, first: ast.stmt, second: ast.stmt) -> Iterator[Edit]:
    (start, middle_start), (middle_end, end) = place.source.span(first), place.source.span(second)
    if place.source.indent(first) is not None and place.source.indent(second) is not None:
        between = place.source.text[middle_start:middle_end]
        text = f"{place.text(second)}{between}{place.text(first)}"
        why = f"`{place.text(second)}` comes before `{place.text(first)}`"
        yield place.cut(start, end, text, why, first.lineno, 0.6)


def _moved_out(place: Place, block: list[ast.stmt]) -> Iterator[Edit]:
    """The last statement of a loop or branch goes behind it."""
    statement = block[-1]
    outer = place.parents[statement]
    if (
        len(block) < 2
        or not isinstance(outer, (ast.For, ast.While, ast.If, ast.With))
        or last_line(outer) != last_line(statement)
    ):
        return
    inside, outside = place.source.indent(statement), place.source.indent(outer)
    if inside is None or outside is None:
        return
    start = place.source.starts[statement.lineno - 1]
    lines = place.lines([statement]).split("\n")
    text = place.source.newline.join(f"{outside}{line}" if line else "" for line in lines)
    why = f"`{place.text(statement)}` comes after the block, not in it"
    yield place.cut(start, place.source.span(statement)[1], text, why, statement.lineno, 0.8)


def examples() -> tuple[Example, ...]:
    return (
        Example("def f(a):\n    a = 1\n    return a\n", "def f(a):\n    return a\n"),
        Example("def f(a):\n    g(a)\n    h(a)\n", "def f(a):\n    h(a)\n    g(a)\n"),
        Example(
            "def f(a):\n    for x in a:\n        g(x)\n        return x\n",
            "def f(a):\n    for x in a:\n        g(x)\n    return x\n",
        ),
    )
