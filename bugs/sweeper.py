"""Finds work whose hint was lost or whose worker died: a look at the database each second, in every worker."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.db import DatabaseError, connection
from django.utils import timezone

from bugs import actions, owners, queues, streams
from bugs.actions.stages import LESSON_JOB, STAGE_JOB, hint_name
from bugs.models import Run, Stage

log = logging.getLogger(__name__)

PAUSE_S = 1.0
AGAIN_S = 3.0
AT_ONCE = 50
LESSON_TRIES = 3

_quiet = threading.Lock()


class Sweeper:
    """Remembers what it hinted, so that a stage is not hinted twice in 3 s; any number of sweepers is harmless."""

    def __init__(self) -> None:
        self._hinted: dict[str, float] = {}

    def sweep(self) -> None:
        now = timezone.now()
        self._free(now)
        for stage_id in Stage.objects.hopeless(now).values_list("pk", flat=True)[:AT_ONCE]:
            actions.end_hopeless(stage_id)
        settled = now - timedelta(seconds=AGAIN_S)  # what became due just now was hinted just now
        due = Stage.objects.takeable(now).exclude(status=Stage.Status.PENDING, due_at__gt=settled)
        lessons = Run.objects.filter(lesson_due_at__lte=settled, lesson_tries__lt=LESSON_TRIES)
        self._hint(STAGE_JOB, list(due.order_by("due_at").values_list("pk", flat=True)[:AT_ONCE]))
        self._hint(LESSON_JOB, list(lessons.values_list("pk", flat=True)[:AT_ONCE]))

    def _free(self, now: datetime) -> None:
        """A worker of this machine that is gone needs no lease any more."""
        running = Stage.objects.filter(status=Stage.Status.RUNNING, lease_until__gt=now)
        for pk, token, owner in running.values_list("pk", "lease_token", "owner"):
            if owners.is_gone(owner):
                abandoned = Stage.objects.filter(pk=pk, status=Stage.Status.RUNNING, lease_token=token)
                abandoned.update(lease_until=now - timedelta(seconds=0.001))

    def _hint(self, job: str, pks: list[int]) -> None:
        """Hint those that were not hinted just now and have no hint waiting."""
        now = time.monotonic()
        self._hinted = {name: at for name, at in self._hinted.items() if now - at < AGAIN_S}
        names = {hint_name(job, pk): pk for pk in pks}
        fresh = names.keys() - self._hinted.keys()
        with streams.tolerated():
            for name in sorted(fresh - queues.waiting("stages"), key=lambda name: pks.index(names[name])):
                self._hinted[name] = now
                queues.hint("stages", job, names[name], name=name)


def start() -> threading.Thread:
    """Sweep each second for as long as this process lives."""
    thread = threading.Thread(target=_sweep_for_ever, name="sweeper", daemon=True)
    thread.start()
    return thread


@contextmanager
def quiet() -> Iterator[None]:
    """No sweep meanwhile: a process that forks inside SQLite leaves its child a lock nobody will ever open."""
    with _quiet:
        yield


def _sweep_for_ever() -> None:
    sweeper = Sweeper()
    while True:
        time.sleep(PAUSE_S)
        with _quiet:
            try:
                sweeper.sweep()
            except DatabaseError as error:
                log.warning("the sweeper cannot read the database: %s", error)
            finally:
                connection.close()
