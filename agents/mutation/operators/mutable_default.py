"""A default list or dict that is shared by all calls."""

import ast
from collections.abc import Iterator

from agents.mutation.edit import Edit, Example
from agents.mutation.place import Place

name = "mutable_default"
pattern = "a mutable default is shared by all calls"
prior = 1.0


def propose(place: Place) -> Iterator[Edit]:
    """One hunk from the default to the first statement: the default is None, the value is made anew in each call."""
    function = place.function
    first = next((s for s in function.body if s in place.parents), None) if function else None
    if function is None or first is None or (indent := place.source.indent(first)) is None:
        return
    for argument, default in _pairs(function.args):
        if _is_mutable(default):
            start, end = place.source.span(default)
            at = place.source.starts[first.lineno - 1]
            lines = (
                f"{indent}if {argument.arg} is None:",
                f"{indent}{place.step()}{argument.arg} = {place.text(default)}",
            )
            made = "".join(line + place.source.newline for line in lines)
            why = f"`{argument.arg}` is made anew in each call instead of shared"
            yield place.cut(start, at, f"None{place.source.text[end:at]}{made}", why, default.lineno)


def _pairs(spec: ast.arguments) -> Iterator[tuple[ast.arg, ast.expr]]:
    positional = [*spec.posonlyargs, *spec.args]
    yield from zip(positional[len(positional) - len(spec.defaults) :], spec.defaults, strict=True)
    yield from ((arg, default) for arg, default in zip(spec.kwonlyargs, spec.kw_defaults, strict=True) if default)


def _is_mutable(node: ast.expr) -> bool:
    made = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("list", "dict", "set")
    return made or isinstance(node, (ast.List, ast.Dict, ast.Set))


def examples() -> tuple[Example, ...]:
    return (
        Example(
            "def f(a, seen=[]):\n    seen.append(a)\n",
            "def f(a, seen=None):\n    if seen is None:\n        seen = []\n    seen.append(a)\n",
        ),
    )
