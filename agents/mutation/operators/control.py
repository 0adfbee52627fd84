"""The wrong way on: break for continue, if for while, yield for yield from."""

import ast
from collections.abc import Iterator

from agents.mutation.edit import Edit, Example
from agents.mutation.place import Place

name = "control"
pattern = "a loop or branch goes on the wrong way"
prior = 0.6

_WORDS: dict[type[ast.stmt], tuple[str, ...]] = {
    ast.Break: ("continue", "pass", "return"),
    ast.Continue: ("break", "pass", "return"),
    ast.Pass: ("continue", "break", "return"),
}


def propose(place: Place) -> Iterator[Edit]:
    for statement in place.each(ast.Break, ast.Continue, ast.Pass):
        for word in _WORDS[type(statement)]:
            yield from place.rewrite(statement, word, f"`{place.text(statement)}` becomes `{word}`")
    for loop in place.each(ast.While, ast.If):
        old, new = ("while", "if") if isinstance(loop, ast.While) else ("if", "while")
        start = place.source.span(loop)[0]
        if place.source.text.startswith(old, start) and not loop.orelse:
            yield place.cut(start, start + len(old), new, f"`{old}` becomes `{new}`", loop.lineno, 0.4)
    for node in place.each(ast.Yield):
        if node.value is not None:
            yield place.replace(node, f"yield from {place.text(node.value)}", weight=0.6)
    for delegated in place.each(ast.YieldFrom):
        yield place.replace(delegated, f"yield {place.text(delegated.value)}", weight=0.6)
    for branch in place.each(ast.If):
        yield from _elif(place, branch)


def _elif(place: Place, branch: ast.If) -> Iterator[Edit]:
    """`elif` becomes an `if` of its own: both may be true."""
    for inner in branch.orelse[:1]:
        start = place.source.span(inner)[0]
        if isinstance(inner, ast.If) and place.source.text.startswith("elif", start):
            yield place.cut(start, start + 4, "if", "`elif` becomes `if`: both may be true", inner.lineno, 0.7)


def examples() -> tuple[Example, ...]:
    return (
        Example(
            "def f(a):\n    for x in a:\n        if x:\n            break\n",
            "def f(a):\n    for x in a:\n        if x:\n            continue\n",
        ),
        Example("def f(a):\n    yield a\n", "def f(a):\n    yield from a\n"),
    )
