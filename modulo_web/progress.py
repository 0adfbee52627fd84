"""Follows a run and says in lines what happens: for the terminal of `up` and `triage`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db import connection

from bugs.models import Event, Run

ENDED = ("run_finished", "run_failed", "run_cancelled")


class Follower:
    """Reads a run's kept events as they come; `ended` once the run has."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.seen = 0
        self.ended = False

    def news(self) -> Iterator[Event]:
        """The events of this run since the last call, oldest first. Keeps no connection open in between."""
        fresh = Event.objects.filter(bug_id=self.run.bug_id, run=self.run.number, seq__gt=self.seen)
        for event in list(fresh.order_by("seq")):
            self.seen = event.seq
            self.ended = self.ended or event.kind in ENDED
            yield event
        connection.close()
        if self.ended:
            self.run.refresh_from_db()


def line(event: Event) -> str:
    """One line for an event worth a line on a terminal; "" for all others."""
    payload: dict[str, Any] = event.payload
    if event.kind == "stage_finished":
        return f"{event.stage:<11} {payload.get('verdict', ''):<22} {payload.get('seconds', 0):>7.1f} s"
    if event.kind == "stage_failed":
        error = payload.get("error") or {}
        return (
            f"{event.stage:<11} failed: {one_line(error.get('message', ''))} {one_line(error.get('hint', ''))}".rstrip()
        )
    return ""


def one_line(text: object, longest: int = 300) -> str:
    """Foreign text, safe on a terminal: one line, without control characters."""
    words = "".join(sign if sign.isprintable() else " " for sign in str(text)).split()
    return " ".join(words)[:longest]
