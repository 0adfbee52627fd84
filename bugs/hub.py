"""One reader of live frames for each watched bug in this process, handing the same text to all its sockets."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary

import redis.asyncio
from channels.db import database_sync_to_async
from django.conf import settings
from redis.exceptions import RedisError

from bugs import announce, streams
from bugs.live import width
from bugs.models import Bug

log = logging.getLogger(__name__)

BLOCK_MS = 5_000
FRAMES_AT_ONCE = 200
TICK_S = 10.0
RETRY_S = 1.0
OLDEST = "0-0"
BUSY_S = 0.02  # a loop that is later than this has too much to send: frames are gathered for longer
LONGEST_GATHER_S = 0.1
LARGEST = 15_000  # characters of a message: the server refuses to send more than 64 KiB, and one may take 4 bytes

Frame = tuple[str, str]  # its id in the stream, its events as JSON


@dataclass(eq=False)
class Watcher:
    """One socket's ears: `frame` gets messages of frames and the id they end at ("" when the frame goes on in the next
    message), `tick` the bug's last seq. Neither may block."""

    frame: Callable[[str, str], None]
    tick: Callable[[int], None]
    waiting: list[Frame] | None = None  # frames that came while it was catching up; None once it has
    seen: str = OLDEST  # the last frame it got: when it joined it may have been ahead of the shared reader

    def take(self, frames: Sequence[Frame], messages: Sequence[Frame] = ()) -> None:
        """Hand over what it has not seen; `messages` are all `frames`, put together already."""
        fresh = frames if later(frames[0][0], self.seen) else [each for each in frames if later(each[0], self.seen)]
        for frame_id, text in messages if messages and len(fresh) == len(frames) else pack(fresh):
            self.frame(text, frame_id)
        self.seen = max(self.seen, frames[-1][0], key=_moment)


@dataclass(eq=False)
class Channel:
    """A watched bug. `began` is where its reader started, `last` where it stands."""

    watchers: set[Watcher] = field(default_factory=set)
    reader: asyncio.Task[None] | None = None
    began: str = OLDEST
    last: str = OLDEST


class Hub:
    """Belongs to one event loop. A bug's reader starts with its first watcher and ends with its last."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._channels: dict[int, Channel] = {}
        self._ticker: asyncio.Task[None] | None = None
        self._local = not settings.REDIS_URL
        if self._local:
            self._unsubscribe = streams.local_frames.listen(self._from_thread)
            announce.courier.attach(loop)  # the layer lives in this process: its messages belong on this loop
        else:
            # Longer than a blocking read: the library's own time-out of 5 s would end it.
            self._redis = redis.asyncio.from_url(settings.REDIS_URL, decode_responses=True, socket_timeout=30)

    async def join(self, bug_id: int, watcher: Watcher, after: str = "") -> None:
        """Send `watcher` the kept frames after `after` ("" folds all into one), then each new one, once."""
        channel = self._channels.setdefault(bug_id, Channel())
        watcher.waiting = []
        channel.watchers.add(watcher)
        missed = await self._kept(bug_id, after)
        seen = missed[-1][0] if missed else after or OLDEST
        if channel.reader is None:
            self._start(bug_id, channel, seen)
        while later(channel.began, seen):  # the reader began beyond what was read here
            more = await self._kept(bug_id, seen)
            missed, seen = missed + more, more[-1][0] if more else channel.began
        for frame_id, text in pack(missed if after else fold(missed)):
            watcher.frame(text, frame_id)
        watcher.seen, waiting, watcher.waiting = seen, watcher.waiting, None
        if waiting:
            watcher.take(waiting)

    def leave(self, bug_id: int, watcher: Watcher) -> None:
        channel = self._channels.get(bug_id)
        if channel is None:
            return
        channel.watchers.discard(watcher)
        if channel.watchers:
            return
        del self._channels[bug_id]
        if channel.reader is not None:
            channel.reader.cancel()
        if not self._channels and self._ticker is not None:
            self._ticker.cancel()
            self._ticker = None

    async def close(self) -> None:
        """End all readers and let go of the broker."""
        tasks = [task for task in (self._ticker, *(each.reader for each in self._channels.values())) if task]
        self._channels.clear()
        self._ticker = None
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._local:
            self._unsubscribe()
        else:
            await self._redis.aclose()

    def feed(self, bug_id: int, frames: Sequence[Frame]) -> None:
        """Hand new frames to all who watch the bug; the text is put together once."""
        channel = self._channels.get(bug_id)
        if channel is None or not frames:
            return
        messages = list(pack(frames))
        channel.last = frames[-1][0]
        for watcher in tuple(channel.watchers):
            if watcher.waiting is None:
                watcher.take(frames, messages)
            else:
                watcher.waiting.extend(frames)

    def _start(self, bug_id: int, channel: Channel, at: str) -> None:
        channel.began = channel.last = at
        if self._ticker is None:
            self._ticker = self._loop.create_task(self._tick())
        if not self._local:
            channel.reader = self._loop.create_task(self._read(bug_id, channel))

    async def _kept(self, bug_id: int, after: str) -> list[Frame]:
        """The frames that are kept after `after`; none when the broker is down: a later gap makes the page fetch."""
        if self._local:
            return streams.local_frames.since(bug_id, after)
        try:
            entries: Any = await self._redis.xrange(streams.frames_key(bug_id), min=f"({after}" if after else "-")
        except (RedisError, OSError) as error:
            log.info("kept frames could not be read: %s", error)
            return []
        return [(entry_id, fields[streams.FIELD]) for entry_id, fields in entries]

    async def _read(self, bug_id: int, channel: Channel) -> None:
        key = streams.frames_key(bug_id)
        while True:
            try:
                answer: Any = await self._redis.xread({key: channel.last}, count=FRAMES_AT_ONCE, block=BLOCK_MS)
            except (RedisError, OSError) as error:
                log.info("live frames could not be read: %s", error)
                await asyncio.sleep(RETRY_S)
                continue
            self.feed(bug_id, entries_of(answer))
            await self._breathe()

    async def _breathe(self) -> None:
        """Let the loop send; the later it is, the longer frames are gathered before the next read."""
        began = self._loop.time()
        await asyncio.sleep(0)
        late = self._loop.time() - began
        if late > BUSY_S:
            await asyncio.sleep(min(2 * late, LONGEST_GATHER_S))

    async def _tick(self) -> None:
        """Tell every watcher its bug's last seq, so that a lost message is noticed within `TICK_S`."""
        while True:
            await asyncio.sleep(TICK_S)
            for bug_id, seq in (await last_seqs(list(self._channels))).items():
                channel = self._channels.get(bug_id)
                for watcher in tuple(channel.watchers) if channel else ():
                    watcher.tick(seq)

    def _from_thread(self, bug_id: int, frame_id: str, text: str) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(partial(self.feed, bug_id, [(frame_id, text)]))


