"""A runner pulls chunks and keeps many calls to the model in flight; each score is a row before it is acknowledged."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
import queue
import socket
import threading
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
from bugs import gateway, options, streams
from bugs.live import LiveWriter
from bugs.models import Stage, Step, storable
from bugs.streams import ChunkSource, Delivery

log = logging.getLogger(__name__)

Call = tuple[ModelRequest, ModelReply]

MAX_DELIVERIES = 3
BEAT_S = 0.5


def chunk_key(question: str, key: str) -> str:
    """The key of a chunk's kept score: the same chunk may be asked two questions."""
    digest = hashlib.blake2b(question.encode("utf-8", "replace"), digest_size=6).hexdigest()
    return storable.cut(f"chunk:{digest}:{key}", 200)


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
    call: Call | None = None


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
        score, call = _failed(chunk, "poison", f"Its runner died {MAX_DELIVERIES} times."), None
        if delivery.times <= MAX_DELIVERIES:
            try:
                score, call = await self._opinion(chunk, question, live)
            except Exception as error:  # the door of the runner: one chunk must not cost the others
                log.exception("a chunk could not be scored")
                score = _failed(chunk, "internal-error", f"Modulo made a mistake: {type(error).__name__}: {error}")
        self._outbox.put(Scored(delivery=delivery.id, key=chunk_key(question, chunk.key), score=score, call=call))

    async def _opinion(self, chunk: Chunk, question: str, live: LiveWriter) -> tuple[ChunkScore, Call | None]:
        if self._model.offline:
            return await asyncio.to_thread(offline.score, chunk, question), None
        request = gateway.redacted(root_cause.request_for(chunk, question))
        reply = await self._ask(request, chunk.key, live)
        return root_cause.read_score(chunk, reply), (request, reply)

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
