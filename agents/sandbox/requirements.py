"""What a project declares that its tests need: read from its files, never by running them."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from agents.sandbox import declarations
from agents.sandbox.declarations import Declaration

_TEST_GROUPS = ("test", "tests", "testing", "unittest", "pytest", "tests-mypy")
_DEV_GROUPS = ("dev", "develop", "development")
_TEST_FILES = (
    "requirements-test.txt", "requirements-tests.txt", "requirements-testing.txt", "requirements_test.txt",
    "requirements_tests.txt", "test-requirements.txt", "test_requirements.txt", "tests-requirements.txt",
    "requirements/test.txt", "requirements/tests.txt", "requirements/testing.txt", "requirements/test.in",
    "requirements/tests.in", "tests/requirements.txt", "test/requirements.txt", "requirements/pytest.txt",
)  # fmt: skip
_DEV_FILES = (
    "requirements-dev.txt", "requirements_dev.txt", "dev-requirements.txt", "requirements/dev.txt",
    "requirements/development.txt", "requirements/dev.in",
)  # fmt: skip
_MAIN_FILES = ("requirements.txt", "requirements/base.txt", "requirements/main.txt", "requirements/install.txt")
# tools that check, build, document or publish: no test imports them
_TOOLS = re.compile(
    r"sphinx|mkdocs|furo$|myst-|readthedocs|types-|.*-stubs$|flake8|pylint|mypy$|pyright|ruff$|black$|isort$|bandit$"
    r"|pre-commit|tox|nox$|twine$|build$|check-manifest|codespell|bump|cibuildwheel|safety$|interrogate|codecov|coveralls"
    r"|pip-tools|pip$|pip-audit|zest|towncrier|scriv$|ipython$|ipdb$|pdbpp|jupyter|notebook$|nbsphinx|commitizen|autoflake"
    r"|pyupgrade|yapf$|pydocstyle|pytest-cov$|pytest-xdist|pytest-sugar|pytest-randomly|invoke$|hatch$|poetry$|pdm$|uv$"
)
_NEVER_IN_LINES = re.compile(r"\s+#.*$|\s+--?hash[= ].*$|\s*\\$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirements:
    """`needed` is what the project itself needs, `for_tests` what its tests need besides; both as pip reads them."""

    needed: tuple[str, ...] = ()
    for_tests: tuple[str, ...] = ()

    def all(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*self.needed, *self.for_tests)))


def read(root: Path) -> tuple[Declaration, Requirements]:
    """The project's declaration and what its tests need, for the project whose files lie in `root`."""
    declaration = declarations.read(root)
    needed = list(declaration.needed) or [*_from_files(root, _MAIN_FILES)]
    tests = [*_from_groups(declaration.groups, _TEST_GROUPS), *_from_files(root, _TEST_FILES), *_from_tox(root)]
    if not any(_name(text).startswith("pytest") for text in tests):
        tests += [*_from_groups(declaration.groups, _DEV_GROUPS), *_from_files(root, _DEV_FILES)]
    own = canonicalize_name(declaration.name) if declaration.name else ""
    return declaration, Requirements(
        needed=tuple(_valid(needed, own)), for_tests=tuple(text for text in _valid(tests, own) if not is_tool(text))
    )


def is_tool(requirement: str) -> bool:
    return _TOOLS.match(_name(requirement)) is not None


def _name(requirement: str) -> str:
    found = re.match(r"[\w.-]+", requirement.strip())
    return canonicalize_name(found[0]) if found else ""


def _valid(texts: Iterable[str], own: str) -> Iterator[str]:
    """Those that name a package of an index: no addresses, no paths, not the project itself, each once."""
    seen = set()
    for text in texts:
        try:
            requirement = Requirement(text)
        except InvalidRequirement:
            continue
        name = canonicalize_name(requirement.name)
        if requirement.url is None and name != own and str(requirement) not in seen:
            seen.add(str(requirement))
            yield str(requirement)


def _from_groups(groups: Mapping[str, tuple[str, ...]], names: tuple[str, ...]) -> Iterator[str]:
    for group, texts in groups.items():
        if canonicalize_name(group) in names:
            yield from texts


def _from_files(root: Path, names: tuple[str, ...]) -> Iterator[str]:
    for name in names:
        yield from _lines(root, root / name, depth=0)


def _lines(root: Path, path: Path, depth: int) -> Iterator[str]:
    if depth > 4 or not path.is_file() or not path.resolve().is_relative_to(root.resolve()):
        return
    for line in path.read_text(errors="replace").splitlines():
        text = _NEVER_IN_LINES.sub("", line).strip()
        included = re.match(r"(?:-r|--requirement)[= ]*(\S+)", text)
        if included:
            yield from _lines(root, path.parent / included[1], depth + 1)
        elif text and not text.startswith(("#", "-", ".", "/")):
            yield text


def _from_tox(root: Path) -> Iterator[str]:
    """`deps` of tox's main environment; lines for one factor and those with substitutions are left out."""
    parser = declarations.ini(root / "tox.ini")
    for line in parser.get("testenv", "deps", fallback="").splitlines():
        text = line.strip()
        included = re.match(r"-r\s*(?:\{toxinidir\}/)?(\S+)", text)
        if included:
            yield from _lines(root, root / included[1], depth=1)
        elif text and not text.startswith(("#", "-")) and "{" not in text and not re.match(r"[\w,!{}-]+:\s", text):
            yield text
