"""Assigned where it should be added up, or added where it should be set."""

import ast
from collections.abc import Iterator

from agents.mutation.edit import Edit, Example
from agents.mutation.operators.arithmetic import OTHERS
from agents.mutation.operators.symbols import BINARY
from agents.mutation.place import Place

name = "augment"
pattern = "`=` for `+=`, or the reverse, or the wrong one of `+=` and `-=`"
prior = 0.6


def propose(place: Place) -> Iterator[Edit]:
    for node in place.each(ast.AugAssign):
        target, value = place.text(node.target), place.text(node.value)
        yield from _swap(place, node, f"{target} = {value}")
        for other in OTHERS[type(node.op)]:
            yield from _swap(place, node, f"{target} {BINARY[other]}= {value}")
    for plain in place.each(ast.Assign):
        if len(plain.targets) == 1 and isinstance(plain.targets[0], (ast.Name, ast.Attribute, ast.Subscript)):
            target, value = place.text(plain.targets[0]), place.text(plain.value)
            yield from _swap(place, plain, f"{target} += {value}", weight=0.4)
            yield from _swap(place, plain, f"{target} |= {value}", weight=0.1)


def _swap(place: Place, statement: ast.stmt, text: str, weight: float = 1.0) -> Iterator[Edit]:
    start, end = place.source.span(statement)
    why = f"`{place.text(statement)}` becomes `{text}`"
    yield place.cut(start, end, text, why, statement.lineno, weight)


def examples() -> tuple[Example, ...]:
    return (
        Example("def f(a):\n    n = 0\n    n = a\n", "def f(a):\n    n = 0\n    n += a\n"),
        Example("def f(a):\n    a.n += 1\n", "def f(a):\n    a.n -= 1\n"),
    )
