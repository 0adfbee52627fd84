"""The kept events of a bug after a seq, worded for pages: what a socket replays and what HTTP answers."""

from __future__ import annotations

from typing import Any

from bugs import events
from bugs.models import Event
from bugs.rendering import sentences

AT_ONCE = 500


def since(bug_id: int, seq: int) -> list[dict[str, Any]]:
    """At most `AT_ONCE` kept events after `seq`, in order, each with its sentence."""
    rows = Event.objects.filter(bug=bug_id, seq__gt=seq).order_by("seq")[:AT_ONCE]
    return [{**events.wire(row), "says": sentences.say(row.kind, row.payload, row.stage)} for row in rows]
