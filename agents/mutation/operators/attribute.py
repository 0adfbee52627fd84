"""The wrong attribute: another one of the same object was meant."""

import ast
from collections.abc import Iterator

from agents.mutation.edit import Edit, Example
from agents.mutation.ingredients import attributes, called_attributes, similar
from agents.mutation.place import Place

name = "attribute"
pattern = "one attribute or method is used where another is meant"
prior = 0.6

_CHOICES = 4


def propose(place: Place) -> Iterator[Edit]:
    methods = called_attributes(place)
    for node in place.loads(ast.Attribute):
        base = node.value.id if isinstance(node.value, ast.Name) else ""
        called = isinstance(place.parents[node], ast.Call)
        pool = [name for name in attributes(place, base) if (name in methods) == called]
        for rank, other in enumerate(similar(node.attr, pool, _CHOICES)):
            yield place.replace(node, f"{place.text(node.value)}.{other}", weight=0.85**rank)
        if base == "self" and node.attr.startswith("_"):
            yield place.replace(node, f"self.{node.attr.lstrip('_')}", weight=0.5)
        if not called and node.attr.isidentifier() and base not in ("self", "cls"):
            yield place.replace(node, place.text(node.value), weight=0.3)


def examples() -> tuple[Example, ...]:
    return (
        Example(
            "def f(a):\n    a.end = 1\n    return a.start\n",
            "def f(a):\n    a.end = 1\n    return a.end\n",
        ),
    )
