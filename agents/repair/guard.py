"""Refuse patches that game the tests instead of repairing the code, each with the reason in a sentence."""

import ast
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from agents.repair.difference import Change, Difference, difference
from agents.source import FUNCTIONS, tree_of

_TEST_FILE = re.compile(r"(^|/)tests?/|(^|/)(test_[^/]*|[^/]*_tests?|conftest)\.py$")
_PERHAPS_TESTS = frozenset({"test.py", "tests.py"})  # tests in a Django app, product code in werkzeug and jinja
_CONFIGURATION = frozenset({
    "pytest.ini", ".pytest.ini", "tox.ini", "setup.cfg", "pyproject.toml",
    "noxfile.py", ".coveragerc", "Jenkinsfile", "azure-pipelines.yml", ".gitlab-ci.yml",
    ".travis.yml", "appveyor.yml", "sitecustomize.py", "usercustomize.py",
})  # fmt: skip
_CI_DIRECTORIES = frozenset({".github", ".circleci", ".buildkite", ".gitlab"})
_TOOLS = frozenset({"pytest", "_pytest", "unittest", "nose", "mock", "doctest", "hypothesis", "pluggy"})
_EXITS = frozenset({
    "sys.exit", "os._exit", "os.abort", "os.kill", "os.killpg", "atexit.register",
    "exit", "quit", "SystemExit", "signal.raise_signal",
})  # fmt: skip
_SKIPS = frozenset({"skip", "skipif", "xfail", "skipTest", "SkipTest", "expectedFailure", "importorskip"})
_LOOKS = frozenset({
    "sys.argv", "sys._getframe", "sys._current_frames", "sys.settrace", "sys.setprofile", "sys.excepthook",
    "inspect.stack", "inspect.currentframe", "inspect.trace", "traceback.extract_stack", "traceback.walk_stack",
    "gc.get_objects", "gc.get_referrers",
})  # fmt: skip
_EVALUATES = frozenset({"exec", "eval", "__import__"})
_EVERYTHING = frozenset({"Exception", "BaseException"})


@dataclass(frozen=True)
class Oracle:
    """What judges a patch: the sources of the tests (their literals may not be special-cased) and their files."""

    tests: tuple[str, ...] = ()
    files: tuple[str, ...] = ()


def refuse(changes: Sequence[Change], oracle: Oracle = Oracle()) -> str | None:
    """The reason why this patch is not even tried, or None when nothing speaks against it."""
    for change in changes:
        if reason := _by_path(change, oracle):
            return reason
        found = difference(change) if change.path.endswith((".py", ".pyi")) else None
        if found and (reason := _by_content(found, change, oracle)):
            return reason
    return None


def is_test(path: str) -> bool:
    """Is this a file of tests, fixtures or test configuration, by its path?"""
    return bool(_TEST_FILE.search(path))


def _by_path(change: Change, oracle: Oracle) -> str | None:
    path, pure = change.path, PurePosixPath(change.path)
    holds_tests = pure.name in _PERHAPS_TESTS and re.search(r"\b(TestCase|pytest)\b", change.old)
    if is_test(path) or holds_tests or path in oracle.files:
        return f"It changes a test ({path}): a fix must leave the tests as they are."
    if pure.name in _CONFIGURATION or set(pure.parts) & _CI_DIRECTORIES:
        return f"It changes the configuration of tests or CI ({path})."
    if pure.stem in _TOOLS or pure.parts[0] in _TOOLS or pure.suffix == ".pth":
        return f"It adds {path}, which would take the place of the test tools."
    return None


def _by_content(found: Difference, change: Change, oracle: Oracle) -> str | None:
    for rule in _RULES:
        if reason := rule(found):
            return reason
    return _special_case(found, change, oracle)


def added(found: Difference) -> Iterator[ast.AST]:
    """The nodes that the new statements have and the old ones have not."""
    old = Counter(ast.dump(node) for part in found.gone for node in ast.walk(part))
    for part in found.come:
        for node in ast.walk(part):
            dump = ast.dump(node)
            if old[dump]:
                old[dump] -= 1
            else:
                yield node


def removed(found: Difference) -> Iterator[ast.AST]:
    """The nodes that the old statements have and the new ones have not."""
    yield from added(Difference(found.come, found.gone, found.come_dumps, found.gone_dumps))


def dotted(node: ast.AST) -> str:
    """`sys.exit` of an expression that is a dotted name, else ""."""
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=value, attr=attr):
            return f"{base}.{attr}" if (base := dotted(value)) else attr
    return ""


