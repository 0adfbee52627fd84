"""A conversion is missing or one too many: `list(x)`, `str(x)`, `x.strip()`, `sorted(x)`."""

import ast
from collections.abc import Iterator

from agents.mutation.edit import Edit, Example
from agents.mutation.ingredients import callee
from agents.mutation.place import Place

name = "wrap"
pattern = "a value is used without a conversion, or converted once too often"
prior = 0.6
NEXT_DOOR = 2.0  # how much likelier a conversion is that the function makes elsewhere

FUNCTIONS = (
    "list", "str", "int", "sorted", "set", "tuple", "len", "float",
    "dict", "bool", "abs", "iter", "repr", "bytes", "max", "reversed",
)  # fmt: skip
METHODS = (
    "copy", "strip", "lower", "items", "values", "keys", "decode", "encode",
    "rstrip", "lstrip", "upper", "read",
)  # fmt: skip
_ONLY_REMOVED = (
    "frozenset", "round", "deepcopy", "escape", "quote", "unquote", "casefold", "abspath",
    "next", "split",
)  # fmt: skip
REMOVABLE = frozenset((*FUNCTIONS, *METHODS, *_ONLY_REMOVED))


def propose(place: Place) -> Iterator[Edit]:
    for call in place.each(ast.Call):
        if callee(call) in REMOVABLE and (inner := _inner(call)):
            yield place.replace(call, place.text(inner), weight=1.0)
    functions, methods = _weighed(place, FUNCTIONS), _weighed(place, METHODS)
    for node in place.loads(ast.Name, ast.Attribute, ast.Subscript, ast.Call, ast.GeneratorExp):
        if _is_a_value(place, node):
            text = place.text(node)
            inside = text.strip("()") if _own_call(place, node) else text
            for function, weight in functions:
                yield place.replace(node, f"{function}({inside})", weight=weight)
            for method, weight in methods if not isinstance(node, ast.GeneratorExp) else ():
                yield place.replace(node, f"{text}.{method}()", weight=0.9 * weight)


def _weighed(place: Place, names: tuple[str, ...]) -> list[tuple[str, float]]:
    """Conversions, likely ones first: what was forgotten here was often remembered next door."""
    used = {callee(call) for call in place.each(ast.Call) if _inner(call)}
    ordered = sorted(names, key=lambda name: name not in used)
    return [(name, (NEXT_DOOR if name in used else 1.0) * 0.9**rank) for rank, name in enumerate(ordered)]


def _inner(call: ast.Call) -> ast.expr | None:
    if len(call.args) == 1 and isinstance(call.func, ast.Name):
        return call.args[0]
    if not call.args and isinstance(call.func, ast.Attribute):
        return call.func.value
    return call.args[0] if len(call.args) == 1 and call.args else None


def _is_a_value(place: Place, node: ast.expr) -> bool:
    """Is this read as a value: not called, not the object of an attribute, not `self`?"""
    if isinstance(node, ast.Name) and node.id in ("self", "cls"):
        return False
    parent = place.parents[node]
    if isinstance(parent, ast.Expr):
        return False
    base = isinstance(parent, ast.Attribute) and not isinstance(node, (ast.Name, ast.Subscript))
    return not base and not (isinstance(parent, ast.Call) and parent.func is node)


def _own_call(place: Place, node: ast.expr) -> bool:
    return isinstance(node, ast.GeneratorExp) and isinstance(place.parents[node], ast.Call)


def examples() -> tuple[Example, ...]:
    return (
        Example("def f(a):\n    return a\n", "def f(a):\n    return list(a)\n"),
        Example("def f(a):\n    return str(a)\n", "def f(a):\n    return a\n"),
        Example("def f(a, b):\n    return b.x == a\n", "def f(a, b):\n    return b.x == a.lower()\n"),
    )
