"""The wrong value comes back, or none at all, or too early."""

import ast
from collections.abc import Iterator

from agents.mutation.edit import Edit, Example
from agents.mutation.ingredients import locals_of
from agents.mutation.place import Place

name = "return_value"
pattern = "a function returns the wrong value"
prior = 0.7

_EMPTIES = ("None", "True", "False", "0", "''", "[]", "{}")
_CHOICES = 5


def propose(place: Place) -> Iterator[Edit]:
    own = locals_of(place)
    for node in place.each(ast.Return, ast.Yield):
        if node.value is not None:
            others = [n for n in (*reversed(own[-_CHOICES:]), *_EMPTIES) if n != place.text(node.value)]
            for rank, other in enumerate(others):
                yield place.replace(node.value, other, f"returns `{other}`", weight=0.85**rank)
    yield from _missing(place, own)


def _missing(place: Place, own: list[str]) -> Iterator[Edit]:
    """`return x` at the end of a function that returns nothing there, and around a last call whose value is dropped."""
    if place.function is None or isinstance(place.function.body[-1], (ast.Return, ast.Raise)):
        return
    last = place.function.body[-1]
    if last in place.parents:
        for rank, other in enumerate(["self", *reversed(own)][:_CHOICES]):
            yield from place.after(last, f"return {other}", f"returns `{other}` at the end", 0.7 * 0.85**rank)
    if isinstance(last, ast.Expr) and last in place.parents:
        yield from place.rewrite(last, f"return {place.text(last.value)}", "returns what it computed", 1.0)


def examples() -> tuple[Example, ...]:
    return (
        Example("def f(a):\n    b = a + 1\n    return a\n", "def f(a):\n    b = a + 1\n    return b\n"),
        Example("def f(a):\n    g(a)\n", "def f(a):\n    return g(a)\n"),
    )
