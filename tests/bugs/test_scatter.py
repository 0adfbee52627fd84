"""Chunks are scored in parallel by runners, each once, whoever dies: runner, broker, stage."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from agents.errors import Cancelled
from agents.perf import simulated
from agents.perf.profile import Profile
from agents.results import Chunk, ChunkScore
from bugs import actions, jobs, queues, scatter, streams
from bugs import runner as runner_module
from bugs.models import ModelCall, Stage, Step
from bugs.scatter import Scatter

pytestmark = pytest.mark.storage

QUESTION = "Why is the discount wrong?"


def chunks(count: int) -> list[Chunk]:
    return [
        Chunk(
            key=f"k{n}", index=n, path=f"m{n}.py", line=1, end_line=3, text=f"def f{n}():\n    return {n}\n" + "#" * n
        )
        for n in range(count)
    ]


def gather(stage: Stage, count: int = 8) -> list[ChunkScore]:
    return list(Scatter(stage, chunks(count), QUESTION, lambda: None))


class RunnerThread(threading.Thread):
    """A runner as a worker runs it: it takes hints from the queue until told to stop."""

    def __init__(self, broker: Any) -> None:
        super().__init__(daemon=True)
        self.broker = broker
        self.over = False

    def run(self) -> None:
        queue = queues.rq_queue("chunks", self.broker)
        while not self.over:
            job_id = self.broker.lpop(queue.key)
            job = queue.fetch_job(job_id.decode()) if job_id else None
            if job is None:
                time.sleep(0.02)
            else:
                jobs.run_chunks(*job.args)
        connection.close()


@pytest.fixture
def runner(broker: Any) -> Iterator[RunnerThread]:
    thread = RunnerThread(broker)
    thread.start()
    yield thread
    thread.over = True
    thread.join(10)


@pytest.fixture
def model(settings: Any) -> Iterator[simulated.Server]:
    with simulated.serve(Profile(ttft=0.05, ttft_sigma=0.0, itl=0.005, tokens=20)) as server:
        settings.OPENAI_BASE_URL = server.url
        yield server


def test_each_chunk_is_scored_once(held: Stage, runner: RunnerThread) -> None:
    scores = gather(held)
    assert sorted(score.key for score in scores) == [f"k{n}" for n in range(8)]
    assert all("offline" in score.scorer for score in scores)
    assert Step.objects.filter(stage=held).count() == 8


def test_many_calls_are_in_flight_at_once(held: Stage, runner: RunnerThread, model: simulated.Server) -> None:
    gather(held, 16)
    assert model.most_in_flight == 16
    assert ModelCall.objects.filter(stage=held).count() == 16


def test_the_longest_chunks_go_first(held: Stage, broker: Any) -> None:
    source = streams.chunk_source(held.pk, held.lease_token)
    scattering = iter(Scatter(held, chunks(4), QUESTION, stop))
    with pytest.raises(Cancelled):
        next(scattering)
    again = Scatter(held, chunks(4), QUESTION, lambda: None)
    again._publish()
    taken = source.take("the test", 4)
    assert [delivery.body["chunk"]["key"] for delivery in taken] == ["k3", "k2", "k1", "k0"]


def stop() -> None:
    raise Cancelled("The run was stopped.")


def test_scores_that_are_kept_are_not_asked_for_again(
    held: Stage, runner: RunnerThread, model: simulated.Server
) -> None:
    gather(held, 4)
    calls = model.seen.total()
    scores = gather(held, 6)
    assert sorted(score.key for score in scores) == [f"k{n}" for n in range(6)]
    assert model.seen.total() == calls + 2


def test_the_broker_forgets_everything_and_each_chunk_is_scored(
    held: Stage, runner: RunnerThread, broker: Any, model: simulated.Server
) -> None:
    threading.Timer(0.05, broker.flushall).start()
    threading.Timer(0.3, broker.flushall).start()
    assert len({score.key for score in gather(held, 24)}) == 24


def test_without_any_runner_the_stage_scores_its_chunks_itself(held: Stage, broker: Any) -> None:
    began = time.monotonic()
    assert len(gather(held)) == 8
    assert time.monotonic() - began < scatter.ALONE_AFTER_S + 5


def test_with_the_broker_down_the_stage_scores_its_chunks_itself(held: Stage, settings: Any, tmp_path: Any) -> None:
    settings.REDIS_URL = f"unix://{tmp_path}/nobody?db=0"
    began = time.monotonic()
    assert len(gather(held)) == 8
    assert time.monotonic() - began < 5


def test_without_a_broker_the_serving_process_scores_the_chunks(held: Stage, no_broker: None) -> None:
    queues.in_process.serve()
    try:
        began = time.monotonic()
        assert len(gather(held)) == 8
        assert time.monotonic() - began < scatter.HINT_AGAIN_S
    finally:
        queues.in_process.stop()


def test_chunks_of_a_dead_runner_are_taken_by_the_next(held: Stage, broker: Any) -> None:
    source = streams.RedisChunks(broker, held.pk, held.lease_token, idle_s=0.2)
    source.add([{"n": n} for n in range(3)])
    assert len(source.take("dies", 2)) == 2
    (mine,) = source.take("lives", 8)
    time.sleep(0.25)
    source.hold("lives", [mine.id])
    claimed = source.take("lives", 8)
    assert [(delivery.body["n"], delivery.times) for delivery in claimed] == [(0, 2), (1, 2)]


def test_chunks_in_good_hands_are_not_taken_away(held: Stage, broker: Any) -> None:
    source = streams.RedisChunks(broker, held.pk, held.lease_token, idle_s=0.3)
    source.add([{"n": 0}])
    (delivery,) = source.take("slow", 1)
    for _ in range(4):
        time.sleep(0.1)
        source.hold("slow", [delivery.id])
    assert source.take("other", 1) == []
    assert source.attended()


def test_a_runner_stops_within_a_second_when_the_run_is_stopped(held: Stage, broker: Any, settings: Any) -> None:
    with simulated.serve(Profile(ttft=30.0)) as server:
        settings.OPENAI_BASE_URL = server.url
        source = streams.chunk_source(held.pk, held.lease_token)
        source.add(
            [
                {
                    "question": QUESTION,
                    "chunk": {"key": "k", "index": 0, "path": "a.py", "line": 1, "end_line": 2, "text": "x = 1"},
                }
            ]
        )
        threading.Timer(0.5, lambda: (actions.cancel_run(held.run), connection.close())).start()
        began = time.monotonic()
        jobs.run_chunks(held.pk, held.lease_token)
    assert time.monotonic() - began < 2


def test_a_runner_that_comes_too_late_does_nothing(held: Stage, broker: Any) -> None:
    streams.chunk_source(held.pk, held.lease_token).add([{"question": QUESTION, "chunk": {}}])
    Stage.objects.filter(pk=held.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    assert actions.start_stage(held.pk, "another")
    jobs.run_chunks(held.pk, held.lease_token)
    assert not Step.objects.exists()


def test_a_chunk_that_kills_its_runners_is_stored_as_failed(held: Stage, broker: Any) -> None:
    source = streams.RedisChunks(broker, held.pk, held.lease_token, idle_s=0.0)
    (chunk,) = chunks(1)
    source.add(
        [
            {
                "question": QUESTION,
                "chunk": {"key": chunk.key, "index": 0, "path": "a.py", "line": 1, "end_line": 2, "text": "x"},
            }
        ]
    )
    for _ in range(runner_module.MAX_DELIVERIES):
        assert source.take("dies", 1)
        time.sleep(0.01)
    runner_module.run(held.pk, held.lease_token, source)
    assert Step.objects.get(stage=held).value["error"] == "poison"
