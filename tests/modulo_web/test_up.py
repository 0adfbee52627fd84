"""`manage.py up`: everything starts, stays up, and ends together."""

import json
import os
import signal
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from modulo_web.everything import healthy
from tests.modulo_web.running import Running, manage, wait_for


@pytest.fixture(scope="module")
def modulo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with Running(tmp_path_factory.mktemp("m") / "data") as running:
        running.until("ready http")
        yield running


def test_the_first_start_says_how_to_sign_in(modulo: Running):
    assert "sign in as admin with the password" in modulo.text


def test_the_console_holds_nothing_but_progress(modulo: Running):
    known = ("data", "broker", "database", "sign in", "workers", "ready")
    assert [line for line in modulo.text.splitlines() if not line.startswith(known)] == []


def test_the_pages_answer_and_carry_their_policy(modulo: Running):
    with urllib.request.urlopen(f"{modulo.address}/readyz") as answer:
        assert json.load(answer) == {"status": "ready", "database": True, "broker": True}
        assert "unsafe" not in answer.headers["Content-Security-Policy"]


def test_doctor_finds_no_fault(modulo: Running):
    wait_for(lambda: len(modulo.pids(" work ")) == 3)
    told = manage(modulo.data, "doctor", "--json")
    faults = [part for part in json.loads(told.stdout) if part["state"] == "fault"]
    assert (faults, told.returncode) == ([], 0)


def test_a_second_one_on_the_same_data_is_refused_with_a_sentence(modulo: Running):
    told = manage(modulo.data, "up")
    assert told.returncode == 1
    assert f"Modulo is already running on {modulo.data}: `up` (process {modulo.process.pid})" in told.stderr
    assert "Traceback" not in told.stderr


@pytest.mark.parametrize("word", [" serve ", "work chunks", "broker.sock"])
def test_a_part_that_is_killed_starts_again_at_the_same_address(modulo: Running, word: str):
    (before,) = modulo.pids(word)
    os.kill(before, signal.SIGKILL)
    wait_for(lambda: modulo.pids(word) not in ([], [before]))
    wait_for(lambda: healthy(modulo.address))


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_everything_within_30_s(tmp_path: Path, sign: signal.Signals):
    with Running(tmp_path / "data") as running:
        running.until("ready http")
        running.process.send_signal(sign)
        assert running.process.wait(30) == 0
        assert running.pids() == []
        assert "Traceback" not in running.text


def test_a_killed_supervisor_takes_its_children_along_and_can_be_started_again(tmp_path: Path):
    with Running(tmp_path / "data") as killed:
        killed.until("ready http")
        killed.process.kill()
        wait_for(lambda: killed.pids() == [])
    with Running(tmp_path / "data") as again:
        again.until("ready http")
        assert "sign in" not in again.text


def test_a_broker_that_does_not_answer_is_named_without_its_password(tmp_path: Path):
    told = manage(tmp_path / "data", "up", REDIS_URL="redis://me:secret@127.0.0.1:1/0")
    assert told.returncode == 1
    assert "The broker at redis://me:***@127.0.0.1:1/0 does not answer. Start it" in told.stderr


def test_a_damaged_broker_file_is_set_aside(tmp_path: Path):
    with Running(tmp_path / "data") as running:
        running.until("ready http")
    (base,) = (tmp_path / "data" / "broker").glob("*/appendonlydir/*.manifest")
    base.write_text("not a manifest\n")
    with Running(tmp_path / "data") as again:
        again.until("ready http")
    assert len(list((tmp_path / "data" / "broker").glob("*-damaged-*"))) == 1


def test_without_a_broker_the_pages_are_served_all_the_same(tmp_path: Path):
    with Running(tmp_path / "data", REDIS_URL="none") as running:
        running.until("ready http")
        assert running.pids(" work ") == []
        assert "the web process does the work itself" in running.text
