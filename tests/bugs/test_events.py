"""An event is numbered without gaps in the transaction of its change, and told after it."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest
from channels.layers import get_channel_layer
from django.db import connection, transaction

from bugs import announce, events
from bugs.models import Bug

pytestmark = pytest.mark.storage


def test_eight_writers_leave_no_gap_and_no_double(bug: Bug) -> None:
    def write() -> None:
        for _ in range(5):
            with transaction.atomic():
                Bug.objects.select_for_update().get(pk=bug.pk)
                events.record(bug, "notice", {"text": "hello"})
        connection.close()

    threads = [threading.Thread(target=write) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert list(bug.events.values_list("seq", flat=True)) == list(range(1, 42))


def test_what_is_rolled_back_leaves_no_number_behind(bug: Bug) -> None:
    with transaction.atomic():
        events.record(bug, "notice", {"text": "never"})
        transaction.set_rollback(True)
    with transaction.atomic():
        assert events.record(bug, "notice", {"text": "then"}).seq == 2


def test_an_event_outside_a_transaction_is_refused(bug: Bug) -> None:
    with pytest.raises(RuntimeError, match="transaction"):
        events.record(bug, "notice", {"text": "loose"})


def test_an_unknown_kind_is_refused(bug: Bug) -> None:
    with pytest.raises(ValueError, match="KEPT"), transaction.atomic():
        events.record(bug, "gossip")


def test_hostile_text_is_kept_in_a_form_any_database_stores(bug: Bug) -> None:
    with transaction.atomic():
        event = events.record(bug, "notice", {"text": "a\x00b\ud800", "score": float("nan")})
    event.refresh_from_db()
    assert event.payload == {"text": "a�b?", "score": None}


def test_a_long_string_is_cut_in_the_event(bug: Bug) -> None:
    with transaction.atomic():
        event = events.record(bug, "notice", {"text": "x" * 10_000})
    assert len(event.payload["text"]) == events.LONGEST


def test_pages_hear_of_an_event_after_commit_and_not_before(bug: Bug, broker: Any) -> None:
    async def listen() -> list[dict[str, Any]]:
        layer = get_channel_layer()
        channel = await layer.new_channel()
        await layer.group_add(announce.bug_group(bug.pk), channel)
        await asyncio.to_thread(rolled_back)
        await asyncio.to_thread(kept)
        return [await asyncio.wait_for(layer.receive(channel), 5)]

    def rolled_back() -> None:
        with transaction.atomic():
            events.record(bug, "notice", {"text": "rolled back"})
            transaction.set_rollback(True)

    def kept() -> None:
        with transaction.atomic():
            events.record(bug, "notice", {"text": "kept"})
        connection.close()

    assert asyncio.run(listen()) == [{"type": "bug.news", "bug": bug.pk, "seq": 2}]


def test_a_broker_that_is_down_costs_the_change_nothing(bug: Bug) -> None:
    with transaction.atomic():
        events.record(bug, "notice", {"text": "kept all the same"})
    announce.courier.flush()
    assert bug.events.count() == 2
