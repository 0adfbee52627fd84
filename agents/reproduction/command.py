"""A failing test out of a command line the report shows: a module, a `-c` program or the project's own command."""

import shlex
from collections.abc import Iterator, Sequence

from agents.report import Symptom
from agents.reproduction import draft
from agents.reproduction.project import Project
from agents.results import ReproductionTest

_SHELL_SIGNS = {"|", "||", "&", "&&", ";", "<", "<<", ">", ">>", "2>", "2>&1"}


def propose(symptom: Symptom, project: Project) -> Iterator[ReproductionTest]:
    """Each command that runs the project's own code, inside the test's own process so that its
    failure is seen whole."""
    for number, line in enumerate(symptom.commands, 1):
        words = _words(line)
        if not words or set(words) & _SHELL_SIGNS:
            continue
        code = _program(words, project)
        if code and (test := draft.function("command", str(number), code, None, project)):
            yield test


def _words(line: str) -> list[str]:
    try:
        words = shlex.split(line)
    except ValueError:
        return []
    while words and "=" in words[0] and words[0].split("=")[0].isidentifier():
        words = words[1:]
    return words


def _program(words: Sequence[str], project: Project) -> str:
    name, rest = words[0].rsplit("/", 1)[-1], list(words[1:])
    if target := project.scripts.get(name):
        module, _, function = target.partition(":")
        return _called(f"from {module} import {function.split('.')[0]}", f"{function}()", name, rest)
    if not name.startswith(("python", "py")) or name.startswith("pytest") or len(rest) < 2:
        return ""
    if rest[0] == "-c":
        return rest[1]
    if rest[0] == "-m" and rest[1].split(".")[0] in project.packages:
        call = f'runpy.run_module({rest[1]!r}, run_name="__main__", alter_sys=True)'
        return _called("import runpy", call, rest[1], rest[2:])
    return ""


def _called(statement: str, call: str, name: str, args: Sequence[str]) -> str:
    argv = ", ".join(repr(word) for word in (name, *args))
    lines = ("import sys", statement, "", f"sys.argv = [{argv}]", "try:", f"    {call}")
    return "\n".join([*lines, "except SystemExit as stop:", "    assert not stop.code"])
