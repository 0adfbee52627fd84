"""The wrong constant: a number one off, a flag the wrong way round, a text or number used elsewhere in the function."""

import ast
from collections.abc import Iterator

from agents.mutation.edit import Edit, Example
from agents.mutation.ingredients import constants
from agents.mutation.place import Place

name = "constant"
pattern = "a literal has the wrong value"
prior = 0.7

_NEARBY = 4


def propose(place: Place) -> Iterator[Edit]:
    for node in place.each(ast.Constant):
        for rank, text in enumerate(_others(place, node)):
            yield place.replace(node, text, weight=0.9**rank)


def _others(place: Place, node: ast.Constant) -> list[str]:
    nearby = [repr(value) for value in constants(place, type(node.value)) if value != node.value][:_NEARBY]
    own = {place.text(node), repr(node.value)}
    return [text for text in dict.fromkeys([*_standard(node.value), *nearby]) if text not in own]


def _standard(value: object) -> list[str]:
    match value:
        case bool():
            return [repr(not value), "None"]
        case int():
            return [repr(value + 1), repr(value - 1), "0", "1", "-1", "2", "None"]
        case float():
            return [repr(value + 1), repr(value - 1), "0.0", "1.0"]
        case str():
            return ["''", "' '", "None"] if value else ["None", "' '"]
        case bytes():
            return ["b''", "None"]
        case None:
            return ["''", "0", "False", "True", "[]", "{}", "()"]
    return []


def examples() -> tuple[Example, ...]:
    return (
        Example("def f(a):\n    return a * 60\n", "def f(a):\n    return a * 61\n"),
        Example("def f(a):\n    return g(a, strict=False)\n", "def f(a):\n    return g(a, strict=True)\n"),
        Example("def f(a):\n    return a.get('x', '')\n", "def f(a):\n    return a.get('x', None)\n"),
    )
