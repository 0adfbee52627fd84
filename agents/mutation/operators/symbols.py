"""How Python writes its operators, and a node's text with another one in it."""

import ast

from agents.mutation.place import Place

COMPARISONS: dict[type[ast.cmpop], str] = {
    ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=",
    ast.Is: "is", ast.IsNot: "is not", ast.In: "in", ast.NotIn: "not in",
}  # fmt: skip
BINARY: dict[type[ast.operator], str] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "//", ast.Mod: "%", ast.Pow: "**",
    ast.MatMult: "@", ast.LShift: "<<", ast.RShift: ">>", ast.BitAnd: "&", ast.BitOr: "|", ast.BitXor: "^",
}  # fmt: skip


def other_comparison(place: Place, node: ast.Compare, index: int, other: type[ast.cmpop]) -> str:
    """The comparison with its `index`th operator exchanged, operands and spacing as they were."""
    operands = [node.left, *node.comparators]
    return _between(
        place, node, operands[index], operands[index + 1], COMPARISONS[type(node.ops[index])], COMPARISONS[other]
    )


def other_binary(place: Place, node: ast.BinOp, other: type[ast.operator]) -> str:
    return _between(place, node, node.left, node.right, BINARY[type(node.op)], BINARY[other])


def _between(place: Place, node: ast.expr, left: ast.expr, right: ast.expr, old: str, new: str) -> str:
    start, end = place.source.span(node)
    gap_start, gap_end = place.source.span(left)[1], place.source.span(right)[0]
    gap = place.source.text[gap_start:gap_end]
    spaced = " ".join(old.split())
    found = gap if old in gap else " ".join(gap.split())
    return place.source.text[start:gap_start] + found.replace(spaced, new, 1) + place.source.text[gap_end:end]
