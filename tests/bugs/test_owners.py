"""A process that ended is known to be gone; of others nobody says so."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import pytest

from bugs import actions, owners
from bugs.models import Stage
from bugs.sweeper import Sweeper


def process() -> subprocess.Popen[str]:
    """A process that says its name and ends."""
    program = "from bugs import owners; print(owners.me())"
    return subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)


def name_of_ended_process() -> str:
    return process().communicate()[0].strip()


def test_this_process_is_not_gone() -> None:
    assert not owners.is_gone(owners.me())


def test_a_process_that_ended_is_gone() -> None:
    assert owners.is_gone(name_of_ended_process())


def test_a_zombie_is_gone() -> None:
    with process() as child:
        assert child.stdout is not None
        name = child.stdout.read().strip()
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        assert owners.is_gone(name)


def test_another_process_of_the_same_number_is_not_taken_for_it() -> None:
    assert owners.is_gone(owners.me() + "0")


@pytest.mark.parametrize("name", ["elsewhere/4026531836:1:2", "the test", "", "a:b:c"])
def test_of_a_process_elsewhere_nobody_says_that_it_is_gone(name: str) -> None:
    assert not owners.is_gone(name)


@pytest.mark.storage
def test_a_stage_of_a_worker_that_is_gone_is_free_at_once(stage: Stage, broker: Any) -> None:
    assert actions.start_stage(stage.pk, name_of_ended_process()) is not None
    broker.flushdb()
    Sweeper().sweep()
    again = actions.start_stage(stage.pk, owners.me())
    assert again is not None
    assert (again.attempts, again.crashes) == (2, 1)
    Sweeper().sweep()
    assert actions.start_stage(stage.pk, "another") is None
