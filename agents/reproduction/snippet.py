"""A failing test out of the code a report shows: the code as it stands, and what the report says it should give."""

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile

from agents.report import Claim, Snippet, Symptom
from agents.reproduction import claims, draft
from agents.reproduction.draft import Check
from agents.reproduction.project import Project
from agents.results import ReproductionTest

MAX_SNIPPETS = 8

_SHOWS_ONLY = {"pprint", "pp", "display", "help", "input", "exec"}


@dataclass(frozen=True, slots=True)
class _Unit:
    """Code that can run on its own, with the blocks of output the report shows after it."""

    label: str
    code: str
    outputs: tuple[Snippet, ...] = ()


def propose(symptom: Symptom, project: Project) -> Iterator[ReproductionTest]:
    """Pasted tests first; then each snippet alone, then with those before it that it builds on.

    What the report says in so many words comes before what only shows an error; an assertion of its own before all.
    """
    yield from _pasted_tests(symptom, project)
    for unit in _units(symptom.snippets):
        plain = tuple(_plain(unit, symptom, project))
        claimed = tuple(_claimed(unit, symptom, project))
        firm = any(claim.firm for claim in symptom.claims) or bool(symptom.should_raise)
        first = _asserts(unit) or (symptom.exception and not firm)
        yield from (*plain, *claimed) if first else (*claimed, *plain)


def _units(snippets: Sequence[Snippet]) -> Iterator[_Unit]:
    before: list[str] = []
    for number, at in enumerate([at for at, one in enumerate(snippets) if one.kind == "python"][:MAX_SNIPPETS], 1):
        code = snippets[at].text
        outputs = _outputs(snippets, at)
        yield _Unit(str(number), code, outputs)
        if before and _needs(code, before):
            yield _Unit(f"{number}_joined", "\n".join([*before, code]), outputs)
        before.append(code)


def _outputs(snippets: Sequence[Snippet], at: int) -> tuple[Snippet, ...]:
    following = []
    for snippet in snippets[at + 1 :]:
        if snippet.kind != "output":
            break
        following.append(snippet)
    return tuple(following)


def _needs(code: str, before: Sequence[str]) -> bool:
    """Does the code use a name that only an earlier snippet binds?"""
    return bool(draft.unbound(code) & draft.bound("\n".join(before)))


def _pasted_tests(symptom: Symptom, project: Project) -> Iterator[ReproductionTest]:
    for number, snippet in enumerate([one for one in symptom.snippets if one.kind == "test"], 1):
        imports = "\n".join(draft.missing_imports(snippet.text, project))
        path = f"test_report_pasted_{number}.py"
        for name in draft.test_names(snippet.text)[:MAX_SNIPPETS]:
            text = f"{imports}\n\n\n{snippet.text}\n" if imports else f"{snippet.text}\n"
            test_id = f"{path}::{name}" if project.runner == "pytest" else f"{path[:-3]}.{name.replace('::', '.')}"
            command = f"python -m {project.runner} {test_id}"
            yield ReproductionTest(id=test_id, origin="snippet", files={path: text}, command=command)


def _plain(unit: _Unit, symptom: Symptom, project: Project) -> Iterator[ReproductionTest]:
    """The code alone: it shows an exception, a failing assertion of its own, or a hang."""
    if not (symptom.exception or symptom.hangs or _asserts(unit)):
        return
    if test := draft.function("snippet", unit.label, unit.code, None, project):
        yield test
    if draft.wants_module(unit.code) and (test := draft.script("snippet", unit.label, unit.code, (), project)):
        yield test


def _asserts(unit: _Unit) -> bool:
    return any(isinstance(node, ast.Assert) for top in draft.statements(unit.code) for node in ast.walk(top))


def _claimed(unit: _Unit, symptom: Symptom, project: Project) -> Iterator[ReproductionTest]:
    """The code up to a statement, and an assertion of what the report says that statement should give."""
    checks = [*_raising(unit, symptom), *_checks(unit, symptom)]
    for number, (body, check) in enumerate(checks, 1):
        if test := draft.function("snippet", f"{unit.label}_claim_{number}", body, check, project):
            yield test


def _checks(unit: _Unit, symptom: Symptom) -> Iterator[tuple[str, Check]]:
    body = draft.statements(unit.code)
    lines = unit.code.split("\n")
    for node in body:
        claim = claims.in_comment(lines[(node.end_lineno or node.lineno) - 1])
        if claim and claim.expected and (check := value_check(node, unit.code, claim)):
            yield _before(node, lines), check
    for output in unit.outputs:
        if claims.expects(output.lead):
            yield unit.code, Check("lines", "", repr([line.rstrip() for line in output.text.strip().split("\n")]))
    asked = [node for node in body if _gives(node)]
    shown = [
        line for output in unit.outputs if not claims.expects(output.lead) for line in output.text.split("\n")[:20]
    ]
    for claim in symptom.claims:
        meant = _meant(asked, claim, shown)
        if meant and claim.expected and (check := value_check(meant, unit.code, claim)):
            yield _before(meant, lines), check


