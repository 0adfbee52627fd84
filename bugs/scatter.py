"""Scatter-gather: a stage's chunks are scored in parallel by runners, many calls in flight; each result is a row."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
import queue
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.db import DatabaseError, connection
from redis import RedisError

from agents import codec
from agents.context import ModelReply, ModelRequest
from agents.errors import Stopped
from agents.llm.door import Listener, Told
from agents.llm.door import run as run_calls
from agents.localization import offline
from agents.results import Chunk, ChunkScore
from agents.stages import root_cause
from bugs import gateway, options, queues, streams
from bugs.live import LiveWriter
from bugs.models import Stage, Step, storable
from bugs.streams import ChunkSource, Delivery, LocalChunks

log = logging.getLogger(__name__)

RUNNER_JOB = "bugs.jobs.run_chunks"
MAX_DELIVERIES = 3
HINT_AGAIN_S = 3.0
ALONE_AFTER_S = 6.0  # no runner came: the stage scores its chunks itself
BEAT_S = 0.5


def chunk_key(question: str, key: str) -> str:
    """The key of a chunk's kept score: the same chunk may be asked two questions."""
    digest = hashlib.blake2b(question.encode("utf-8", "replace"), digest_size=6).hexdigest()
    return storable.cut(f"chunk:{digest}:{key}", 200)


# --- the stage's side -------------------------------------------------------------------------------------------------


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
            run(self._stage.pk, self._stage.lease_token, source)
        except RedisError as error:
            log.info("the broker went away from a runner: %s", error)
        finally:
            connection.close()


# --- the runner's side ------------------------------------------------------------------------------------------------


def run(stage_id: int, token: int, source: ChunkSource | None = None) -> None:
    """Score the stage's chunks until none is left; a runner that comes too late does nothing."""
    stage = Stage.objects.select_related("run__bug").filter(pk=stage_id).first()
    if stage is None:
        return
    stage.lease_token = token
    if stage.is_held():
        Runner(stage, source or streams.chunk_source(stage_id, token)).run()


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """A chunk's score on its way to its row, with the call that gave it, if a model did."""

    delivery: str
    key: str
    score: ChunkScore
    call: tuple[ModelRequest, ModelReply] | None = None


class Runner:
    """Pulls chunks and keeps many calls in flight on one loop. Beside it two plain threads: one writes what is scored,
    one says that the runner is alive and looks whether the stage still wants it."""

    def __init__(self, stage: Stage, source: ChunkSource) -> None:
        self._stage = stage
        self._source = source
        self._name = f"{socket.gethostname()}:{os.getpid()}:{threading.get_ident()}"
        self._slots = max(1, options.of_run(stage.run).slots // max(1, settings.MODULO_CHUNK_WORKERS))
        self._model = gateway.model()
        self._outbox: queue.SimpleQueue[Scored | None] = queue.SimpleQueue()
        self._in_flight: dict[str, asyncio.Task[None]] = {}
        self._over = threading.Event()

    def run(self) -> None:
        connection.close()
        writer = threading.Thread(target=self._write, name="chunk-writer", daemon=True)
        watcher = threading.Thread(target=self._watch, name="chunk-watcher", daemon=True)
        with LiveWriter(self._stage.run.bug_id, self._stage.run.number, self._stage.name) as live:
            writer.start()
            watcher.start()
            try:
                run_calls(self._drain(live))
            finally:
                self._outbox.put(None)
                writer.join()
                self._over.set()
                watcher.join()

    async def _drain(self, live: LiveWriter) -> None:
        try:
            while not self._over.is_set():
                await self._fill(live)
                if not self._in_flight:
                    return
                await asyncio.wait(self._in_flight.values(), timeout=0.25, return_when=asyncio.FIRST_COMPLETED)
                self._in_flight = {id: task for id, task in self._in_flight.items() if not task.done()}
        finally:
            for task in self._in_flight.values():
                task.cancel()
            await asyncio.gather(*self._in_flight.values(), return_exceptions=True)

    async def _fill(self, live: LiveWriter) -> None:
        free = self._slots - len(self._in_flight)
        if free <= 0:
            return
        for delivery in await asyncio.to_thread(self._take, free):
            if delivery.id in self._in_flight:  # this process stood still for so long that it claimed its own chunk
                continue
            self._in_flight[delivery.id] = asyncio.create_task(self._score(delivery, live))

    def _take(self, count: int) -> list[Delivery]:
        try:
            return self._source.take(self._name, count)
        except RedisError as error:
            log.info("a runner cannot take chunks: %s", error)
            return []

    async def _score(self, delivery: Delivery, live: LiveWriter) -> None:
        chunk = codec.from_json(Chunk, delivery.body["chunk"])
        question = str(delivery.body["question"])
        call = None
        if delivery.times > MAX_DELIVERIES:
            score = _failed(chunk, "poison", f"Its runner died {MAX_DELIVERIES} times.")
        elif self._model.offline:
            score = await asyncio.to_thread(offline.score, chunk, question)
        else:
            request = gateway.redacted(root_cause.request_for(chunk, question))
            call = request, await self._ask(request, chunk.key, live)
            score = root_cause.read_score(chunk, call[1])
        self._outbox.put(Scored(delivery=delivery.id, key=chunk_key(question, chunk.key), score=score, call=call))

    async def _ask(self, request: ModelRequest, cell: str, live: LiveWriter) -> ModelReply:
        def tell(_: ModelRequest, offset: int, text: str) -> None:
            live.delta(cell, offset, text)

        told = Told(request, Listener(tell, None))
        async for batch in self._model.stream(request):
            told.read(batch)
        live.finish(cell)
        return told.reply()

    def _watch(self) -> None:
        """Twice a second: say that the chunks in flight are in good hands; stop when the stage is held no more."""
        try:
            while not self._over.wait(BEAT_S):
                with streams.tolerated():
                    self._source.hold(self._name, list(self._in_flight))
                if not self._wanted():
                    self._over.set()
        finally:
            connection.close()

    def _wanted(self) -> bool:
        try:
            return self._stage.is_held()
        except DatabaseError as error:
            log.warning("a runner cannot see its stage: %s", error)
            connection.close()
            return True

    def _write(self) -> None:
        try:
            while batch := self._next_batch():
                self._store(batch)
        except (Stopped, DatabaseError) as error:
            log.info("a runner's scores are not wanted or cannot be kept: %s", error)
            self._over.set()
        finally:
            connection.close()

    def _next_batch(self) -> list[Scored]:
        """What is scored by now, at least one; empty at the end."""
        batch = [self._outbox.get()]
        while not self._outbox.empty():
            batch.append(self._outbox.get())
        if None in batch:
            self._outbox.put(None)  # the end is to be met again, by itself
        return [scored for scored in batch if scored is not None]

    def _store(self, batch: list[Scored]) -> None:
        with self._stage.held(renew=False):
            gateway.keep(self._stage, [scored.call for scored in batch if scored.call])
            steps = [
                Step(stage=self._stage, key=scored.key, value=storable.json(codec.to_json(scored.score)))
                for scored in batch
            ]
            Step.objects.bulk_create(steps, ignore_conflicts=True)
        with streams.tolerated():
            self._source.done([scored.delivery for scored in batch])


def _failed(chunk: Chunk, slug: str, reason: str) -> ChunkScore:
    return ChunkScore(key=chunk.key, score=0.0, reason=reason, error=slug)
