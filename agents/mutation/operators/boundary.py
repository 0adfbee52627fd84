"""The boundary is one too wide or too narrow: `<` for `<=`, `>` for `>=`."""

import ast
from collections.abc import Iterator

from agents.mutation.edit import Edit, Example
from agents.mutation.operators.symbols import COMPARISONS, other_comparison
from agents.mutation.place import Place

name = "boundary"
pattern = "a limit includes or leaves out its own value"
prior = 1.0

OTHER: dict[type[ast.cmpop], type[ast.cmpop]] = {ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt}


def propose(place: Place) -> Iterator[Edit]:
    for node in place.each(ast.Compare):
        for index, operator in enumerate(node.ops):
            if other := OTHER.get(type(operator)):
                why = f"`{place.text(node)}`: `{COMPARISONS[type(operator)]}` becomes `{COMPARISONS[other]}`"
                yield place.replace(node, other_comparison(place, node, index, other), why)


def examples() -> tuple[Example, ...]:
    return (
        Example("def f(n):\n    return n < 10\n", "def f(n):\n    return n <= 10\n"),
        Example("def f(n):\n    return 0 < n <= 10\n", "def f(n):\n    return 0 < n < 10\n"),
    )
