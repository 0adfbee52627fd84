"""A small repository to write tests for, and reports about it."""

from pathlib import Path

from agents.logs import traces
from agents.report import Comment, Report, Symptom
from agents.reproduction import symptom

MODULE = '''"""Rounding and splitting."""


class SplitError(Exception):
    pass


def half_up(value):
    return int(value)


def split(total, parts):
    if parts == 0:
        raise SplitError(f"cannot split {total} into {parts} parts")
    return [total // parts] * parts
'''


def repository(root: Path) -> Path:
    """A package `coins` with one module, one suite and one command."""
    (root / "coins").mkdir(parents=True)
    (root / "coins" / "__init__.py").write_text("from coins.core import half_up, split\n")
    (root / "coins" / "core.py").write_text(MODULE)
    (root / "coins" / "__main__.py").write_text(
        "import sys\n\nfrom coins import split\n\nprint(split(int(sys.argv[1]), int(sys.argv[2])))\n"
    )
    (root / "tests").mkdir()
    (root / "tests" / "test_core.py").write_text(
        "from coins import split\n\n\ndef test_split_evenly():\n    assert split(9, 3) == [3, 3, 3]\n"
    )
    (root / "pyproject.toml").write_text(
        '[project]\nname = "coins"\nversion = "1.0"\n\n[project.scripts]\ncoins = "coins.core:split"\n'
    )
    return root


def told(text: str, title: str = "It is wrong", comments: tuple[str, ...] = ()) -> Symptom:
    """What is read from a report with this text."""
    report = Report(title=title, text=text, comments=tuple(Comment(author="ann", text=one) for one in comments))
    return symptom.read(report, traces.parse(symptom.full_text(report)))
