"""The wrong exception is caught or raised, or none is caught where one is expected."""

import ast
from collections.abc import Iterator

from agents.mutation.edit import Edit, Example
from agents.mutation.place import Place
from agents.source import FUNCTIONS

name = "exceptions"
pattern = "an error is not caught, or the wrong one is raised"
prior = 0.5

COMMON = (
    "KeyError",
    "ValueError",
    "TypeError",
    "IndexError",
    "AttributeError",
    "OSError",
    "UnicodeError",
    "StopIteration",
)
FAMILY: dict[str, tuple[str, ...]] = {
    "AttributeError": ("TypeError", "KeyError"),
    "FileNotFoundError": ("OSError",),
    "IOError": ("OSError",),
    "ImportError": ("AttributeError",),
    "IndexError": ("LookupError", "KeyError"),
    "KeyError": ("LookupError", "AttributeError"),
    "ModuleNotFoundError": ("ImportError",),
    "TypeError": ("ValueError", "AttributeError"),
    "UnicodeDecodeError": ("UnicodeError", "ValueError"),
    "ValueError": ("TypeError", "ArithmeticError"),
}


def propose(place: Place) -> Iterator[Edit]:
    for handler in place.each(ast.ExceptHandler):
        if handler.type is not None:
            yield from _wider(place, handler.type)
    for node in place.each(ast.Raise):
        if isinstance(node.exc, ast.Call) and isinstance(node.exc.func, ast.Name):
            for other in FAMILY.get(node.exc.func.id, ("ValueError", "TypeError")):
                yield place.replace(node.exc.func, other, f"raises `{other}`", 0.7)
    for block in place.blocks():
        for statement in block:
            if _simple(place, statement):
                yield from _caught(place, statement)


def _wider(place: Place, caught: ast.expr) -> Iterator[Edit]:
    """The handler catches one more type."""
    names = [place.text(part) for part in (caught.elts if isinstance(caught, ast.Tuple) else [caught])]
    relatives = [other for name in names for other in FAMILY.get(name, ())]
    for rank, other in enumerate(dict.fromkeys([*relatives, *COMMON])):
        if other not in names:
            yield place.replace(caught, f"({', '.join([*names, other])})", f"also catches `{other}`", 0.9**rank)


def _simple(place: Place, statement: ast.stmt) -> bool:
    inside = statement in place.parents and not isinstance(statement, (*FUNCTIONS, ast.ClassDef))
    calls = any(isinstance(part, (ast.Call, ast.Subscript)) for part in ast.walk(statement))
    return inside and calls and isinstance(statement, (ast.Assign, ast.Return, ast.Expr))


def _caught(place: Place, statement: ast.stmt) -> Iterator[Edit]:
    in_loop = isinstance(place.parents[statement], (ast.For, ast.While))
    way_on = "continue" if in_loop else "return None"
    body = place.lines([statement]).replace("\n", "\n    ")
    for rank, error in enumerate(COMMON):
        lines = f"try:\n    {body}\nexcept {error}:\n    {way_on}"
        yield from place.rewrite(statement, lines, f"`{error}` there means `{way_on}`", 0.4 * 0.9**rank)


def examples() -> tuple[Example, ...]:
    return (
        Example(
            "def f(a):\n    try:\n        g(a)\n    except KeyError:\n        pass\n",
            "def f(a):\n    try:\n        g(a)\n    except (KeyError, AttributeError):\n        pass\n",
        ),
        Example(
            "def f(a):\n    return int(a)\n",
            "def f(a):\n    try:\n        return int(a)\n    except ValueError:\n        return None\n",
        ),
    )
