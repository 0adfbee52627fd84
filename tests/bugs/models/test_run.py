"""Of two workers one wins, and who lost the stage writes nothing."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from agents.errors import Cancelled, LeaseLost
from bugs import actions
from bugs.models import MAX_CRASHES, Stage, Step

pytestmark = pytest.mark.storage


def expire(stage: Stage) -> None:
    """Its worker has been silent for longer than the lease."""
    Stage.objects.filter(pk=stage.pk).update(lease_until=timezone.now() - timedelta(seconds=1))


def test_of_eight_workers_one_takes_the_stage(stage: Stage) -> None:
    barrier, winners = threading.Barrier(8), []

    def take(owner: int) -> None:
        barrier.wait()
        if Stage.objects.get(pk=stage.pk).start(f"worker {owner}"):
            winners.append(f"worker {owner}")
        connection.close()

    threads = [threading.Thread(target=take, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    stage.refresh_from_db()
    assert winners == [stage.owner]
    assert (stage.status, stage.attempts, stage.crashes) == ("running", 1, 0)


def test_a_stage_whose_lease_ran_out_is_taken_over_and_counts_a_crash(held: Stage) -> None:
    assert not Stage.objects.get(pk=held.pk).start("another")
    expire(held)
    other = Stage.objects.get(pk=held.pk)
    assert other.start("another")
    assert (other.attempts, other.crashes, other.lease_token) == (2, 1, held.lease_token + 1)


def test_a_stage_that_was_taken_over_writes_nothing_more(held: Stage) -> None:
    expire(held)
    assert Stage.objects.get(pk=held.pk).start("another")
    with pytest.raises(LeaseLost), held.held():
        Step.objects.create(stage=held, key="late", value=1)
    assert not held.renew()
    assert not Step.objects.exists()


def test_a_worker_back_from_a_long_sleep_goes_on_when_nobody_took_its_stage(held: Stage) -> None:
    expire(held)
    with held.held():
        Step.objects.create(stage=held, key="late", value=1)
    held.refresh_from_db()
    assert held.lease_until > timezone.now()
    assert Step.objects.count() == 1


def test_a_stopped_run_says_so_to_its_worker(held: Stage) -> None:
    actions.cancel_run(held.run)
    with pytest.raises(Cancelled), held.held():
        pass


def test_a_helper_of_the_worker_does_not_keep_its_lease_alive(held: Stage) -> None:
    before = Stage.objects.get(pk=held.pk).lease_until
    with held.held(renew=False):
        pass
    assert Stage.objects.get(pk=held.pk).lease_until == before


def test_a_stage_that_ends_its_worker_three_times_is_poison(held: Stage) -> None:
    for _ in range(MAX_CRASHES - 1):
        expire(held)
        assert not Stage.objects.hopeless(timezone.now()).exists()
        assert Stage.objects.get(pk=held.pk).start("another")
    expire(held)
    assert not Stage.objects.get(pk=held.pk).start("one more")
    assert actions.end_hopeless(held.pk)
    held.refresh_from_db()
    assert (held.status, held.error["slug"]) == ("failed", "poison")


def test_crashes_between_which_something_was_kept_are_not_poison(held: Stage) -> None:
    for _ in range(MAX_CRASHES + 2):
        expire(held)
        again = Stage.objects.get(pk=held.pk)
        assert again.start("another")
        again.progressed()


def test_a_stage_out_of_time_is_ended_and_not_taken_again(held: Stage, settings: Any) -> None:
    Stage.objects.filter(pk=held.pk).update(deadline_at=timezone.now() - timedelta(seconds=1))
    expire(held)
    assert not Stage.objects.get(pk=held.pk).start("another")
    assert actions.end_hopeless(held.pk)
    held.refresh_from_db()
    assert (held.status, held.error["slug"]) == ("failed", "deadline-passed")
    assert held.run.bug.runs.get().status == "failed"


def test_a_running_stage_is_not_hopeless(held: Stage) -> None:
    assert not actions.end_hopeless(held.pk)
