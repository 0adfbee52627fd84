"""Hints leave after commit, as JSON, and a broker that is down costs neither the change nor time."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from bugs import actions, queues, streams
from bugs.models import Bug, Run, Stage

pytestmark = pytest.mark.storage


def test_a_hint_leaves_after_commit_and_not_after_a_rollback(broker: Any, bug: Bug) -> None:
    with transaction.atomic():
        actions.begin_run(bug)
        transaction.set_rollback(True)
    assert queues.rq_queue("stages", broker).count == 0
    run = actions.begin_run(bug)
    (job,) = queues.rq_queue("stages", broker).jobs
    assert (job.func_name, job.args) == ("bugs.jobs.run_stage", [run.stages.get().pk])


def test_nothing_in_the_broker_is_a_pickle(broker: Any, run: Run) -> None:
    data = broker.hget(broker.keys("rq:job:*")[0], "data")
    assert data is not None
    assert b"\x80\x04" not in data


def test_a_run_begins_while_the_broker_is_down(settings: Any, tmp_path: Any, bug: Bug) -> None:
    settings.REDIS_URL = f"unix://{tmp_path}/nobody?db=0"
    before, began = streams.failures.total(), time.monotonic()
    run = actions.begin_run(bug)
    assert run.stages.get().status == Stage.Status.PENDING
    assert streams.failures.total() > before
    assert time.monotonic() - began < 1.5


def test_without_a_broker_the_serving_process_does_the_work(no_broker: None, tmp_path: Path) -> None:
    queues.in_process.serve()
    queues.hint("chat", "os.mkdir", str(tmp_path / "done"))
    until = time.monotonic() + 5
    while not (tmp_path / "done").exists() and time.monotonic() < until:
        time.sleep(0.01)
    queues.in_process.stop()
    assert (tmp_path / "done").is_dir()


def test_without_a_broker_another_process_leaves_the_work_to_the_serving_one(no_broker: None, run: Run) -> None:
    assert run.stages.get().status == Stage.Status.PENDING
