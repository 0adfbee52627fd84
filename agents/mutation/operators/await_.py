"""A coroutine that nobody waits for."""

import ast
from collections.abc import Iterator

from agents.mutation.edit import Edit, Example
from agents.mutation.place import Place

name = "await"
pattern = "`await` is missing, or one too many"
prior = 0.7


def propose(place: Place) -> Iterator[Edit]:
    if not isinstance(place.node, ast.AsyncFunctionDef):
        return
    for call in place.each(ast.Call):
        if not isinstance(place.parents[call], ast.Await):
            yield place.replace(call, f"await {place.text(call)}")
    for node in place.each(ast.Await):
        yield place.replace(node, place.text(node.value), weight=0.5)


def examples() -> tuple[Example, ...]:
    return (Example("async def f(a):\n    return a.read()\n", "async def f(a):\n    return await a.read()\n"),)
