"""A worker keeps its stage as long as it lives, and notices within a second when it must stop."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from agents.errors import Cancelled, DeadlinePassed, LeaseLost, Stopped
from bugs import actions
from bugs.keeper import Keeper
from bugs.models import Stage

pytestmark = pytest.mark.storage


def stopped_after(keeper: Keeper, limit_s: float = 3.0) -> tuple[type[Stopped] | None, float]:
    """What `check` raises, and after how long."""
    began = time.monotonic()
    while time.monotonic() - began < limit_s:
        try:
            keeper.check()
        except Stopped as stop:
            return type(stop), time.monotonic() - began
        time.sleep(0.01)
    return None, limit_s


def test_a_lease_is_renewed_in_time(held: Stage, settings: Any) -> None:
    settings.MODULO_LEASE_SECONDS = 1.5
    held.renew()
    with Keeper(held) as keeper:
        assert stopped_after(keeper, 3.0) == (None, 3.0)
        assert not Stage.objects.takeable(timezone.now()).exists()
    time.sleep(1.6)
    assert Stage.objects.takeable(timezone.now()).exists()


def test_a_stopped_run_stops_its_worker_within_a_second(held: Stage) -> None:
    with Keeper(held) as keeper:
        actions.cancel_run(held.run)
        kind, seconds = stopped_after(keeper)
    assert kind is Cancelled
    assert seconds < 1


def test_a_worker_whose_stage_was_taken_stops_within_a_second(held: Stage) -> None:
    with Keeper(held) as keeper:
        Stage.objects.filter(pk=held.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
        assert actions.start_stage(held.pk, "another") is not None
        kind, seconds = stopped_after(keeper)
    assert kind is LeaseLost
    assert seconds < 1


def test_a_stage_past_its_deadline_stops(held: Stage) -> None:
    held.deadline_at = timezone.now()
    with Keeper(held) as keeper:
        assert stopped_after(keeper)[0] is DeadlinePassed
