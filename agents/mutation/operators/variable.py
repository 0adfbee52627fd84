"""The wrong variable: another name of the same scope was meant."""

import ast
import builtins
from collections.abc import Iterator

from agents.mutation.edit import Edit, Example
from agents.mutation.ingredients import attributes, globals_of, locals_of, similar
from agents.mutation.place import Place

name = "variable"
pattern = "one variable is used where another is meant"
prior = 0.8

_CHOICES = 5


def propose(place: Place) -> Iterator[Edit]:
    own, shared = locals_of(place), globals_of(place)
    members = [f"self.{name}" for name in attributes(place, "self")]
    for node in place.loads(ast.Name):
        if node.id not in ("self", "cls"):
            for rank, other in enumerate(_choices(place, node, own, shared, members)):
                yield place.replace(node, other, weight=0.85**rank)


def _choices(place: Place, node: ast.Name, own: list[str], shared: list[str], members: list[str]) -> list[str]:
    parent = place.parents[node]
    called = isinstance(parent, ast.Call) and parent.func is node
    if called or node.id in shared or hasattr(builtins, node.id):
        return similar(node.id, shared, 3)
    same = [member for member in members if member == f"self.{node.id}"]
    return [*same, *similar(node.id, own, _CHOICES)]


def examples() -> tuple[Example, ...]:
    return (
        Example(
            "def f(width, height):\n    return width * width\n", "def f(width, height):\n    return width * height\n"
        ),
        Example(
            "class A:\n    def f(self, n):\n        return self.n + n\n",
            "class A:\n    def f(self, n):\n        return self.n + self.n\n",
        ),
    )
