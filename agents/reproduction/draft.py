"""Test files written from a report's code: its statements kept, imports it left out added, its
claims as assertions."""

import ast
import builtins
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from agents.reproduction.project import Project, import_for
from agents.results import ReproductionTest
from agents.source import tree_of

Origin = Literal["snippet", "session", "command", "traceback", "model"]

_PRINTED = "printed = [line.rstrip() for line in {}.strip().splitlines()]"
_SCOPED = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True, slots=True)
class Check:
    """An assertion. equal: `left == right`; lines: `left` was to print `right`; raises: `left` was
    to raise `right`."""

    kind: Literal["equal", "lines", "raises"]
    left: str
    right: str


def function(origin: Origin, label: str, code: str, check: Check | None, project: Project) -> ReproductionTest | None:
    """A test whose body is the code; definitions stay at module level, where classes and star imports belong."""
    tree = tree_of(code)
    if tree is None or not (tree.body or check):
        return None
    above, body = _split(code, tree)
    if "\nawait " in f"\n{body}" or _awaits(body):
        body = _awaited(body)
        check = None
    imports = missing_imports(
        "\n".join(filter(None, (code, check.left if check else "", check.right if check else ""))), project
    )
    return _test(origin, label, imports, above, body, check, project)


def script(origin: Origin, label: str, code: str, argv: Sequence[str], project: Project) -> ReproductionTest | None:
    """A test that runs the code, untouched but for missing imports, as a script of its own."""
    if tree_of(code) is None:
        return None
    name = f"report_{origin}_{label}.py"
    text = "\n".join([*missing_imports(code, project), code.rstrip(), ""])
    body = textwrap.dedent(
        f"""
        sys.argv = [{name!r}{"".join(f", {arg!r}" for arg in argv)}]
        try:
            runpy.run_path(str(Path(__file__).with_name({name!r})), run_name="__main__")
        except SystemExit as stop:
            assert not stop.code
        """
    ).strip()
    test = _test(
        origin, f"{label}_script", ("import runpy", "import sys", "from pathlib import Path"), "", body, None, project
    )
    return ReproductionTest(id=test.id, origin=test.origin, files={name: text, **test.files}, command=test.command)


def pasted(origin: Origin, label: str, code: str, runner: str) -> ReproductionTest | None:
    """A test module as somebody wrote it; its first test is the one that counts. None when it holds no test."""
    name = next(iter(test_names(code)), "")
    if not name:
        return None
    path = f"test_report_{origin}_{label}.py"
    test_id = f"{path}::{name}" if runner == "pytest" else f"{path[:-3]}.{name.replace('::', '.')}"
    return ReproductionTest(id=test_id, origin=origin, files={path: code}, command=f"python -m {runner} {test_id}")


def test_names(code: str) -> list[str]:
    """The tests a module defines: functions, and methods as `Class::method`."""
    names = []
    for node in statements(code):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test"):
            names.append(node.name)
        elif isinstance(node, ast.ClassDef):
            methods = (inner.name for inner in node.body if isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef))
            names += [f"{node.name}::{method}" for method in methods if method.startswith("test")]
    return names


def missing_imports(code: str, project: Project) -> tuple[str, ...]:
    """Imports for names the code uses and never binds, where the repository or Python itself knows them."""
    if "import *" in code:
        return ()
    calls = (node.func for top in statements(code) for node in ast.walk(top) if isinstance(node, ast.Call))
    called = {node.id for node in calls if isinstance(node, ast.Name)}
    found = (import_for(name, project, called=name in called) for name in sorted(unbound(code)))
    return tuple(statement for statement in found if statement)


def statements(code: str) -> list[ast.stmt]:
    """The statements of the code; none when it does not parse."""
    tree = tree_of(code)
    return tree.body if tree else []


def unbound(code: str) -> set[str]:
    """Names the code uses but neither binds nor gets from Python itself."""
    tree = tree_of(code)
    return _loaded(tree) - _bound(tree) - set(dir(builtins)) if tree else set()


def bound(code: str) -> set[str]:
    """Names the code binds."""
    tree = tree_of(code)
    return _bound(tree) if tree else set()


def wants_module(code: str) -> bool:
    """Does the code hold something that means another thing inside a function: a class, a star
    import, a main guard?"""
    tree = tree_of(code)
    return tree is not None and ("__name__" in code or any(_needs_module(node) for node in tree.body))


def indented(code: str, columns: int) -> str:
    """Indent statements, but not the lines inside a string that runs over several."""
    tree = tree_of(code)
    strings = (ast.Constant, ast.JoinedStr)
    spans = [node for node in ast.walk(tree) if isinstance(node, strings)] if tree else []
    inside = {line for node in spans for line in range(node.lineno + 1, (node.end_lineno or node.lineno) + 1)}
    pad = " " * columns
    lines = enumerate(code.split("\n"), 1)
    return "\n".join(line if number in inside or not line.strip() else pad + line for number, line in lines)


def _loaded(tree: ast.Module) -> set[str]:
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}


