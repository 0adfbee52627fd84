"""Worker processes."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from tests.modulo_web.running import Running, environment, manage, wait_for

PRELOAD = """
import os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "modulo_web.settings"
import django; django.setup()
from modulo_web import workers
workers.preload(memory=True)
assert "mem0" in sys.modules and "openai" not in sys.modules
"""


def test_preloading_writes_nothing_into_the_home_directory(tmp_path: Path):
    home = tmp_path / "home"
    home.mkdir()
    command = [sys.executable, "-c", PRELOAD]
    subprocess.run(command, env=environment(tmp_path / "data", HOME=str(home)), check=True)
    assert list(home.iterdir()) == []


def test_a_queue_that_does_not_exist_is_refused_with_those_that_do(tmp_path: Path):
    told = manage(tmp_path / "data", "work", "party")
    assert told.returncode == 2
    assert "'chat', 'chunks', 'stages'" in told.stderr


def test_a_worker_without_a_broker_ends_with_a_sentence(tmp_path: Path):
    told = manage(tmp_path / "data", "work", "stages")
    assert told.returncode == 1
    assert "The broker does not answer" in told.stderr
    assert "Traceback" not in told.stderr


def test_a_killed_worker_takes_its_running_stage_along(tmp_path: Path):
    with Running(tmp_path / "data", MODULO_DEMO="true", MODULO_STAGE_WORKERS="1") as running:
        running.until("analysis ", 120)
        wait_for(lambda: len(running.pids("work stages")) == 2)
        worker, horse = sorted(running.pids("work stages"))
        os.kill(worker, signal.SIGKILL)
        wait_for(lambda: horse not in running.pids())
