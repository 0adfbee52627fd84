"""What lost its hint or its worker is found again; nothing is hinted twice in three seconds."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from rq import Queue

from bugs import queues
from bugs.models import MAX_CRASHES, Run, Stage
from bugs.sweeper import Sweeper

pytestmark = pytest.mark.storage


def hints(broker: Any) -> list[tuple[str, list[int]]]:
    queue: Queue = queues.rq_queue("stages", broker)
    return [(job.func_name, job.args) for job in queue.jobs]


def ago(seconds: float) -> Any:
    return timezone.now() - timedelta(seconds=seconds)


def test_a_stage_whose_hint_was_lost_is_hinted_again(broker: Any, stage: Stage) -> None:
    broker.flushdb()
    Stage.objects.filter(pk=stage.pk).update(due_at=ago(4))
    Sweeper().sweep()
    assert hints(broker) == [("bugs.jobs.run_stage", [stage.pk])]


def test_a_stage_that_just_became_due_was_just_hinted(broker: Any, stage: Stage) -> None:
    broker.flushdb()
    Sweeper().sweep()
    assert hints(broker) == []


def test_a_stage_whose_worker_died_is_hinted(broker: Any, held: Stage) -> None:
    Stage.objects.filter(pk=held.pk).update(lease_until=ago(1))
    broker.flushdb()
    Sweeper().sweep()
    assert hints(broker) == [("bugs.jobs.run_stage", [held.pk])]


def test_a_stage_that_is_held_is_let_be(broker: Any, held: Stage) -> None:
    broker.flushdb()
    Sweeper().sweep()
    assert hints(broker) == []


def test_nothing_is_hinted_twice_in_three_seconds(broker: Any, stage: Stage) -> None:
    Stage.objects.filter(pk=stage.pk).update(due_at=ago(4))
    sweeper = Sweeper()
    for _ in range(3):
        broker.flushdb()
        sweeper.sweep()
    assert hints(broker) == []


def test_hints_are_not_piled_upon_hints(broker: Any, stage: Stage) -> None:
    Stage.objects.filter(pk=stage.pk).update(due_at=ago(4))
    for _ in range(5):
        Sweeper().sweep()
    assert len(hints(broker)) == 1


def test_poison_is_ended(broker: Any, held: Stage) -> None:
    Stage.objects.filter(pk=held.pk).update(lease_until=ago(1), crashes=MAX_CRASHES - 1)
    Sweeper().sweep()
    held.refresh_from_db()
    assert (held.status, held.error["slug"]) == ("failed", "poison")


def test_a_lesson_that_was_not_written_is_hinted(broker: Any, run: Run) -> None:
    broker.flushdb()
    Run.objects.filter(pk=run.pk).update(lesson_due_at=ago(4))
    Sweeper().sweep()
    assert hints(broker) == [("bugs.jobs.remember_run", [run.pk])]


def test_a_broker_that_is_down_does_not_stop_the_sweeper(held: Stage) -> None:
    Stage.objects.filter(pk=held.pk).update(lease_until=ago(1), crashes=MAX_CRASHES - 1)
    Sweeper().sweep()
    held.refresh_from_db()
    assert held.status == "failed"


def test_a_lost_hint_is_given_again_although_others_wait(broker: Any, held: Stage) -> None:
    broker.flushdb()
    queues.hint("stages", "bugs.jobs.run_stage", 4711, name="run_stage-4711")
    Stage.objects.filter(pk=held.pk).update(lease_until=ago(1))
    Sweeper().sweep()
    assert [args for _, args in hints(broker)] == [[4711], [held.pk]]
