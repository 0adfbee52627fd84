"""The wrong comparison: `==` for `!=`, `is` for `==`, `in` for `not in`, `<` for `>`."""

import ast
from collections.abc import Iterator

from agents.mutation.edit import Edit, Example
from agents.mutation.operators.symbols import COMPARISONS, other_comparison
from agents.mutation.place import Place

name = "compare"
pattern = "a comparison asks the wrong question"
prior = 0.8

OTHERS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Eq: (ast.NotEq, ast.Is, ast.LtE, ast.GtE, ast.In),
    ast.NotEq: (ast.Eq, ast.IsNot, ast.Gt, ast.Lt, ast.NotIn),
    ast.Lt: (ast.Gt, ast.GtE, ast.NotEq),
    ast.LtE: (ast.GtE, ast.Gt, ast.Eq),
    ast.Gt: (ast.Lt, ast.LtE, ast.NotEq),
    ast.GtE: (ast.LtE, ast.Lt, ast.Eq),
    ast.Is: (ast.IsNot, ast.Eq),
    ast.IsNot: (ast.Is, ast.NotEq),
    ast.In: (ast.NotIn, ast.Eq),
    ast.NotIn: (ast.In, ast.NotEq),
}


def propose(place: Place) -> Iterator[Edit]:
    for node in place.each(ast.Compare):
        for index, operator in enumerate(node.ops):
            for rank, other in enumerate(OTHERS[type(operator)]):
                text = other_comparison(place, node, index, other)
                why = f"`{place.text(node)}`: `{COMPARISONS[type(operator)]}` becomes `{COMPARISONS[other]}`"
                yield place.replace(node, text, why, weight=0.9**rank)


def examples() -> tuple[Example, ...]:
    return (
        Example("def f(a, b):\n    return a == b\n", "def f(a, b):\n    return a != b\n"),
        Example("def f(a, b):\n    return not a is b\n", "def f(a, b):\n    return not a == b\n"),
    )
