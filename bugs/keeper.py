"""Keeps a worker's lease on its stage, and notices within a second when it should stop."""

from __future__ import annotations

import logging
import threading
import time
from types import TracebackType

from django.conf import settings
from django.db import DatabaseError, connection
from django.utils import timezone

from agents.errors import DeadlinePassed, LeaseLost, Stopped
from bugs.models import Stage

log = logging.getLogger(__name__)
LOOK_S = 0.5


class Keeper:
    """A thread beside a running stage: it renews the lease in time, and looks whether the stage was taken away.

    `check()` raises what it noticed. A deadline that passed is noticed here too; the lease is then left to run out.
    """

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._stop = threading.Event()
        self._found: Stopped | None = None
        self._renewed_at = time.monotonic()
        self._thread = threading.Thread(target=self._keep, name=f"lease-{stage.pk}", daemon=True)

    def __enter__(self) -> Keeper:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stop.set()
        self._thread.join(timeout=5.0)

    def check(self) -> None:
        """Raise `Cancelled`, `LeaseLost` or `DeadlinePassed` when the work must stop."""
        if self._found is not None:
            raise self._found

    def _keep(self) -> None:
        try:
            while self._found is None and not self._stop.wait(LOOK_S):
                self._found = self._look()
        finally:
            connection.close()

    def _look(self) -> Stopped | None:
        deadline = self._stage.deadline_at
        if deadline is not None and timezone.now() > deadline:
            return DeadlinePassed(f"The stage used up its {settings.MODULO_STAGE_SECONDS:.0f} seconds.")
        try:
            return self._renew() if self._due() else self._still_held()
        except DatabaseError as error:
            return self._unreachable(error)

    def _due(self) -> bool:
        return time.monotonic() - self._renewed_at >= settings.MODULO_LEASE_SECONDS / 3

    def _renew(self) -> Stopped | None:
        if not self._stage.renew():
            return self._stage.lost()
        self._renewed_at = time.monotonic()
        return None

    def _still_held(self) -> Stopped | None:
        return None if self._stage.is_held() else self._stage.lost()

    def _unreachable(self, error: DatabaseError) -> Stopped | None:
        """The database may be back in a moment; the stage is ours until the lease runs out."""
        log.warning("the lease could not be renewed: %s", error)
        connection.close()
        if time.monotonic() - self._renewed_at < settings.MODULO_LEASE_SECONDS:
            return None
        return LeaseLost("The database could not be reached for as long as the lease lasts.")