def _exits(found: Difference) -> str | None:
    names = {dotted(node) for node in added(found)} & _EXITS
    return f"It ends the process (`{min(names)}`), and with it the tests." if names else None


def _skips(found: Difference) -> str | None:
    for node in added(found):
        if isinstance(node, (ast.Attribute, ast.Name)) and dotted(node).split(".")[-1] in _SKIPS:
            return f"It skips tests (`{dotted(node)}`)."
    return None


def _touches_tools(found: Difference) -> str | None:
    for node in added(found):
        names = [alias.name for alias in node.names] if isinstance(node, (ast.Import, ast.ImportFrom)) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        names += [node.id] if isinstance(node, ast.Name) else []
        if tools := {name.split(".")[0] for name in names} & _TOOLS:
            return f"It imports or changes the test tools (`{min(tools)}`)."
    return None


def _looks_around(found: Difference) -> str | None:
    for node in added(found):
        if dotted(node) in _LOOKS:
            return f"It looks at who is calling (`{dotted(node)}`) instead of what is asked."
        text = node.value if isinstance(node, ast.Constant) else None
        if isinstance(text, str) and (text.startswith("PYTEST_") or text in _TOOLS):
            return f"It asks whether tests are running (`{text}`)."
        if isinstance(node, ast.Call) and dotted(node.func) in _EVALUATES:
            return f"It evaluates text as code (`{dotted(node.func)}`)."
    return None


def _catches_everything(found: Difference) -> str | None:
    for node in added(found):
        if isinstance(node, ast.ExceptHandler) and _is_everything(node.type) and _swallows(node.body):
            return "It catches every exception and goes on as if nothing had happened."
        if (
            isinstance(node, ast.Call)
            and dotted(node.func).endswith("suppress")
            and any(map(_is_everything, node.args))
        ):
            return "It suppresses every exception."
    return None


def _is_everything(node: ast.expr | None) -> bool:
    parts = node.elts if isinstance(node, ast.Tuple) else [node]
    return any(part is None or dotted(part) in _EVERYTHING for part in parts)


def _swallows(body: list[ast.stmt]) -> bool:
    return not any(isinstance(node, ast.Raise) for statement in body for node in ast.walk(statement))


def _equals_everything(found: Difference) -> str | None:
    for part in found.come:
        for node in ast.walk(part):
            if isinstance(node, FUNCTIONS) and node.name in ("__eq__", "__ne__") and _returns_constant(node):
                return f"`{node.name}` returns the same for everything."
    return None


def _returns_constant(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    returns = [part.value for part in ast.walk(node) if isinstance(part, ast.Return)]
    return bool(returns) and all(isinstance(value, ast.Constant) and isinstance(value.value, bool) for value in returns)


def _drops_assertions(found: Difference) -> str | None:
    kept = sum(isinstance(node, ast.Assert) for part in found.come for node in ast.walk(part))
    had = sum(isinstance(node, ast.Assert) for part in found.gone for node in ast.walk(part))
    return "It deletes an assertion." if kept < had else None


def _special_case(found: Difference, change: Change, oracle: Oracle) -> str | None:
    """A new comparison with a telling literal that only the tests know."""
    literals = telling_literals(oracle) - _literals(change.old)
    for node in added(found):
        compared = _compared(node)
        for constant in compared:
            if (type(constant), constant) in literals:
                return f"It compares with {constant!r}, a value of the test."
    return None


def _compared(node: ast.AST) -> list[object]:
    match node:
        case ast.Compare():
            parts: list[ast.expr | None] = [node.left, *node.comparators]
        case ast.MatchValue():
            parts = [node.value]
        case ast.Dict():
            parts = list(node.keys)
        case _:
            return []
    return [inner.value for part in parts if part for inner in ast.walk(part) if isinstance(inner, ast.Constant)]


def telling_literals(oracle: Oracle) -> set[tuple[type, object]]:
    """Literals of the tests that nobody writes by chance: texts of four characters or more, numbers above 10."""
    return {found for text in oracle.tests for found in _literals(text) if _is_telling(found[1])}


def _is_telling(value: object) -> bool:
    if isinstance(value, (str, bytes)):
        return len(value) >= 4
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) > 10


def _literals(text: str) -> set[tuple[type, object]]:
    tree = tree_of(text)
    constants = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)] if tree else []
    return {(type(value), value) for value in constants}


_RULES: tuple[Callable[[Difference], str | None], ...] = (
    _exits, _skips, _touches_tools, _looks_around, _catches_everything, _equals_everything, _drops_assertions,
)  # fmt: skip
