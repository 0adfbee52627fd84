"""A condition the wrong way round: `if ready` for `if not ready`."""

import ast
from collections.abc import Iterator

from agents.mutation.edit import Edit, Example
from agents.mutation.ingredients import conditions
from agents.mutation.place import Place

name = "negate"
pattern = "a condition is the wrong way round"
prior = 0.6


def propose(place: Place) -> Iterator[Edit]:
    for test in conditions(place):
        for node in test.values if isinstance(test, ast.BoolOp) else [test]:
            yield place.replace(node, _opposite(place, node))


def _opposite(place: Place, node: ast.expr) -> str:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        return place.text(node.operand)
    text = place.text(node)
    loose = isinstance(node, (ast.BoolOp, ast.IfExp, ast.Lambda, ast.NamedExpr))
    return f"not ({text})" if loose else f"not {text}"


def examples() -> tuple[Example, ...]:
    return (
        Example("def f(a):\n    if a:\n        return 1\n", "def f(a):\n    if not a:\n        return 1\n"),
        Example("def f(a, b):\n    return 1 if not a else b\n", "def f(a, b):\n    return 1 if a else b\n"),
    )
