"""Does an expression need parentheses where it is put? Python's order of precedence, as numbers."""

import ast

ATOM, UNARY, POWER, COMPARE, NOT, AND, OR, CONDITIONAL, LOOSE = 16, 13, 14, 6, 5, 4, 3, 2, 0
_BINARY: dict[type[ast.operator], int] = {
    ast.BitOr: 7, ast.BitXor: 8, ast.BitAnd: 9, ast.LShift: 10, ast.RShift: 10, ast.Add: 11, ast.Sub: 11,
    ast.Mult: 12, ast.Div: 12, ast.FloorDiv: 12, ast.Mod: 12, ast.MatMult: 12, ast.Pow: POWER,
}  # fmt: skip
_FIXED: dict[type[ast.AST], int] = {
    ast.Compare: COMPARE, ast.IfExp: CONDITIONAL, ast.Lambda: CONDITIONAL, ast.Await: 15,
    ast.NamedExpr: LOOSE, ast.Tuple: LOOSE, ast.Yield: LOOSE, ast.YieldFrom: LOOSE, ast.Starred: LOOSE,
}  # fmt: skip


def binding(node: ast.expr) -> int:
    """How tightly an expression holds together: 16 for an atom, 0 for what always needs parentheses."""
    match node:
        case ast.BinOp():
            return _BINARY[type(node.op)]
        case ast.BoolOp():
            return AND if isinstance(node.op, ast.And) else OR
        case ast.UnaryOp():
            return NOT if isinstance(node.op, ast.Not) else UNARY
        case ast.Constant(value=int() | float() | complex()):
            return ATOM - 1  # `1.real` does not parse
    return _FIXED.get(type(node), ATOM)


def required(parent: ast.AST, child: ast.expr) -> int:
    """How tightly an expression in `child`'s place must hold together to be read as one."""
    match parent:
        case ast.BinOp():
            groups_right = isinstance(parent.op, ast.Pow)
            return binding(parent) + int((child is parent.right) != groups_right)
        case ast.Compare():
            return COMPARE + 1
        case ast.BoolOp():
            return binding(parent) + 1
        case ast.UnaryOp():
            return binding(parent)
        case ast.IfExp():
            return CONDITIONAL if child is parent.orelse else OR
        case ast.Attribute() | ast.Await():
            return ATOM
    return _elsewhere(parent, child)


def _elsewhere(parent: ast.AST, child: ast.expr) -> int:
    if isinstance(parent, ast.Call):
        return ATOM if child is parent.func else CONDITIONAL
    if isinstance(parent, ast.Subscript):
        return ATOM if child is parent.value else CONDITIONAL
    if isinstance(parent, (ast.Starred, ast.comprehension)):
        return COMPARE + 1 if isinstance(parent, ast.Starred) else OR
    return CONDITIONAL
