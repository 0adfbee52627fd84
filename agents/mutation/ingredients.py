"""What a change can be made of: names, attributes, constants, calls and conditions of the same place and file."""

import ast
import builtins
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from functools import lru_cache

from agents.mutation.place import Place
from agents.source import FUNCTIONS, Source

Definition = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass
class _Index:
    """What a file holds by name; made once a file, because every operator asks."""

    definitions: dict[str, Definition] = field(default_factory=dict)
    calls: dict[str, list[ast.Call]] = field(default_factory=dict)
    attributes: dict[str, list[str]] = field(default_factory=dict)
    methods: set[str] = field(default_factory=set)


@lru_cache(maxsize=8)
def _index(source: Source) -> _Index:
    index = _Index()
    for node in ast.walk(source.tree):
        if isinstance(node, (*FUNCTIONS, ast.ClassDef)):
            _index_definition(index, node)
        elif isinstance(node, ast.Call):
            index.calls.setdefault(callee(node), []).append(node)
            if isinstance(node.func, ast.Attribute):
                index.methods.add(node.func.attr)
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            known = index.attributes.setdefault(node.value.id, [])
            if node.attr not in known:
                known.append(node.attr)
    return index


def _index_definition(index: _Index, node: Definition | ast.ClassDef) -> None:
    if isinstance(node, ast.ClassDef):
        initial = next((m for m in node.body if isinstance(m, FUNCTIONS) and m.name == "__init__"), None)
        if initial:
            index.definitions.setdefault(node.name, initial)
    else:
        index.definitions.setdefault(node.name, node)


def locals_of(place: Place) -> list[str]:
    """Parameters first, then the names assigned in the function, in order of appearance; never `self` and `cls`."""
    names = [argument.arg for argument in place.each(ast.arg)]
    names += [node.id for node in place.each(ast.Name) if isinstance(node.ctx, ast.Store)]
    return [name for name in dict.fromkeys(names) if name not in ("self", "cls", "_")]


def globals_of(place: Place) -> list[str]:
    """Names the module defines or imports."""
    found: list[str] = []
    for statement in place.source.tree.body:
        found += _defined_by(statement)
    return list(dict.fromkeys(found))


def _defined_by(statement: ast.stmt) -> list[str]:
    match statement:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            return [statement.name]
        case ast.Import() | ast.ImportFrom():
            return [(alias.asname or alias.name).split(".")[0] for alias in statement.names]
        case ast.Assign() | ast.AnnAssign():
            return [
                node.id
                for node in ast.walk(statement)
                if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
            ]
    return []


def parameters(place: Place) -> list[ast.arg]:
    """The function's own parameters, without `self`, `cls` and the starred ones."""
    if place.function is None:
        return []
    spec = place.function.args
    every = [*spec.posonlyargs, *spec.args, *spec.kwonlyargs]
    return [argument for argument in every if argument.arg not in ("self", "cls")]


def definition(place: Place, name: str) -> Definition | None:
    """The function or method `name` of this file, wherever it is defined; a class stands for its `__init__`."""
    return _index(place.source).definitions.get(name)


def callee(call: ast.Call) -> str:
    """The last part of what is called: `get` of `self.cache.get(x)`."""
    match call.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def calls(place: Place, name: str) -> list[ast.Call]:
    """Every call of `name` in the file."""
    return _index(place.source).calls.get(name, [])


def attributes(place: Place, base: str) -> list[str]:
    """Attributes the file reads or sets on the variable `base`."""
    return _index(place.source).attributes.get(base, [])


def called_attributes(place: Place) -> set[str]:
    """Attributes the file calls, on whatever object: methods, so to say."""
    return _index(place.source).methods


def constants(place: Place, kind: type) -> list[object]:
    """Other constants of a type in the same place."""
    values = (node.value for node in place.each(ast.Constant) if type(node.value) is kind)
    return list(dict.fromkeys(values))


def conditions(place: Place) -> Iterator[ast.expr]:
    """What `if`, `while`, conditional expressions and comprehensions ask."""
    for node in place.each(ast.If, ast.While, ast.IfExp):
        yield node.test
    for generator in place.each(ast.comprehension):
        yield from generator.ifs


def names_in(node: ast.AST) -> list[str]:
    """The variables an expression reads, builtins aside, in order."""
    found = [part.id for part in ast.walk(node) if isinstance(part, ast.Name)]
    return [name for name in dict.fromkeys(found) if not hasattr(builtins, name)]


def similar(name: str, others: Iterable[str], limit: int) -> list[str]:
    """The `limit` names most like `name`; equal likeness keeps the given order."""
    pool = [other for other in dict.fromkeys(others) if other != name]
    return sorted(pool, key=lambda other: -SequenceMatcher(None, name, other).ratio())[:limit]
