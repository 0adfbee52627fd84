"""The wrong default of a parameter."""

import ast
from collections.abc import Iterator

from agents.mutation.edit import Edit, Example
from agents.mutation.place import Place

name = "default"
pattern = "a parameter has the wrong default"
prior = 0.5


def propose(place: Place) -> Iterator[Edit]:
    if place.function is None:
        return
    spec = place.function.args
    for node in (*spec.defaults, *(default for default in spec.kw_defaults if default)):
        others = [text for text in _others(node) if text != place.text(node)]
        for rank, text in enumerate(others):
            yield place.replace(node, text, f"a default: `{place.text(node)}` becomes `{text}`", 0.85**rank)


def _others(node: ast.expr) -> tuple[str, ...]:
    match node:
        case ast.Constant(value=bool() as flag):
            return (repr(not flag), "None")
        case ast.Constant(value=int() | float() as number):
            return (repr(number + 1), repr(number - 1), "0", "1", "None", "float('inf')")
        case ast.Constant(value=str()):
            return ("None", "''")
        case ast.Constant(value=None):
            return ("''", "()", "0", "True", "False")
    return ("None", "()")


def examples() -> tuple[Example, ...]:
    return (Example("def f(a, strict=False):\n    pass\n", "def f(a, strict=True):\n    pass\n"),)
