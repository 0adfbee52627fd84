import subprocess
import sys
from pathlib import Path

import pytest

from agents.context import Sandbox
from agents.errors import ReportProblem, SetupProblem
from agents.events import Event, Notice
from agents.report import Source
from agents.results import Environment
from agents.sandbox.environment import prepare
from agents.sandbox.repository import checkout, mirror
from agents.sandbox.testrun import run_tests
from tests.agents.sandbox.conftest import Grounds, nothing, repository

TEST = {"test_it.py": "def test_it():\n    pass\n"}


def test_a_project_without_requirements_needs_no_network(
    ground: Grounds, monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox
) -> None:
    monkeypatch.setenv("UV_OFFLINE", "1")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    tree, environment = ground(TEST)
    assert run_tests(sandbox, tree, environment).outcomes[0].passed
    assert any(package.startswith("pytest==") for package in environment.installed)


def test_an_environment_is_built_once(tmp_path: Path, cache: Path) -> None:
    origin = repository(tmp_path / "origin", TEST)
    tree = checkout(mirror(str(origin), cache, nothing), "", tmp_path / "tree", nothing)
    events: list[Event] = []
    first = prepare(tree, Source(location=str(origin)), tmp_path, events.append, nothing)
    told = len(events)
    second = prepare(tree, Source(location=str(origin)), tmp_path, events.append, nothing)
    assert first == second
    assert told == len(events) == 2


def told_while_preparing(files: dict[str, str], tmp_path: Path, cache: Path) -> tuple[Environment, list[str]]:
    origin = repository(tmp_path / "origin", files)
    tree = checkout(mirror(str(origin), cache, nothing), "", tmp_path / "tree", nothing)
    events: list[Event] = []
    environment = prepare(tree, Source(location=str(origin)), cache, events.append, nothing)
    return environment, [event.text for event in events if isinstance(event, Notice)]


def test_what_the_index_cannot_give_for_want_of_a_network_is_left_out_and_said(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {
        "UV_OFFLINE": "1",
        "UV_CACHE_DIR": str(tmp_path),
        "PIP_INDEX_URL": "http://127.0.0.1:9/",
    }.items():
        monkeypatch.setenv(name, value)
    project = '[project]\nname = "shop"\nversion = "1"\ndependencies = ["attrs>=20"]\n'
    environment, said = told_while_preparing({**TEST, "pyproject.toml": project}, tmp_path, cache)
    assert "attrs>=20" in said[-1]
    assert "index cannot be reached" in said[-1]
    assert any(package.startswith("pytest==") for package in environment.installed)


def test_a_requirement_nobody_has_is_left_out_and_the_others_installed(tmp_path: Path, cache: Path) -> None:
    needed = '["no-such-package-of-modulo>=1", "iniconfig", "attrs"]'
    project = f'[project]\nname = "shop"\nversion = "1"\ndependencies = {needed}\n'
    environment, said = told_while_preparing({**TEST, "pyproject.toml": project}, tmp_path, cache)
    assert "no-such-package-of-modulo" in said[-1]
    assert any(package.startswith("attrs==") for package in environment.installed)


def test_a_python_that_is_not_on_this_machine_is_a_sentence(ground: Grounds) -> None:
    project = '[project]\nname = "shop"\nversion = "1"\nrequires-python = "<3"\n'
    with pytest.raises(ReportProblem, match="needs Python <3"):
        ground({**TEST, "pyproject.toml": project})


def test_the_interpreter_given_is_used_as_it_is(tmp_path: Path, ground: Grounds, sandbox: Sandbox) -> None:
    tree, _ = ground({"test_it.py": "import marker_package\n\ndef test_it():\n    pass\n"})
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "venv")], check=True)
    packages = next((tmp_path / "venv" / "lib").glob("python3*")) / "site-packages"
    (packages / "marker_package.py").touch()
    named = str(tmp_path / "venv" / "bin" / "python")
    environment = prepare(tree, Source(location="", python=named), tmp_path, lambda event: None, nothing)
    assert environment.python == named
    assert run_tests(sandbox, tree, environment).outcomes[0].passed


@pytest.mark.parametrize("named", ["/no/such/python", "/bin/ls", "no-such-python"])
def test_an_interpreter_that_is_none_is_a_sentence(named: str, tmp_path: Path, ground: Grounds) -> None:
    tree, _ = ground(TEST)
    with pytest.raises(SetupProblem) as raised:
        prepare(tree, Source(location="", python=named), tmp_path, lambda event: None, nothing)
    assert raised.value.slug == "interpreter-unusable"


LAYOUTS = {
    "flat": {"shop/__init__.py": "X = 1\n"},
    "src": {"src/shop/__init__.py": "X = 1\n"},
    "declared": {"code/shop/__init__.py": "X = 1\n", "setup.py": "setup(package_dir={'': 'code'})\n"},
    "several projects": {"packages/one/pyproject.toml": "", "packages/one/src/shop/__init__.py": "X = 1\n"},
}


IMPORTS_IT = """
import subprocess, sys
import shop

def test_it():
    subprocess.run([sys.executable, "-c", "import shop"], check=True)
"""


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_project_can_be_imported_where_it_lies(layout: str, ground: Grounds, sandbox: Sandbox) -> None:
    tree, environment = ground({**LAYOUTS[layout], "tests/test_it.py": IMPORTS_IT})
    run = run_tests(sandbox, tree, environment, ["tests/test_it.py::test_it"])
    assert run.outcomes[0].passed, run.outcomes


def test_the_projects_version_and_entry_points_are_known_without_installing_it(
    ground: Grounds, sandbox: Sandbox
) -> None:
    project = '[project]\nname = "my-shop"\nversion = "2.5"\n[project.entry-points.shops]\none = "shop:One"\n'
    test = (
        "from importlib.metadata import entry_points, version\n\ndef test_it():\n"
        "    assert version('my-shop') == '2.5'\n"
        "    assert [p.value for p in entry_points(group='shops')] == ['shop:One']\n"
    )
    run = run_tests(sandbox, *ground({"pyproject.toml": project, "shop.py": "", "test_it.py": test}))
    assert run.outcomes[0].passed, run.outcomes