def _raising(unit: _Unit, symptom: Symptom) -> Iterator[tuple[str, Check]]:
    body = draft.statements(unit.code)
    if symptom.should_raise and any(_gives(node) for node in body):
        lines, head = unit.code.split("\n"), _imports_end(body)
        yield "\n".join(lines[:head]), Check("raises", "\n".join(lines[head:]).strip("\n"), symptom.should_raise)


def _imports_end(body: Sequence[ast.stmt]) -> int:
    """The line after the imports and definitions a snippet begins with: what comes then may be what should raise."""
    inert = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return max((node.end_lineno or 0 for node in takewhile(lambda node: isinstance(node, inert), body)), default=0)


def _meant(asked: Sequence[ast.stmt], claim: Claim, shown: Sequence[str]) -> ast.stmt | None:
    """The statement a claim speaks of: the one that prints such a line, else the last."""
    for node in reversed(asked):
        shape = _line_shape(node)
        if shape and any(shape.fullmatch(text) for text in (claim.expected, claim.observed, *shown)):
            return node
    return asked[-1] if asked else None


def _line_shape(node: ast.stmt) -> re.Pattern[str] | None:
    """What a line printed from an f-string looks like; None for all other statements."""
    match node:
        case ast.Expr(value=ast.Call(func=ast.Name(id="print"), args=[ast.JoinedStr(values=values)])):
            parts = (re.escape(str(part.value)) if isinstance(part, ast.Constant) else ".*" for part in values)
            return re.compile("".join(parts), re.S)
    return None


def _before(node: ast.stmt, lines: Sequence[str]) -> str:
    """The code above a statement, and the statement itself when its value is looked at by name."""
    keep = (node.end_lineno or node.lineno) if isinstance(node, ast.Assign) else node.lineno - 1
    return "\n".join(lines[:keep])


def _gives(node: ast.stmt) -> bool:
    match node:
        case ast.Expr(value=ast.Call(func=ast.Name(id=name))):
            return name not in _SHOWS_ONLY
        case ast.Expr() | ast.Assign(targets=[ast.Name()]):
            return True
    return False


def value_check(node: ast.stmt, code: str, claim: Claim) -> Check | None:
    """The assertion that `node` gives what the claim expects; None when the statement gives nothing to look at."""
    match node:
        case ast.Expr(value=ast.Call(func=ast.Name(id="print"), args=[ast.JoinedStr() as shown], keywords=[])):
            line = _filled(node, shown, claim.expected)
            return Check("equal", _source(shown, code), repr(line)) if line else None
        case ast.Expr(value=ast.Call(func=ast.Name(id="print"), args=[shown], keywords=[])):
            return Check("equal", f"str({_source(shown, code)})", repr(_printed(claim.expected)))
        case ast.Expr(value=ast.Call(func=ast.Name(id="print"))):
            return Check("lines", _source(node, code), repr([_printed(claim.expected)]))
        case ast.Expr(value=value):
            return _equal(_source(value, code), claim.expected)
        case ast.Assign(targets=[ast.Name(id=name)]):
            return _equal(name, claim.expected)
    return None


def _filled(node: ast.stmt, shown: ast.JoinedStr, expected: str) -> str:
    """The whole line an f-string should print: the report may give it, or only the value in its one hole."""
    shape = _line_shape(node)
    if shape and shape.fullmatch(expected):
        return expected
    holes = [part for part in shown.values if isinstance(part, ast.FormattedValue)]
    if len(holes) != 1:
        return ""
    parts = (str(part.value) if isinstance(part, ast.Constant) else _printed(expected) for part in shown.values)
    return "".join(parts)


def _equal(expression: str, expected: str) -> Check:
    if value := claims.literal(expected):
        return Check("equal", f"({expression})" if "\n" in expression else expression, value)
    return Check("equal", f"str({expression})", repr(expected))


def _source(node: ast.AST, code: str) -> str:
    return ast.get_source_segment(code, node) or ""


def _printed(expected: str) -> str:
    """What `print` shows of a value that the report wrote with or without quotes."""
    value = claims.literal(expected)
    if value[:1] in "\"'" and value:
        return str(ast.literal_eval(value)) if value[-1:] == value[0] else expected
    return expected
