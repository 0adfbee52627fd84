"""Follows a run and says what happens: for the terminal of `up` and `triage`."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator
from typing import Any, TextIO

from django.db import connection

from bugs import streams
from bugs.models import Event, Run

ENDED = ("run_finished", "run_failed", "run_cancelled")
LOOK_BACK = 8  # frames among which the newest progress is looked for
PLAIN_EVERY_S = 10.0  # where lines cannot be rewritten


class Follower:
    """Reads a run's kept events as they come; `ended` once the run has."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.seen = run.bug.events.order_by("seq").values_list("seq", flat=True).last() or 0
        self.seen = self._before_last_start(self.seen)
        self.ended = False

    def _before_last_start(self, last: int) -> int:
        """A run may go on after it had ended: what happened before it was started again is old."""
        started = Event.objects.filter(bug_id=self.run.bug_id, run=self.run.number, kind="run_started")
        newest = started.order_by("seq").values_list("seq", flat=True).last()
        return newest - 1 if newest else last

    def news(self) -> Iterator[Event]:
        """The events of this run since the last call, oldest first. Keeps no connection open in between."""
        fresh = Event.objects.filter(bug_id=self.run.bug_id, run=self.run.number, seq__gt=self.seen)
        for event in list(fresh.order_by("seq")):
            self.seen = event.seq
            self.ended = self.ended or event.kind in ENDED
            yield event
        if self.ended:
            self.run.refresh_from_db()
        connection.close()

    def live(self) -> str:
        """What the running stage last said of its progress; "" when it said nothing or the broker is away."""
        redis = streams.broker()
        if redis is None:
            return ""
        entries: list[Any] = []
        with streams.tolerated():
            entries = list(redis.xrevrange(streams.frames_key(self.run.bug_id), count=LOOK_BACK) or ())
        for _, fields in entries:
            for told in reversed(json.loads(fields[streams.FIELD.encode()])):
                if told.get("t") == "progress" and told.get("run") == self.run.number:
                    return progress(told)
        return ""


def progress(told: dict[str, Any]) -> str:
    """`{"what", "done", "total", "unit"}` in words."""
    total = f" of {told['total']}" if told.get("total") else ""
    stage = str(told.get("stage", "")).replace("_", " ")
    return one_line(f"{stage}: {told.get('what', '')} {told.get('done', 0)}{total} {told.get('unit', '')}")


def line(event: Event) -> str:
    """One line for an event worth a line on a terminal; "" for all others."""
    payload: dict[str, Any] = event.payload
    if event.kind == "stage_finished":
        return f"{event.stage:<11} {payload.get('verdict', ''):<22} {payload.get('seconds', 0):>7.1f} s"
    if event.kind == "stage_failed":
        error = payload.get("error") or {}
        return f"{event.stage:<11} failed: {one_line(error.get('message'))} {one_line(error.get('hint'))}".rstrip()
    return ""


def reason(event: Event) -> str:
    """The sentence that goes with a stage's verdict."""
    return one_line(event.payload.get("reason")) if event.kind == "stage_finished" else ""


def one_line(text: object, longest: int = 300) -> str:
    """Foreign text, safe on a terminal: one line, without control characters."""
    words = "".join(sign if sign.isprintable() else " " for sign in str(text or "")).split()
    return " ".join(words)[:longest]


class Terminal:
    """Lines that stay, and on a real terminal one last line that is rewritten while work goes on."""

    def __init__(self, out: TextIO) -> None:
        self.out = out
        self.rewrites = out.isatty()
        self._shown = ""
        self._said = ""
        self._said_at = time.monotonic()

    def note(self, text: str) -> None:
        self.clear()
        self.out.write(f"{text}\n")
        self.out.flush()

    def tell(self, event: Event) -> None:
        if line(event):
            self.note(f"  {line(event)}")
        if reason(event):
            self.note(f"              {reason(event)}")

    def status(self, text: str) -> None:
        """Show `text` in the line that is rewritten; where there is none, say it as a line now and then."""
        if not self.rewrites:
            self._say_plainly(text)
        elif text != self._shown:
            self.clear()
            self.out.write(f"  {text}"[: shutil.get_terminal_size().columns - 1])
            self.out.flush()
            self._shown = text

    def _say_plainly(self, text: str) -> None:
        now = time.monotonic()
        if text and text != self._said and now - self._said_at > PLAIN_EVERY_S:
            self._said, self._said_at = text, now
            self.note(f"  {text}")

    def clear(self) -> None:
        if self._shown:
            self.out.write("\r\x1b[K")
            self._shown = ""
