"""News of a bug: `record` is kept and told after commit, `tell` reaches open pages only."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from django.db import connection, transaction
from django.db.models import F

from agents.events import KEPT
from bugs import announce, streams
from bugs.models import Bug, Event, storable

KINDS = frozenset(kind.name for kind in KEPT)
LONGEST = 4_000  # characters of one string in an event; the whole text is in the row the event tells of


def record(bug: Bug, kind: str, payload: Mapping[str, Any] | None = None, *, run: int = 0, stage: str = "") -> Event:
    """Keep an event in the transaction of the change it tells; its `seq` follows the bug's last without a gap."""
    if not connection.in_atomic_block:
        raise RuntimeError("events.record() belongs in the transaction of the change it tells")
    if kind not in KINDS:
        raise ValueError(f"{kind} is not a kind of agents.events.KEPT")
    Bug.objects.filter(pk=bug.pk).update(last_seq=F("last_seq") + 1)
    seq = Bug.objects.values_list("last_seq", flat=True).get(pk=bug.pk)
    kept = storable.json(dict(payload or {}), LONGEST)
    event = Event.objects.create(bug=bug, seq=seq, run=run, stage=stage, kind=kind, payload=kept)
    transaction.on_commit(partial(announce.news, bug.pk, seq), robust=True)
    return event


def tell(bug_id: int, *live: Mapping[str, Any]) -> None:
    """Send live-only events (tokens, progress) to the bug's open pages, as one frame."""
    streams.push_frame(bug_id, live)


def wire(event: Event) -> dict[str, Any]:
    """A kept event as pages and machines read it, over the socket and over HTTP alike."""
    return {
        "v": 1,
        "seq": event.seq,
        "ts": event.created_at.isoformat(),
        "run": event.run,
        "stage": event.stage,
        "t": event.kind,
        "p": event.payload,
    }
