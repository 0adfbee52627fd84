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
from bugs.actions.stages import LESSON_JOB, STAGE_JOB
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
        self._hinted: dict[tuple[str, int], float] = {}

    def sweep(self) -> None:
        now = timezone.now()
        self._free(now)
        for stage_id in Stage.objects.hopeless(now).values_list("pk", flat=True)[:AT_ONCE]:
            actions.end_hopeless(stage_id)
        if self._backlog():
            return
        settled = now - timedelta(seconds=AGAIN_S)  # what became due just now was hinted just now
        due = Stage.objects.takeable(now).exclude(status=Stage.Status.PENDING, due_at__gt=settled)
        for stage_id in due.order_by("due_at").values_list("pk", flat=True)[:AT_ONCE]:
            self._hint(STAGE_JOB, stage_id)
        lessons = Run.objects.filter(lesson_due_at__lte=settled, lesson_tries__lt=LESSON_TRIES)
        for run_id in lessons.values_list("pk", flat=True)[:AT_ONCE]:
            self._hint(LESSON_JOB, run_id)

    def _free(self, now: datetime) -> None:
        """A worker of this machine that is gone needs no lease any more."""
        running = Stage.objects.filter(status=Stage.Status.RUNNING, lease_until__gt=now)
        for pk, token, owner in running.values_list("pk", "lease_token", "owner"):
            if owners.is_gone(owner):
                abandoned = Stage.objects.filter(pk=pk, status=Stage.Status.RUNNING, lease_token=token)
                abandoned.update(lease_until=now - timedelta(seconds=0.001))

    def _backlog(self) -> bool:
        """Are hints waiting already? Then more would only have to be thrown away."""
        redis = streams.broker()
        if redis is None:
            return False
        with streams.tolerated():
            return queues.rq_queue("stages", redis).count > 0
        return True

    def _hint(self, job: str, pk: int) -> None:
        now = time.monotonic()
        if now - self._hinted.get((job, pk), -AGAIN_S) < AGAIN_S:
            return
        self._hinted = {known: at for known, at in self._hinted.items() if now - at < AGAIN_S} | {(job, pk): now}
        queues.hint("stages", job, pk)


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
