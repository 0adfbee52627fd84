"""A failing test out of a traceback alone: the caller's own line, when it names nothing but
the project and constants."""

import ast
from collections.abc import Iterator

from agents.report import Frame, Symptom
from agents.reproduction import draft
from agents.reproduction.project import Project, import_for
from agents.results import ReproductionTest
from agents.source import tree_of

MAX_FRAMES = 6


def propose(symptom: Symptom, project: Project) -> Iterator[ReproductionTest]:
    """The printed line of each frame from the innermost caller out, if it can be run as it stands."""
    done: set[str] = set()
    for number, frame in enumerate(symptom.frames[: MAX_FRAMES * 4], 1):
        code = _statement(frame)
        if code and code not in done and _self_contained(code, project):
            done.add(code)
            if test := draft.function("traceback", str(number), code, None, project):
                yield test
        if len(done) == MAX_FRAMES:
            return


def _statement(frame: Frame) -> str:
    """The printed line without `return` or `yield`, which need a function around them."""
    code = frame.code.strip()
    for word in ("return ", "yield ", "raise "):
        code = code.removeprefix(word)
    return code


def _self_contained(code: str, project: Project) -> bool:
    """Does it call something, with every name in it known from the repository or Python itself?"""
    tree = tree_of(code)
    if tree is None:
        return False
    calls = any(isinstance(node, ast.Call) for node in ast.walk(tree))
    names = draft.unbound(code)
    ours = any(name in project.packages or name in project.names for name in names)
    return calls and ours and all(import_for(name, project) for name in names)
