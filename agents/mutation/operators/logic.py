"""Conditions joined wrongly: `and` for `or`, one operand too many, one missing."""

import ast
from collections.abc import Iterator

from agents.mutation.edit import Edit, Example
from agents.mutation.ingredients import conditions, names_in
from agents.mutation.place import Place

name = "logic"
pattern = "a condition asks too much or too little"
prior = 0.9

_SIBLINGS = 3


def propose(place: Place) -> Iterator[Edit]:
    for node in place.each(ast.BoolOp):
        yield place.replace(node, _joined(place, node, "or" if isinstance(node.op, ast.And) else "and"))
        for index, operand in enumerate(node.values):
            kept = [place.text(value) for value in node.values if value is not operand]
            joined = f" {_word(node)} ".join(_grouped(text) for text in kept)
            yield place.replace(node, joined, weight=0.9 - 0.05 * index)
    for test in conditions(place):
        yield from _extended(place, test)


def _extended(place: Place, test: ast.expr) -> Iterator[Edit]:
    """The condition and one more: what is used there is set, or what a sibling asks of the same names."""
    text = _grouped(place.text(test))
    for name in names_in(test)[:2]:
        if place.text(test) != name:
            yield place.replace(test, f"{text} and {name} is not None", weight=0.5)
            yield place.replace(test, f"{text} and {name}", weight=0.6)
    others = [other for other in conditions(place) if other is not test and set(names_in(other)) & set(names_in(test))]
    for other in others[:_SIBLINGS]:
        for word, weight in (("and", 0.5), ("or", 0.5), ("and not", 0.4)):
            yield place.replace(test, f"{text} {word} {_grouped(place.text(other))}", weight=weight)


def _joined(place: Place, node: ast.BoolOp, word: str) -> str:
    return f" {word} ".join(_grouped(place.text(value)) for value in node.values)


def _word(node: ast.BoolOp) -> str:
    return "and" if isinstance(node.op, ast.And) else "or"


def _grouped(text: str) -> str:
    """In parentheses when `and` or `or` would tear the text apart."""
    node = ast.parse(f"({text}\n)", mode="eval").body
    return f"({text})" if isinstance(node, (ast.BoolOp, ast.IfExp, ast.Lambda, ast.NamedExpr)) else text


def examples() -> tuple[Example, ...]:
    return (
        Example("def f(a, b):\n    return a and b\n", "def f(a, b):\n    return a or b\n"),
        Example("def f(a, b):\n    return a or b\n", "def f(a, b):\n    return b\n"),
        Example(
            "def f(a):\n    if a.x > 1:\n        return 1\n", "def f(a):\n    if a.x > 1 and a:\n        return 1\n"
        ),
    )
