"""The wrong end of a slice or the wrong element: `[1:]` for `[:-1]`, `[0]` for `[-1]`."""

import ast
from collections.abc import Iterator

from agents.mutation.edit import Edit, Example
from agents.mutation.place import Place

name = "slice_bound"
pattern = "a slice or index takes the wrong part"
prior = 0.7


def propose(place: Place) -> Iterator[Edit]:
    for node in place.loads(ast.Subscript):
        whole, index = place.text(node.value), node.slice
        if isinstance(index, ast.Slice):
            for rank, (low, high, step) in enumerate(_bounds(place, index)):
                yield place.replace(node, f"{whole}[{low}:{high}{':' + step if step else ''}]", weight=0.9**rank)
        elif not isinstance(index, ast.Tuple):
            for rank, other in enumerate(_indices(place.text(index))):
                yield place.replace(node, f"{whole}[{other}]", weight=0.8**rank)


def _bounds(place: Place, bounds: ast.Slice) -> list[tuple[str, str, str]]:
    low, high, step = ("" if part is None else place.text(part) for part in (bounds.lower, bounds.upper, bounds.step))
    found = [
        ("", high, step),
        (low, "", step),
        (high, low, step),
        ("1", high, step),
        (low, "-1", step),
        (low, high, "-1"),
    ]
    for shift in (" + 1", " - 1"):
        found += [(f"{low}{shift}", high, step)] if low else []
        found += [(low, f"{high}{shift}", step)] if high else []
    return [choice for choice in dict.fromkeys(found) if choice != (low, high, step)]


def _indices(text: str) -> list[str]:
    return [other for other in ("-1", "0", "1", ":", f"-{text}" if text.isalnum() else "") if other not in ("", text)]


def examples() -> tuple[Example, ...]:
    return (
        Example("def f(a):\n    return a[1:]\n", "def f(a):\n    return a[:]\n"),
        Example("def f(a):\n    return a[0]\n", "def f(a):\n    return a[-1]\n"),
    )
