"""Redis Streams and their local twins: frames of live events to open pages, chunks to the runners that score them."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Protocol
from weakref import WeakValueDictionary

from django.conf import settings
from redis import Redis, RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry

log = logging.getLogger(__name__)

FRAMES_KEPT = 5_000
FRAMES_EXPIRE_S = 24 * 3600
CHUNKS_EXPIRE_S = 3600
RUNNERS = "runners"
FIELD = "j"

failures: Counter[str] = Counter()  # what could not be reached, by error; the database stays the truth


@lru_cache(maxsize=2)
def _connect(url: str) -> Redis:
    return Redis.from_url(url, socket_connect_timeout=0.5, socket_timeout=1.0, retry=Retry(NoBackoff(), 0))


def broker() -> Redis | None:
    """The broker, or None on the in-process rung. It may fail, so it fails fast: 0.5 s to connect, 1 s to answer."""
    return _connect(settings.REDIS_URL) if settings.REDIS_URL else None


@contextmanager
def tolerated() -> Iterator[None]:
    """A broker that is down loses hints and live text, nothing else: count it and go on."""
    try:
        yield
    except (RedisError, OSError) as error:
        failures[type(error).__name__] += 1
        log.info("the broker did not answer: %s", error)


# --- frames of live events --------------------------------------------------------------------------------------------


def frames_key(bug_id: int) -> str:
    """The stream of a bug's live frames; each entry's field `j` is the JSON list of its live events."""
    return f"live:{int(bug_id)}"


def push_frame(bug_id: int, live: Sequence[Mapping[str, Any]]) -> None:
    """Append one frame for the open pages of a bug; without a broker it goes to this process's own subscribers."""
    text = json.dumps(list(live), ensure_ascii=False, separators=(",", ":"))
    redis = broker()
    if redis is None:
        local_frames.push(bug_id, text)
        return
    with tolerated():
        pipeline = redis.pipeline(transaction=False)
        pipeline.xadd(frames_key(bug_id), {FIELD: text}, maxlen=FRAMES_KEPT, approximate=True)
        pipeline.expire(frames_key(bug_id), FRAMES_EXPIRE_S)
        pipeline.execute()


Listener = Callable[[int, str, str], None]


class LocalFrames:
    """The in-process twin of the frame streams: `listener(bug_id, id, text)` is called in the pushing thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._listeners: list[Listener] = []
        self._kept: dict[int, deque[tuple[str, str]]] = {}
        self._count = 0

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Subscribe; call what is returned to unsubscribe."""
        with self._lock:
            self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def push(self, bug_id: int, text: str) -> None:
        with self._lock:
            self._count += 1
            frame_id = f"{time.time_ns() // 1_000_000}-{self._count}"
            self._kept.setdefault(bug_id, deque(maxlen=FRAMES_KEPT)).append((frame_id, text))
            listeners = list(self._listeners)
        for listener in listeners:
            listener(bug_id, frame_id, text)

    def since(self, bug_id: int, frame_id: str) -> list[tuple[str, str]]:
        """The kept frames after `frame_id` ("" = all), oldest first."""
        with self._lock:
            kept = list(self._kept.get(bug_id, ()))
        ids = [known for known, _ in kept]
        return kept[ids.index(frame_id) + 1 :] if frame_id in ids else kept


local_frames = LocalFrames()

# --- chunks to runners ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One chunk handed to a runner, for the `times`-th time."""

    id: str
    body: dict[str, Any]
    times: int = 1


class ChunkSource(Protocol):
    """Where runners pull chunks from, and how they say that they are at work or have finished one."""

    def add(self, bodies: Sequence[Mapping[str, Any]]) -> None: ...
    def take(self, runner: str, count: int) -> list[Delivery]: ...
    def hold(self, runner: str, ids: Sequence[str]) -> None: ...
    def done(self, ids: Sequence[str]) -> None: ...
    def attended(self) -> bool: ...
    def lost(self) -> bool: ...
    def wait(self, seconds: float) -> None: ...
    def drop(self) -> None: ...


