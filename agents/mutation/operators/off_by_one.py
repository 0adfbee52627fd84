"""One too many or one too few: in an index, a slice, a range, an argument, a comparison or a returned number."""

import ast
from collections.abc import Iterator

from agents.mutation.edit import Edit, Example
from agents.mutation.place import Place

name = "off_by_one"
pattern = "a count, index or limit is off by one"
prior = 0.9

_NUMERIC_CALLS = frozenset({"len", "int", "min", "max", "sum", "round", "abs", "find", "index", "count"})


def propose(place: Place) -> Iterator[Edit]:
    for node in _counts(place):
        text = place.text(node)
        if bare := _without_one(place, node):
            yield place.replace(node, bare)
        elif not isinstance(node, ast.Constant):
            operand = f"({text})" if isinstance(node, (ast.IfExp, ast.BoolOp, ast.Compare, ast.Lambda)) else text
            likely = 1.0 if _surely_a_number(node) else 0.5
            yield place.replace(node, f"{operand} + 1", weight=likely)
            yield place.replace(node, f"{operand} - 1", weight=likely)


def _counts(place: Place) -> Iterator[ast.expr]:
    """Expressions that stand where a number is counted with."""
    for node in place.loads(ast.Name, ast.Attribute, ast.Call, ast.BinOp, ast.Subscript):
        if _surely_a_number(node) or _in_a_counting_place(place, node):
            yield node


def _in_a_counting_place(place: Place, node: ast.expr) -> bool:
    match place.parents[node]:
        case ast.Subscript(slice=index):
            return index is node
        case ast.Slice():
            return True
        case ast.Call(func=ast.Name(id="range" | "islice" | "min" | "max")):
            return True
        case ast.Compare(ops=[ast.Lt() | ast.LtE() | ast.Gt() | ast.GtE(), *_]):
            return True
    return False


def _surely_a_number(node: ast.expr) -> bool:
    match node:
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
            return name in _NUMERIC_CALLS
        case ast.BinOp(op=ast.Add() | ast.Sub() | ast.FloorDiv() | ast.Mult(), right=ast.Constant(value=int())):
            return True
        case ast.BinOp(op=ast.Sub() | ast.FloorDiv()):
            return True
    return False


def _without_one(place: Place, node: ast.expr) -> str:
    match node:
        case ast.BinOp(op=ast.Add() | ast.Sub(), right=ast.Constant(value=1)):
            return place.text(node.left)
        case ast.BinOp(op=ast.Add(), left=ast.Constant(value=1)):
            return place.text(node.right)
    return ""


def examples() -> tuple[Example, ...]:
    return (
        Example("def f(a):\n    return a[len(a)]\n", "def f(a):\n    return a[len(a) - 1]\n"),
        Example("def f(n):\n    return range(n)\n", "def f(n):\n    return range(n + 1)\n"),
        Example("def f(a):\n    return a[: len(a) - 1]\n", "def f(a):\n    return a[: len(a)]\n"),
    )
