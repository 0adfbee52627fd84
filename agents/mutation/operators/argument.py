"""The wrong arguments: swapped, one too many, one replaced by another name of the scope."""

import ast
from collections.abc import Iterator
from itertools import pairwise

from agents.mutation.edit import Edit, Example
from agents.mutation.ingredients import callee, calls, definition, locals_of
from agents.mutation.place import Place

name = "argument"
pattern = "a call passes the wrong arguments"
prior = 0.8

_OTHER_CALLS = 2


def propose(place: Place) -> Iterator[Edit]:
    for call in place.each(ast.Call):
        for first, second in pairwise(call.args):
            yield _swapped(place, call, first, second)
        for dropped in call.args:
            yield _rebuilt(place, call, [a for a in call.args if a is not dropped], "loses an argument", 0.5)
        yield from _added(place, call)
        yield from _as_elsewhere(place, call)


def _swapped(place: Place, call: ast.Call, first: ast.expr, second: ast.expr) -> Edit:
    start, end = place.source.span(first)[0], place.source.span(second)[1]
    middle = place.source.text[place.source.span(first)[1] : place.source.span(second)[0]]
    text = f"{place.text(second)}{middle}{place.text(first)}"
    return place.cut(start, end, text, f"the arguments of `{callee(call)}` change places: `{text}`", first.lineno, 0.8)


def _added(place: Place, call: ast.Call) -> Iterator[Edit]:
    """A local name with the name of a parameter that the callee takes and the call does not pass."""
    target = definition(place, callee(call))
    if target is None:
        return
    given = {keyword.arg for keyword in call.keywords}
    names = [argument.arg for argument in (*target.args.args, *target.args.kwonlyargs)]
    missing = [n for n in names[len(call.args) :] if n not in given]
    own = [*locals_of(place), "self"]
    for name in missing:
        if name in own and name != "self":
            yield _rebuilt(place, call, call.args, f"passes `{name}` on", 1.0, f"{name}={name}")


def _as_elsewhere(place: Place, call: ast.Call) -> Iterator[Edit]:
    """Keywords another call of the same function passes."""
    given = {keyword.arg for keyword in call.keywords}
    others = [other for other in calls(place, callee(call)) if other is not call and callee(call)]
    found = [k for other in others for k in other.keywords if k.arg and k.arg not in given]
    for text in list(dict.fromkeys(place.text(keyword) for keyword in found))[:_OTHER_CALLS]:
        yield _rebuilt(place, call, call.args, f"passes `{text}` as another call does", 0.8, text)


def _rebuilt(place: Place, call: ast.Call, arguments: list[ast.expr], why: str, weight: float, extra: str = "") -> Edit:
    parts = [place.text(argument) for argument in arguments]
    parts += [place.text(keyword) for keyword in call.keywords]
    text = f"{place.text(call.func)}({', '.join([*parts, extra] if extra else parts)})"
    return place.replace(call, text, f"`{place.text(call)}` {why}", weight)


def examples() -> tuple[Example, ...]:
    return (
        Example("def f(a, b):\n    return g(b, a)\n", "def f(a, b):\n    return g(a, b)\n"),
        Example(
            "def g(a, base=10): ...\n\n\ndef f(a, base):\n    return g(a)\n",
            "def g(a, base=10): ...\n\n\ndef f(a, base):\n    return g(a, base=base)\n",
        ),
        Example("def f(a):\n    return round(a, 2)\n", "def f(a):\n    return round(a)\n"),
    )
