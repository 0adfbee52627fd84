"""A case nobody thought of: nothing given, an empty value, a missing key. A guard is added, or one too many removed."""

import ast
from collections.abc import Iterator

from agents.mutation.edit import Edit, Example
from agents.mutation.ingredients import parameters
from agents.mutation.place import Place
from agents.source import FUNCTIONS

name = "guard"
pattern = "a special case is not handled"
prior = 0.7

_RETURNS = ("None", "''", "[]", "False", "0")


def propose(place: Place) -> Iterator[Edit]:
    yield from _early_returns(place)
    for node in place.loads(ast.Attribute):
        if isinstance(node.value, ast.Name) and node.value.id not in ("self", "cls") and not _called(place, node):
            yield place.replace(node, f"{node.value.id} and {place.text(node)}", weight=0.3)
    for index in place.loads(ast.Subscript):
        if not isinstance(index.slice, ast.Slice):
            yield place.replace(index, f"{place.text(index.value)}.get({place.text(index.slice)})", weight=0.4)
    for default in place.loads(ast.Name, ast.Attribute):
        if isinstance(place.parents[default], (ast.For, ast.Call, ast.Subscript)) and not _called(place, default):
            for empty in ("[]", "''", "{}"):
                yield place.replace(default, f"{place.text(default)} or {empty}", weight=0.25)
    yield from _unguarded(place)


def _early_returns(place: Place) -> Iterator[Edit]:
    """`if x is None: return ...` at the top, for each parameter; `continue` at the top of a loop."""
    if place.function is None:
        return
    first = next((s for s in place.function.body if s in place.parents), None)
    values = _returned(place)
    for argument in parameters(place) if first else []:
        for condition, weight in ((f"{argument.arg} is None", 0.8), (f"not {argument.arg}", 1.0)):
            for rank, value in enumerate(values):
                lines = f"if {condition}:\n    return {value}"
                why = f"when `{condition}`, return `{value}` at once"
                yield from place.before(_sure(first), lines, why, weight * 0.8**rank)
    for loop in place.each(ast.For):
        for name in [n.id for n in ast.walk(loop.target) if isinstance(n, ast.Name)][:2]:
            yield from place.before(loop.body[0], f"if not {name}:\n    continue", f"skip an empty `{name}`", 0.6)


def _returned(place: Place) -> list[str]:
    """What the function returns elsewhere when it is simple, then the usual empties."""
    simple = (ast.Constant, ast.Name, ast.List, ast.Tuple, ast.Dict)
    names = {argument.arg for argument in parameters(place)}
    found = [place.text(r.value) for r in place.each(ast.Return) if isinstance(r.value, simple)]
    own = [text for text in found if not text.isidentifier() or text in names or text in _RETURNS]
    return list(dict.fromkeys([*own, *sorted(names), *_RETURNS]))[:7]


def _unguarded(place: Place) -> Iterator[Edit]:
    for node in place.each(ast.If):
        if not node.orelse and not any(isinstance(part, FUNCTIONS) for part in ast.walk(node)):
            yield from place.rewrite(
                node, place.lines(node.body), f"always, not only if `{place.text(node.test)}`", 0.5
            )


def _called(place: Place, node: ast.expr) -> bool:
    parent = place.parents[node]
    return isinstance(parent, ast.Call) and parent.func is node


def _sure(statement: ast.stmt | None) -> ast.stmt:
    assert statement is not None
    return statement


def examples() -> tuple[Example, ...]:
    return (
        Example("def f(a):\n    return a[0]\n", "def f(a):\n    if not a:\n        return None\n    return a[0]\n"),
        Example("def f(a, k):\n    return a[k]\n", "def f(a, k):\n    return a.get(k)\n"),
        Example("def f(a):\n    if a > 1:\n        a = 1\n    return a\n", "def f(a):\n    a = 1\n    return a\n"),
    )