@database_sync_to_async
def last_seqs(bug_ids: list[int]) -> dict[int, int]:
    return dict(Bug.objects.filter(pk__in=bug_ids).values_list("pk", "last_seq"))


def entries_of(answer: Any) -> list[Frame]:
    """XREAD's answer, in either version of the protocol, as frames."""
    streams_read = answer.items() if isinstance(answer, dict) else answer or ()
    entries = [entry for _, read in streams_read for entry in read]
    if entries and isinstance(entries[0], list) and entries[0] and isinstance(entries[0][0], list | tuple):
        entries = [entry for group in entries for entry in group]
    return [(entry_id, fields[streams.FIELD]) for entry_id, fields in entries]


def pack(frames: Iterable[Frame]) -> Iterator[Frame]:
    """Messages of at most `LARGEST` characters, each with the id a page has seen up to when it has read it.

    Frames are put together without decoding them; one that is too large alone is cut into several messages, of which
    only the last has an id: a page that got a part of them gets the whole frame again.
    """
    gathered: list[Frame] = []
    for frame in frames:
        if gathered and sum(len(text) for _, text in gathered) + len(frame[1]) > LARGEST:
            yield batch(gathered)
            gathered = []
        if len(frame[1]) <= LARGEST:
            gathered.append(frame)
            continue
        *parts, last = cut(frame[1])
        yield from (batch([("", part)]) for part in parts)
        gathered = [(frame[0], last)]
    if gathered:
        yield batch(gathered)


def batch(frames: Sequence[Frame]) -> Frame:
    """Frames as one message."""
    inner = ",".join(text[1:-1] for _, text in frames if len(text) > 2)
    return frames[-1][0], f'{{"t":"batch","id":"{frames[-1][0]}","ev":[{inner}]}}'


def cut(text: str) -> list[str]:
    """The events of one frame as several frames; text that is too long for one goes on in the next."""
    parts: list[list[dict[str, Any]]] = [[]]
    room = LARGEST // 2  # what quotes and line ends become in JSON takes the other half
    for event in (piece for whole in json.loads(text) for piece in _pieces(whole, LARGEST // 4)):
        size = len(_json(event))
        if parts[-1] and size > room:
            parts.append([])
            room = LARGEST // 2
        parts[-1].append(event)
        room -= size
    return [_json(part) for part in parts]


def _pieces(event: dict[str, Any], longest: int) -> Iterator[dict[str, Any]]:
    """A long `token_delta` as several, each beginning where the one before it ends."""
    text, offset = event.get("x", ""), event.get("o", 0)
    for start in range(0, max(len(text), 1), longest):
        piece = text[start : start + longest]
        yield {**event, "o": offset, "x": piece} if "x" in event else event
        offset += width(piece)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def fold(frames: Sequence[Frame]) -> list[Frame]:
    """Frames as one that holds each cell's whole text once, for a page that has seen none of them."""
    cells: dict[tuple[int, str], dict[str, Any]] = {}
    for event in (event for _, text in frames for event in json.loads(text)):
        if event["t"] == "token_delta":
            key = (event.get("run", 0), event["c"])
            whole = cells.setdefault(key, {**event, "o": 0, "x": ""})
            whole["x"] = _spliced(whole["x"], event["o"], event["x"])
    return [(frames[-1][0], _json(list(cells.values())))] if frames else []


def _spliced(text: str, offset: int, more: str) -> str:
    """`text` up to `offset` UTF-16 units, then `more`; a gap leaves the text as it is."""
    if text.isascii():
        return text[:offset] + more if offset <= len(text) else text
    units = text.encode("utf-16-le")
    return units[: 2 * offset].decode("utf-16-le", "ignore") + more if 2 * offset <= len(units) else text


def later(one: str, other: str) -> bool:
    return _moment(one) > _moment(other)


def _moment(frame_id: str) -> tuple[int, int]:
    milliseconds, _, number = frame_id.partition("-")
    return int(milliseconds), int(number or 0)


_hubs: WeakKeyDictionary[asyncio.AbstractEventLoop, Hub] = WeakKeyDictionary()


def of_this_loop() -> Hub:
    """The hub of the running loop: one in a serving process."""
    loop = asyncio.get_running_loop()
    if loop not in _hubs:
        _hubs[loop] = Hub(loop)
    return _hubs[loop]
