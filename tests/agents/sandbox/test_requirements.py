from pathlib import Path

import pytest

from agents.sandbox.requirements import Requirements, read

SOURCES = {
    "pyproject": {
        "pyproject.toml": '[project]\nname = "shop"\ndependencies = ["attrs>=20"]\n'
        '[project.optional-dependencies]\ntest = ["hypothesis", "shop[extra]"]\ndocs = ["sphinx"]\n'
    },
    "groups that include groups": {
        "pyproject.toml": '[project]\nname = "shop"\ndependencies = ["attrs>=20"]\n[dependency-groups]\n'
        'tests = ["hypothesis"]\ndev = [{include-group = "tests"}, "mypy"]\n'
    },
    "poetry": {
        "pyproject.toml": '[tool.poetry]\nname = "shop"\n[tool.poetry.dependencies]\npython = "^3.8"\nattrs = ">=20"\n'
        '[tool.poetry.group.test.dependencies]\nhypothesis = "*"\n'
    },
    "setup.cfg": {
        "setup.cfg": "[metadata]\nname = shop\n[options]\ninstall_requires =\n    attrs>=20\n    # a remark\n"
        "[options.extras_require]\ntests =\n    hypothesis\n"
    },
    "setup.py": {
        "setup.py": "from setuptools import setup\nneeds = ['attrs>=20']\nif True:\n    setup(name='shop', "
        "install_requires=needs, extras_require={'test': ['hypothesis']}, version=open('x').read())\n"
    },
    "requirements files": {
        "requirements.txt": "attrs>=20  # the classes\n-e .\n./local\nhttps://example.org/x.whl\n",
        "requirements/test.txt": "-r more.txt\n--index-url https://example.org\n",
        "requirements/more.txt": "hypothesis --hash=sha256:00\n-r test.txt\n",
    },
    "tox": {
        "requirements.txt": "attrs>=20",
        "tox.ini": "[testenv]\ndeps =\n    hypothesis\n    py38: old\n    {[x]deps}\n",
    },
    "only a development group": {
        "pyproject.toml": '[project]\nname = "shop"\ndependencies = ["attrs>=20"]\n'
        '[project.optional-dependencies]\ndev = ["hypothesis", "black", "sphinx-rtd-theme", "pytest-cov"]\n'
    },
}


@pytest.mark.parametrize("source", SOURCES)
def test_what_tests_need_is_found_wherever_it_is_declared(source: str, tmp_path: Path) -> None:
    for name, text in SOURCES[source].items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    _, found = read(tmp_path)
    assert found == Requirements(needed=("attrs>=20",), for_tests=("hypothesis",))


@pytest.mark.parametrize("name", ["pyproject.toml", "setup.cfg", "setup.py", "requirements.txt", "tox.ini"])
def test_a_broken_file_declares_nothing(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"\xff[broken\n(((\x00")
    assert read(tmp_path)[1] == Requirements()


def test_a_setup_that_would_act_is_never_run(tmp_path: Path) -> None:
    (tmp_path / "setup.py").write_text(f"open({str(tmp_path / 'marker')!r}, 'w')\nsetup(name='shop')\n")
    declaration, _ = read(tmp_path)
    assert declaration.name == "shop"
    assert not (tmp_path / "marker").exists()
