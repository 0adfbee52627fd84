"""`manage.py triage`: one report from the shell to its verdict, alone or beside a running Modulo."""

import json
import signal
from pathlib import Path

import msgspec
import pytest

from bugs.demo.catalogue import DEMOS, build_repository
from bugs.summary import RunSummary
from tests.modulo_web.running import Running, manage

DEMO = DEMOS["off-by-one"]


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_repository("off-by-one", tmp_path_factory.mktemp("r") / "tallybook")


@pytest.fixture
def report(tmp_path: Path) -> Path:
    file = tmp_path / "REPORT.md"
    file.write_text(DEMO.text, encoding="utf-8")
    return file


def logs(place: Path) -> list[str]:
    for log in DEMO.logs():
        (place / log.name).write_bytes(log.data)
    return [str(place / log.name) for log in DEMO.logs()]


def result(file: Path) -> RunSummary:
    return msgspec.json.decode(file.read_bytes(), type=RunSummary)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["missing.md", "--repo", "."], "No such file"),
        (["REPORT.md", "--repo", "nowhere"], "There is no repository at nowhere"),
        (["REPORT.md", "nowhere.log", "--repo", "."], "there is no file nowhere.log"),
        (["REPORT.md", "--repo", ".", "--until", "party"], "invalid choice: 'party'"),
        (["REPORT.md", "--repo", ".", "--happened-at", "lately"], "lately is not a moment"),
        (["binary.md", "--repo", "."], "is not text. Give the report as text"),
        (["REPORT.md"], "--repo"),
    ],
)
def test_wrong_usage_is_told_in_a_sentence(
    tmp_path: Path, report: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], sentence: str
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "binary.md").write_bytes(b"\x7fELF\0\0")
    told = manage(tmp_path / "data", "triage", *words)
    assert (told.returncode, sentence in told.stderr, "Traceback" in told.stderr) == (2, True, False)


def test_an_empty_report_is_refused(tmp_path: Path, repository: Path):
    (tmp_path / "empty.md").write_text(" \n")
    told = manage(tmp_path / "data", "triage", str(tmp_path / "empty.md"), "--repo", str(repository))
    assert told.returncode == 2
    assert "The report is empty. Give it a title" in told.stderr


def test_alone_it_brings_its_own_workers_and_leaves_none(tmp_path: Path, report: Path, repository: Path):
    out = tmp_path / "out.json"
    command = [
        "triage",
        str(report),
        *logs(tmp_path),
        "--repo",
        str(repository),
        "--until",
        "analysis",
        "--json",
        str(out),
    ]
    with Running(tmp_path / "data", *command) as running:
        assert running.process.wait(120) == 3, running.text
        assert running.pids() == []
    kept = result(out)
    assert (kept.verdict, [stage.name for stage in kept.stages]) == ("actionable", ["analysis"])
    assert kept.digest is not None
    assert "actionable" in running.text


def test_beside_a_running_modulo_it_joins_that_one(tmp_path: Path, report: Path, repository: Path):
    data, out = tmp_path / "data", tmp_path / "out.json"
    with Running(data) as modulo:
        modulo.until("ready http")
        command = ["triage", str(report), "--repo", str(repository), "--until", "reproduce", "--json", str(out)]
        told = manage(data, *command)
        assert "joining up" in told.stderr
        assert told.returncode == 3, told.stderr
        assert modulo.process.poll() is None
    found = result(out).reproduction
    assert found is not None
    assert (result(out).verdict, found.signature is not None) == ("reproduced", True)


def test_stopped_by_ctrl_c_the_same_command_goes_on_where_it_stopped(tmp_path: Path, report: Path, repository: Path):
    command = ["triage", str(report), "--repo", str(repository), "--until", "reproduce", "--json", str(tmp_path / "o")]
    with Running(tmp_path / "data", *command) as stopped:
        stopped.until("analysis    ")
        stopped.process.send_signal(signal.SIGINT)
        assert stopped.process.wait(30) == 130, stopped.text
        assert stopped.pids() == []
    assert result(tmp_path / "o").verdict == "cancelled"
    again = manage(tmp_path / "data", *command)
    assert "going on with run 1 of bug 1 from reproduce" in again.stderr
    assert json.loads((tmp_path / "o").read_text())["verdict"] == "reproduced"