class RedisChunks:
    """The chunks of one stage under one lease: a stream with a consumer group, expiring."""

    def __init__(self, redis: Redis, stage_id: int, token: int, idle_s: float = 4.0) -> None:
        self._redis = redis
        self._key = f"chunks:{stage_id}:{token}"
        self._done = f"{self._key}:done"
        self._alive = f"{self._key}:alive"
        self._idle_ms = int(idle_s * 1000)

    def add(self, bodies: Sequence[Mapping[str, Any]]) -> None:
        pipeline = self._redis.pipeline(transaction=False)
        for body in bodies:
            pipeline.xadd(self._key, {FIELD: json.dumps(body)})
        pipeline.expire(self._key, CHUNKS_EXPIRE_S)
        pipeline.execute()

    def take(self, runner: str, count: int) -> list[Delivery]:
        """Up to `count` chunks nobody has taken, in the order they were added; then those whose runner fell silent."""
        self._group()
        answer = self._redis.xreadgroup(RUNNERS, runner, {self._key: ">"}, count=count) or []
        fresh = [_delivery(entry, 1) for _, entries in _streams(answer) for entry in entries]
        return fresh or self._abandoned(runner, count)

    def hold(self, runner: str, ids: Sequence[str]) -> None:
        """Say that `runner` is alive and still at work on `ids`."""
        self._redis.set(self._alive, runner, px=3_000)
        if ids:
            self._redis.xclaim(self._key, RUNNERS, runner, 0, list(ids), justid=True)

    def done(self, ids: Sequence[str]) -> None:
        pipeline = self._redis.pipeline(transaction=False)
        pipeline.xack(self._key, RUNNERS, *ids)
        pipeline.rpush(self._done, len(ids))
        pipeline.expire(self._done, CHUNKS_EXPIRE_S)
        pipeline.execute()

    def attended(self) -> bool:
        return bool(self._redis.exists(self._alive))

    def lost(self) -> bool:
        """Did the broker forget what was added? A runner may have made the stream again, empty."""
        return not self._redis.xlen(self._key)

    def wait(self, seconds: float) -> None:
        """Return when a runner says `done`, or after `seconds` (at most 0.9: the client's own time-out is 1 s)."""
        self._redis.blpop([self._done], timeout=min(seconds, 0.9))

    def drop(self) -> None:
        self._redis.delete(self._key, self._done, self._alive)

    def _group(self) -> None:
        try:
            self._redis.xgroup_create(self._key, RUNNERS, id="0", mkstream=True)
            self._redis.expire(self._key, CHUNKS_EXPIRE_S)
        except RedisError as error:
            if "BUSYGROUP" not in str(error):
                raise

    def _abandoned(self, runner: str, count: int) -> list[Delivery]:
        claimed = self._redis.xautoclaim(self._key, RUNNERS, runner, self._idle_ms, start_id="0-0", count=count)[1]
        entries = [entry for entry in claimed if entry[1]]
        if not entries:
            return []
        ids = [entry[0] for entry in entries]
        pending = self._redis.xpending_range(self._key, RUNNERS, min=ids[0], max=ids[-1], count=1000)
        times: dict[Any, Any] = {row["message_id"]: row["times_delivered"] for row in pending}
        return [_delivery(entry, times.get(entry[0], 1)) for entry in entries]


def _streams(answer: Any) -> list[tuple[Any, list[Any]]]:
    """XREADGROUP's answer in either protocol version as (key, entries) pairs."""
    return list(answer.items()) if isinstance(answer, dict) else list(answer)


def _delivery(entry: Any, times: int) -> Delivery:
    entry_id, fields = entry
    return Delivery(id=entry_id.decode(), body=json.loads(fields[FIELD.encode()]), times=times)


@dataclass
class LocalChunks:
    """The in-process twin: the same order, one process, nothing to claim back."""

    waiting: deque[Delivery] = field(default_factory=deque)
    _count: int = 0
    _alive_until: float = 0.0
    _news: threading.Condition = field(default_factory=threading.Condition)

    def add(self, bodies: Sequence[Mapping[str, Any]]) -> None:
        with self._news:
            for body in bodies:
                self._count += 1
                self.waiting.append(Delivery(id=str(self._count), body=dict(body)))

    def take(self, runner: str, count: int) -> list[Delivery]:
        with self._news:
            return [self.waiting.popleft() for _ in range(min(count, len(self.waiting)))]

    def hold(self, runner: str, ids: Sequence[str]) -> None:
        self._alive_until = time.monotonic() + 3.0

    def done(self, ids: Sequence[str]) -> None:
        with self._news:
            self._news.notify_all()

    def attended(self) -> bool:
        return time.monotonic() < self._alive_until

    def lost(self) -> bool:
        return False

    def wait(self, seconds: float) -> None:
        with self._news:
            self._news.wait(seconds)

    def drop(self) -> None:
        with self._news:
            self.waiting.clear()


_local_chunks: WeakValueDictionary[tuple[int, int], LocalChunks] = WeakValueDictionary()


def chunk_source(stage_id: int, token: int) -> ChunkSource:
    """The chunks of one stage under one lease token, on the broker or in this process."""
    redis = broker()
    if redis is None:
        return _local_chunks.setdefault((stage_id, token), LocalChunks())
    return RedisChunks(redis, stage_id, token)
