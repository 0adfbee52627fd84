"""Scatter-gather: a stage hands its chunks to runners and gathers the scores as they become rows."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence

from django.conf import settings
from django.db import connection
from redis import RedisError

from agents import codec
from agents.results import Chunk, ChunkScore
from bugs import queues, runner, streams
from bugs.models import Stage, Step
from bugs.runner import chunk_key
from bugs.streams import ChunkSource, LocalChunks

log = logging.getLogger(__name__)

RUNNER_JOB = "bugs.jobs.run_chunks"
HINT_AGAIN_S = 3.0
ALONE_AFTER_S = 6.0  # no runner came: the stage scores its chunks itself


class Scatter:
    """One scatter of a held stage. Iterate it: scores come as they are stored, each chunk exactly once."""

    def __init__(self, stage: Stage, chunks: Sequence[Chunk], question: str, check: Callable[[], None]) -> None:
        self._stage = stage
        self._question = question
        self._check = check
        self._prefix = chunk_key(question, "")
        self._missing = {chunk_key(question, chunk.key): chunk for chunk in chunks}
        self._last_pk = 0
        self._source = streams.chunk_source(stage.pk, stage.lease_token)
        self._moved_at = time.monotonic()
        self._hinted_at = 0.0
        self._own: threading.Thread | None = None

    def __iter__(self) -> Iterator[ChunkScore]:
        yield from self._kept_earlier()
        yield from self._arrived()
        if not self._missing:
            return
        self._publish()
        try:
            while self._missing:
                self._check()
                fresh = self._arrived()
                yield from fresh
                if not fresh and self._missing:
                    self._wait()
        finally:
            with streams.tolerated():
                self._source.drop()

    def _kept_earlier(self) -> list[ChunkScore]:
        """The scores an earlier try of this stage left; what failed then is asked again."""
        tries = Stage.objects.filter(run=self._stage.run_id, name=self._stage.name).exclude(pk=self._stage.pk)
        rows = Step.objects.filter(stage__in=tries, key__startswith=self._prefix)
        return self._taken([row for row in rows if not row.value.get("error")])

    def _arrived(self) -> list[ChunkScore]:
        """The scores stored since the last look."""
        steps = Step.objects.filter(stage=self._stage, key__startswith=self._prefix, pk__gt=self._last_pk)
        rows = list(steps.order_by("pk"))
        if rows:
            self._last_pk, self._moved_at = rows[-1].pk, time.monotonic()
        return self._taken(rows)

    def _taken(self, rows: Sequence[Step]) -> list[ChunkScore]:
        return [codec.from_json(ChunkScore, row.value) for row in rows if self._missing.pop(row.key, None)]

    def _publish(self) -> None:
        """Hand the missing chunks out and hint the runners."""
        try:
            self._add()
        except RedisError as error:
            self._take_over(error)
        for _ in range(max(1, settings.MODULO_CHUNK_WORKERS)):
            self._hint()

    def _add(self) -> None:
        """Longest first: what takes longest must not begin last."""
        longest_first = sorted(self._missing.values(), key=lambda chunk: -len(chunk.text))
        self._source.add([{"question": self._question, "chunk": codec.to_json(chunk)} for chunk in longest_first])

    def _hint(self) -> None:
        self._hinted_at = time.monotonic()
        queues.hint("chunks", RUNNER_JOB, self._stage.pk, self._stage.lease_token)

    def _wait(self) -> None:
        """Wait for the next score; where nobody is at work, hint again, and in the end do the work here."""
        try:
            self._source.wait(0.5)
            self._tend()
        except RedisError as error:
            self._take_over(error)

    def _tend(self) -> None:
        idle = time.monotonic() - self._moved_at
        if idle < HINT_AGAIN_S or self._works_alone() or self._source.attended():
            return
        if self._own is not None or self._source.lost():  # all that could be taken was taken: the rest is lost
            self._add()
        if time.monotonic() - self._hinted_at >= HINT_AGAIN_S:
            self._hint()
        if idle >= ALONE_AFTER_S:
            self._work_alone()

    def _take_over(self, error: RedisError) -> None:
        """The broker is gone: score what is missing here. What a runner still finishes falls on the same rows."""
        log.info("no broker, the stage scores its chunks itself: %s", error)
        self._source = LocalChunks()
        self._add()
        self._work_alone()

    def _works_alone(self) -> bool:
        return self._own is not None and self._own.is_alive()

    def _work_alone(self) -> None:
        self._own = threading.Thread(target=self._run_here, args=(self._source,), name="own-runner", daemon=True)
        self._own.start()

    def _run_here(self, source: ChunkSource) -> None:
        try:
            runner.run(self._stage.pk, self._stage.lease_token, source)
        except RedisError as error:
            log.info("the broker went away from a runner: %s", error)
        finally:
            connection.close()
