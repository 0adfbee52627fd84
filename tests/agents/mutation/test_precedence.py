"""An expression put in another's place is read as one: parentheses where they are needed, none elsewhere."""

import ast

import pytest

from agents.mutation.apply import apply
from agents.mutation.place import places
from agents.source import parse

CASES = [
    ("y = a * b\n", "a", "x + 1", "y = (x + 1) * b\n"),
    ("y = a * b\n", "b", "x * 1", "y = a * (x * 1)\n"),
    ("y = a * b\n", "a", "x * 1", "y = x * 1 * b\n"),
    ("y = a ** b\n", "a", "-x", "y = (-x) ** b\n"),
    ("y = a ** b\n", "b", "x ** 2", "y = a ** x ** 2\n"),
    ("y = f(a)\n", "a", "x or z", "y = f(x or z)\n"),
    ("y = a and b\n", "a", "x or z", "y = (x or z) and b\n"),
    ("y = not a\n", "a", "x and z", "y = not (x and z)\n"),
    ("y = a.b\n", "a", "x or z", "y = (x or z).b\n"),
    ("y = a < b\n", "b", "x is None", "y = a < (x is None)\n"),
    ("y = a\n", "a", "x if z else w", "y = x if z else w\n"),
    ("y = a if b else c\n", "a", "x if z else w", "y = (x if z else w) if b else c\n"),
    ("y = (a) * b\n", "a", "x + 1", "y = (x + 1) * b\n"),
    ("y = a[b]\n", "b", "x + 1", "y = a[x + 1]\n"),
    ("y = f(*a)\n", "a", "x or z", "y = f(*(x or z))\n"),
]


@pytest.mark.parametrize(("text", "name", "new", "expected"), CASES)
def test_parentheses_come_where_they_are_needed(text: str, name: str, new: str, expected: str) -> None:
    source = parse("m.py", text)
    assert source
    place = places(source)[0]
    node = next(node for node in place.loads(ast.Name) if node.id == name)
    assert apply(text, place.replace(node, new)) == expected


def test_the_generator_that_is_a_call_s_only_argument_keeps_the_call_s_parentheses() -> None:
    text = "y = any(x for x in a)\n"
    source = parse("m.py", text)
    assert source
    place = places(source)[0]
    node = next(place.each(ast.GeneratorExp))
    assert apply(text, place.replace(node, "list(a)")) == "y = any(list(a))\n"
