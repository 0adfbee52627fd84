"""Websockets: an open page joins, gets what it missed, then the news. Consumers pass on; they work nothing out."""

from __future__ import annotations

import asyncio
import json
import logging
import re
import time
from collections import deque
from collections.abc import Coroutine
from typing import Any
from urllib.parse import parse_qs

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.contrib.auth.models import AnonymousUser

from bugs import announce, hub, replay
from bugs.models import Bug

SIGNED_OUT, NO_ACCESS, UNKNOWN, TOO_SLOW, MISUSED, FAILED = 4401, 4403, 4404, 4408, 1008, 1011
log = logging.getLogger(__name__)

LONGEST_MESSAGE = 4096
MESSAGES_A_SECOND = 20
UNREAD_BYTES = 256 << 10
UNREAD_S = 30.0
RECHECK_TICKS = 6
GATHER_S = 0.4  # news of the list are gathered for that long
FRAME_ID = re.compile(r"\d{1,20}-\d{1,20}\Z")


class Socket(AsyncWebsocketConsumer):
    """What both kinds of socket share: who may listen, how much may come in, and how much may be unread."""

    groups: list[str] = []

    async def connect(self) -> None:
        await self.accept()  # first: a refusal before it reaches the browser without its code
        self.came: deque[float] = deque(maxlen=MESSAGES_A_SECOND)
        self.unread: deque[tuple[int, float]] = deque()
        self.unread_bytes = self.acknowledged = self.ticks = 0
        self.outbox: asyncio.Queue[str] = asyncio.Queue()
        self.tasks: set[asyncio.Task[None]] = set()
        self.soon(self._send_all())
        refusal = await self.refusal()
        if refusal:
            await self.close(refusal)
        else:
            await self.begin()

    async def refusal(self) -> int:
        """The code to close with, 0 when the user may listen."""
        raise NotImplementedError

    async def begin(self) -> None:
        raise NotImplementedError

    async def resume(self) -> None:
        """Go on after the page has read what it had been sent."""

    async def disconnect(self, code: int) -> None:
        for task in self.tasks:
            task.cancel()

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        now = time.monotonic()
        flood = len(self.came) == MESSAGES_A_SECOND and now - self.came[0] < 1.0
        self.came.append(now)
        said = _understood(text_data)
        if flood or said is None:
            await self.close(MISUSED)
        elif isinstance(said.get("ack"), int):
            await self._acknowledge(said["ack"])

    def post(self, text: str) -> None:
        """Send `text` in its turn."""
        self.unread.append((len(text), time.monotonic()))
        self.unread_bytes += len(text)
        self.outbox.put_nowait(text)

    @property
    def behind(self) -> bool:
        return self.unread_bytes > UNREAD_BYTES

    async def _send_all(self) -> None:
        while True:
            await self.send(await self.outbox.get())

    async def _acknowledge(self, count: int) -> None:
        """The page has read its first `count` messages."""
        was_behind = self.behind
        for _ in range(min(count - self.acknowledged, len(self.unread))):
            self.unread_bytes -= self.unread.popleft()[0]
            self.acknowledged += 1
        if was_behind and not self.behind:
            await self.resume()

    async def tick(self, seq: int) -> None:
        """Each 10 s: a sign of life, and whether the user may still listen and still reads."""
        self.ticks += 1
        if self.unread and time.monotonic() - self.unread[0][1] > UNREAD_S:
            await self.close(TOO_SLOW)
        elif self.ticks % RECHECK_TICKS == 0 and await self.refusal():
            await self.close(NO_ACCESS)
        else:
            self.post(json.dumps({"t": "tick", "seq": seq}))

    def soon(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        """What fails beside the handlers ends the connection: the page comes back and goes on where it was."""
        self.tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.warning("a socket is closed", exc_info=task.exception())
            self.soon(self.close(FAILED))


class BugConsumer(Socket):
    """`?since=` is the last kept event the page has, `?frame=` the last live frame."""

    bug_id = 0

    async def refusal(self) -> int:
        self.bug_id = int(self.scope["url_route"]["kwargs"]["bug_id"])
        code: int = await _refusal(self.scope, self.bug_id)
        return code

    async def begin(self) -> None:
        asked = parse_qs(self.scope["query_string"].decode("ascii", "replace"))
        since, frame = asked.get("since", ["0"])[0], asked.get("frame", [""])[0]
        self.seq = int(since) if since.isdecimal() and len(since) < 10 else 0
        self.frame = frame if FRAME_ID.match(frame) else ""
        self.lagging = self.amid = False  # amid: a frame is being sent that takes several messages
        self.reading = asyncio.Lock()
        self.watcher = hub.Watcher(self._frame, lambda seq: self.soon(self._tick(seq)))
        await self.channel_layer.group_add(announce.bug_group(self.bug_id), self.channel_name)
        await self.catch_up()
        await hub.of_this_loop().join(self.bug_id, self.watcher, self.frame)

    async def disconnect(self, code: int) -> None:
        await super().disconnect(code)
        if hasattr(self, "watcher"):
            hub.of_this_loop().leave(self.bug_id, self.watcher)
            await self.channel_layer.group_discard(announce.bug_group(self.bug_id), self.channel_name)

    async def bug_news(self, message: dict[str, Any]) -> None:
        if message["seq"] > self.seq:
            await self.catch_up()

    async def catch_up(self) -> None:
        """Send the kept events after the last one sent, in order, as far as the page keeps reading."""
        async with self.reading:
            while not self.behind:
                listed = await _events(self.bug_id, self.seq)
                for event in listed:
                    self.post(fitting(event))
                    self.seq = event["seq"]
                if len(listed) < replay.AT_ONCE:
                    return

    async def resume(self) -> None:
        """Go on exactly after the last frame that was sent; what came since is read again from where it is kept."""
        await self.catch_up()
        if self.lagging:
            watching = hub.of_this_loop()
            watching.leave(self.bug_id, self.watcher)
            self.lagging = False
            await watching.join(self.bug_id, self.watcher, self.frame)

    def _frame(self, text: str, frame_id: str) -> None:
        """Pass a frame on, whole; a page that does not keep up gets no other until it has read what it was sent."""
        self.lagging = self.lagging or (self.behind and not self.amid)
        if self.lagging:
            return
        self.amid = not frame_id
        self.frame = frame_id or self.frame
        self.post(text)

    async def _tick(self, seq: int) -> None:
        if seq > self.seq:
            await self.catch_up()
        await self.tick(seq)


class ListConsumer(Socket):
    """Says which bugs have news; the page fetches their rows."""

    async def refusal(self) -> int:
        code: int = await _refusal(self.scope, None)
        return code

    async def begin(self) -> None:
        self.changed: set[int] = set()
        await self.channel_layer.group_add(announce.BUGS_GROUP, self.channel_name)
        self.soon(self._tell())
        self.soon(self._ticking())

    async def disconnect(self, code: int) -> None:
        await super().disconnect(code)
        await self.channel_layer.group_discard(announce.BUGS_GROUP, self.channel_name)

    async def bug_news(self, message: dict[str, Any]) -> None:
        self.changed.add(message["bug"])

    async def _tell(self) -> None:
        while True:
            await asyncio.sleep(GATHER_S)
            changed, self.changed = self.changed, set()
            visible = await _visible(self.scope["user"], changed) if changed else []
            if visible and not self.behind:
                self.post(json.dumps({"t": "bugs", "ids": visible}))

    async def _ticking(self) -> None:
        while True:
            await asyncio.sleep(hub.TICK_S)
            await self.tick(0)


def fitting(event: dict[str, Any]) -> str:
    """An event as a message; one too large to be sent loses its payload, which pages read from the sections anyway."""
    text = json.dumps(event, ensure_ascii=False)
    return text if len(text) <= hub.LARGEST else json.dumps({**event, "p": {}, "cut": True}, ensure_ascii=False)


def _understood(text: str | None) -> dict[str, Any] | None:
    """A message as an object; None for anything else."""
    if text is None or len(text) > LONGEST_MESSAGE:
        return None
    try:
        said = json.loads(text)
    except ValueError:
        return None
    return said if isinstance(said, dict) else None


@database_sync_to_async
def _refusal(scope: dict[str, Any], bug_id: int | None) -> int:
    """Read afresh: a socket outlives a logout, a lost membership and a deleted bug."""
    user, session = scope.get("user", AnonymousUser()), scope.get("session")
    if not user.is_authenticated or session is None or not session.exists(session.session_key):
        return SIGNED_OUT
    user.refresh_from_db(fields=["is_active", "is_superuser"])
    if not user.is_active:
        return SIGNED_OUT
    seen = bug_id is None or Bug.objects.for_user(user).filter(pk=bug_id).exists()
    return 0 if seen else UNKNOWN


@database_sync_to_async
def _events(bug_id: int, since: int) -> list[dict[str, Any]]:
    return replay.since(bug_id, since)


@database_sync_to_async
def _visible(user: Any, ids: set[int]) -> list[int]:
    return sorted(Bug.objects.for_user(user).filter(pk__in=ids).values_list("pk", flat=True))
