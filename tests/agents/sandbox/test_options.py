from pathlib import Path

import pytest

from agents.sandbox.options import of_project

FILES = {
    "pytest.ini": "[pytest]\naddopts = {}\n",
    "pyproject.toml": '[tool.pytest.ini_options]\naddopts = "{}"\n',
    "tox.ini": "[pytest]\naddopts = {}\n",
    "setup.cfg": "[tool:pytest]\naddopts = {}\n",
}


@pytest.mark.parametrize("name", FILES)
def test_options_are_read_from_the_file_pytest_would_read(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(FILES[name].format("--doctest-modules -p no:doctest"))
    assert of_project(tmp_path) == ("--doctest-modules", "-p", "no:doctest")


DROPPED = """--cov, --cov=src, --cov src, -n 4, -nauto, --dist loadfile, -v, -vv, -ra, -x, --maxfail=2, --timeout=10
--junitxml=out.xml, --junit-xml out.xml, --durations 10, --tb=short, --benchmark-skip, tests, -c x.ini, --no-cov"""


@pytest.mark.parametrize("dropped", DROPPED.replace("\n", ", ").split(", "))
def test_reports_and_parallelism_are_left_out(dropped: str, tmp_path: Path) -> None:
    (tmp_path / "pytest.ini").write_text(f"[pytest]\naddopts = --strict-markers {dropped} -W error\n")
    assert of_project(tmp_path) == ("--strict-markers", "-W", "error")


def test_a_project_that_says_nothing_has_no_options(tmp_path: Path) -> None:
    assert of_project(tmp_path) == ()
