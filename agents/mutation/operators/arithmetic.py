"""The wrong sum: another operator, operands the wrong way round, an operand too many, a result out of bounds."""

import ast
from collections.abc import Iterator

from agents.mutation.edit import Edit, Example
from agents.mutation.operators.symbols import BINARY, other_binary
from agents.mutation.place import Place

name = "arithmetic"
pattern = "a calculation uses the wrong operator or operand"
prior = 0.7

OTHERS: dict[type[ast.operator], tuple[type[ast.operator], ...]] = {
    ast.Add: (ast.Sub, ast.Mult), ast.Sub: (ast.Add, ast.FloorDiv), ast.Mult: (ast.Div, ast.Add, ast.Pow, ast.FloorDiv),
    ast.Div: (ast.FloorDiv, ast.Mult, ast.Mod), ast.FloorDiv: (ast.Div, ast.Mod, ast.Mult),
    ast.Mod: (ast.FloorDiv, ast.Div), ast.Pow: (ast.Mult,),
    ast.LShift: (ast.RShift,), ast.RShift: (ast.LShift,), ast.MatMult: (ast.Mult,),
    ast.BitAnd: (ast.BitOr, ast.BitXor), ast.BitOr: (ast.BitAnd, ast.BitXor), ast.BitXor: (ast.BitOr, ast.BitAnd),
}  # fmt: skip


def propose(place: Place) -> Iterator[Edit]:
    for node in place.each(ast.BinOp):
        if _formats_text(node):
            continue
        for other in OTHERS[type(node.op)]:
            yield place.replace(node, other_binary(place, node, other))
        left, right = place.text(node.left), place.text(node.right)
        yield place.replace(node, left, weight=0.6)
        yield place.replace(node, right, weight=0.6)
        if not isinstance(node.op, (ast.Mult, ast.BitAnd, ast.BitOr, ast.BitXor)):
            yield place.replace(node, f"({right}) {BINARY[type(node.op)]} ({left})", weight=0.4)
        if isinstance(node.op, ast.Sub):
            yield place.replace(node, f"max({left} - {right}, 0)", weight=0.5)
            yield place.replace(node, f"abs({left} - {right})", weight=0.5)
    for negative in place.each(ast.UnaryOp):
        if isinstance(negative.op, (ast.USub, ast.Invert)):
            yield place.replace(negative, place.text(negative.operand), weight=0.6)


def _formats_text(node: ast.BinOp) -> bool:
    text = isinstance(node.left, (ast.JoinedStr, ast.Constant)) and not isinstance(
        getattr(node.left, "value", ""), (int, float, complex)
    )
    return isinstance(node.op, ast.Mod) and text


def examples() -> tuple[Example, ...]:
    return (
        Example("def f(a, b):\n    return a + b\n", "def f(a, b):\n    return a - b\n"),
        Example("def f(a, b):\n    return a * (b + 1)\n", "def f(a, b):\n    return a * (b)\n"),
        Example("def f(a, b):\n    return (a - b) * 2\n", "def f(a, b):\n    return (max(a - b, 0)) * 2\n"),
    )