def _bound(tree: ast.Module) -> set[str]:
    return {name for node in ast.walk(tree) for name in _binds(node)}


def _binds(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
            yield name
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.Import(names=names) | ast.ImportFrom(names=names):
            yield from ((alias.asname or alias.name).split(".")[0] for alias in names)
        case ast.arg(arg=name) | ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)):
            yield name


def _split(code: str, tree: ast.Module) -> tuple[str, str]:
    """What must stand at module level (up to the last definition), and what goes into the test."""
    lines = code.split("\n")
    last = max((node.end_lineno or 0 for node in tree.body if _needs_module(node)), default=0)
    return "\n".join(lines[:last]), _main_body(lines[last:])


def _needs_module(node: ast.stmt) -> bool:
    star = isinstance(node, ast.ImportFrom) and (node.names[0].name == "*" or node.module == "__future__")
    return star or isinstance(node, _SCOPED)


def _main_body(lines: Sequence[str]) -> str:
    """`if __name__ == "__main__":` guards fall away: a test is always the main program."""
    text = textwrap.dedent("\n".join(lines)).strip("\n")
    tree = tree_of(text)
    for node in tree.body if tree else ():
        if isinstance(node, ast.If) and "__name__" in ast.unparse(node.test):
            rows = text.split("\n")
            inside = textwrap.dedent("\n".join(rows[node.body[0].lineno - 1 : node.end_lineno]))
            return "\n".join([*rows[: node.lineno - 1], inside, *rows[node.end_lineno or len(rows) :]]).strip("\n")
    return text


def _awaits(body: str) -> bool:
    tree = tree_of(body)
    waiting = (ast.Await, ast.AsyncFor, ast.AsyncWith)
    return tree is not None and any(isinstance(node, waiting) for top in tree.body for node in ast.walk(top))


def _awaited(body: str) -> str:
    return f"import asyncio\n\nasync def main():\n{indented(body, 4)}\n\nasyncio.run(main())"


# --- the file --------------------------------------------------------------------------------------------------------


def _test(
    origin: Origin, label: str, imports: Sequence[str], above: str, body: str, check: Check | None, project: Project
) -> ReproductionTest:
    path = f"test_report_{origin}_{label}.py"
    if project.runner == "unittest":
        text, test_id = _unittest_file(imports, above, body, check), f"{path[:-3]}.TestReport.test_report"
    else:
        text, test_id = _pytest_file(imports, above, body, check), f"{path}::test_report"
    return ReproductionTest(
        id=test_id, origin=origin, files={path: text}, command=f"python -m {project.runner} {test_id}"
    )


def _pytest_file(imports: Sequence[str], above: str, body: str, check: Check | None) -> str:
    fixture = "capsys" if check and check.kind == "lines" else ""
    needs = ("import pytest",) if check and check.kind == "raises" else ()
    inner = _join(body, _pytest_check(check)) or "pass"
    head = _head((*needs, *imports), above)
    return f"{head}def test_report({fixture}):\n{indented(inner, 4)}\n"


def _pytest_check(check: Check | None) -> str:
    match check:
        case Check(kind="equal", left=left, right=right):
            return f"assert {left} == {right}"
        case Check(kind="lines", left=left, right=right):
            return f"{left}\n{_PRINTED.format('capsys.readouterr().out')}\nassert printed == {right}"
        case Check(kind="raises", left=left, right=right):
            return f"with pytest.raises({right}):\n{indented(left, 4)}"
    return ""


def _unittest_file(imports: Sequence[str], above: str, body: str, check: Check | None) -> str:
    inner = indented(_join(body, _unittest_check(check)) or "pass", 8)
    head = _head(("import contextlib", "import io", "import unittest", *imports), above)
    return f"{head}class TestReport(unittest.TestCase):\n    def test_report(self):\n{inner}\n"


def _unittest_check(check: Check | None) -> str:
    match check:
        case Check(kind="equal", left=left, right=right):
            return f"self.assertEqual({left}, {right})"
        case Check(kind="lines", left=left, right=right):
            printed = _PRINTED.format("out.getvalue()")
            head = f"out = io.StringIO()\nwith contextlib.redirect_stdout(out):\n{indented(left or 'pass', 4)}"
            return f"{head}\n{printed}\nself.assertEqual(printed, {right})"
        case Check(kind="raises", left=left, right=right):
            return f"with self.assertRaises({right}):\n{indented(left, 4)}"
    return ""


def _join(*parts: str) -> str:
    return "\n".join(part for part in parts if part.strip())


def _head(imports: Sequence[str], above: str) -> str:
    """Imports that were added, then what the report had at module level; a __future__ import must stay first."""
    lines = above.split("\n") if above else []
    future = [line for line in lines if line.startswith("from __future__")]
    rest = "\n".join(line for line in lines if line not in future).strip("\n")
    added = "\n".join(dict.fromkeys([*future, *imports]))
    return "".join(f"{part}\n\n\n" for part in (added, rest) if part)
