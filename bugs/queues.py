"""How work leaves the request: hints on the queues "stages", "chunks" and "chat"; a lost hint loses nothing."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache, partial
from typing import Any, Literal

from django.conf import settings
from django.db import connection, transaction
from django.utils.module_loading import import_string
from redis import Redis
from rq import Queue
from rq.serializers import JSONSerializer

from bugs import streams

log = logging.getLogger(__name__)
Name = Literal["stages", "chunks", "chat"]
NAMES: tuple[Name, ...] = ("stages", "chunks", "chat")
FAILURE_TTL_S = 300  # what failed is in the database; the broker need not remember it for a year

hinted: Counter[str] = Counter()


def enqueue(queue: Name, path: str, *args: Any, name: str | None = None) -> None:
    """Hint a worker of `queue` to call `path(*args)` once the current transaction has committed."""
    transaction.on_commit(partial(hint, queue, path, *args, name=name), robust=True)


def hint(queue: Name, path: str, *args: Any, name: str | None = None) -> None:
    """Hint now. A broker that is down is counted in `streams.failures`; the sweeper hints again.

    A hint with a `name` can be found again by it while it waits.
    """
    hinted[queue] += 1
    redis = streams.broker()
    if redis is None:
        in_process.submit(queue, path, *args)
        return
    with streams.tolerated():
        rq_queue(queue, redis).enqueue_call(
            path,
            args=args,
            timeout=timeout_s(),
            result_ttl=0,
            failure_ttl=FAILURE_TTL_S,
            description=path,
            job_id=name,
        )


def waiting(queue: Name) -> set[str]:
    """The names of the hints nobody has taken yet."""
    redis = streams.broker()
    return set(rq_queue(queue, redis).job_ids) if redis is not None else set()


def timeout_s() -> int:
    """RQ's own alarm comes after the stage's deadline: it is the last net, not the first."""
    return int(settings.MODULO_STAGE_SECONDS) + 60


def rq_queue(queue: Name, redis: Redis) -> Queue:
    return _rq_queue(queue, redis)


@lru_cache(maxsize=8)
def _rq_queue(queue: Name, redis: Redis) -> Queue:
    return Queue(queue, connection=redis, serializer=JSONSerializer)


class InProcess:
    """The rung without a broker: threads of the one serving process do what workers do elsewhere."""

    def __init__(self) -> None:
        self._pools: dict[str, ThreadPoolExecutor] = {}

    def serve(self, stages: int = 1, chunks: int = 1, chat: int = 1) -> None:
        """Let this process do the work; other processes only write rows, which its sweeper finds."""
        for name, threads in (("stages", stages), ("chunks", chunks), ("chat", chat)):
            self._pools[name] = ThreadPoolExecutor(max_workers=threads, thread_name_prefix=f"modulo-{name}")

    def submit(self, queue: Name, path: str, *args: Any) -> None:
        pool = self._pools.get(queue)
        if pool is not None:
            pool.submit(_call, import_string(path), *args)

    def stop(self) -> None:
        for pool in self._pools.values():
            pool.shutdown(wait=True, cancel_futures=True)
        self._pools.clear()


def _call(job: Callable[..., Any], *args: Any) -> None:
    started = time.monotonic()
    try:
        job(*args)
    except Exception:  # the door of an in-process worker: the job has told its own story, this is for the log
        log.exception("a job failed after %.1f s", time.monotonic() - started)
    finally:
        connection.close()


in_process = InProcess()
