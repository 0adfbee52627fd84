"""What of a project's own pytest options applies here: all but reports, parallelism and their like."""

import configparser
import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path

_DROPPED = re.compile(
    r"--(no-)?(cov|junit-?\w*|html|self-contained|report|durations|reruns|timeout|benchmark|profile|randomly|random-order|dist"
    r"|tx|numprocesses|maxprocesses|maxfail|exitfirst|tb|color|verbose|quiet|verbosity|showlocals|capture|pdb|trace|cache"
    r"|ff|lf|nf|sw|failed-first|last-failed|new-first|stepwise|rootdir|basetemp|collect-only|co|header|summary|setup-show"
    r"|flake8|pylint|mypy|black|isort|ruff|pep8|pycodestyle|codestyle|nbval|testmon|picked|instafail|sugar|force-sugar"
    r"|alluredir|log-file|debug|cov-report|show-capture|fail-on-flaky|code-highlight)(?![\w])|--(cov|benchmark|reruns)-"
)
_DROPPED_SHORT = re.compile(r"-([vqxsl]+|r\w*|n\w*|c)$")
_TAKES_VALUE = re.compile(
    r"(-[pmkWnoc]|--(ignore|ignore-glob|deselect|import-mode|doctest-glob|doctest-report|confcutdir|ds|asyncio-mode"
    r"|junitxml|junit-xml|html|durations|reruns|timeout|dist|tx|maxfail|tb|color|basetemp|rootdir|cov-config|cov-report"
    r"|numprocesses|capture|log-level|log-file|cov))$"
)


def of_project(root: Path) -> tuple[str, ...]:
    """The options in effect for `root`, from the first configuration file, in pytest's order, that speaks of it."""
    return tuple(_kept(_words(next(_configured(root), ""))))


def _configured(root: Path) -> Iterator[str]:
    """`addopts` of each configuration file that counts, the one pytest would take first."""
    for name in ("pytest.ini", ".pytest.ini"):
        if (root / name).is_file():
            yield _ini(root / name, "pytest") or ""
    for path, section in (("pyproject.toml", ""), ("tox.ini", "pytest"), ("setup.cfg", "tool:pytest")):
        found = _toml(root / path) if not section else _ini(root / path, section)
        if found is not None:
            yield found


def _ini(path: Path, section: str) -> str | None:
    parser = configparser.RawConfigParser(strict=False)
    try:
        parser.read_string(path.read_text(errors="replace"))
    except (OSError, configparser.Error):
        return None
    return parser.get(section, "addopts", fallback="") if parser.has_section(section) else None


def _toml(path: Path) -> str | None:
    try:
        tool = tomllib.loads(path.read_text(errors="replace")).get("tool", {})
    except (OSError, tomllib.TOMLDecodeError):
        return None
    pytest = tool.get("pytest", {})
    table = pytest.get("ini_options", pytest)
    if not table:
        return None
    options = table.get("addopts", "")
    return shlex.join(map(str, options)) if isinstance(options, list) else str(options)


def _words(options: str) -> list[str]:
    try:
        return shlex.split(options, comments=True)
    except ValueError:
        return []


def _kept(words: list[str]) -> Iterator[str]:
    place = 0
    while place < len(words):
        word, following = words[place], words[place + 1 : place + 2]
        has_value = bool(_TAKES_VALUE.match(word) and following and not following[0].startswith("-"))
        if word.startswith("-") and not _DROPPED.match(word) and not _DROPPED_SHORT.match(word):
            yield from words[place : place + 1 + has_value]
        place += 1 + has_value
