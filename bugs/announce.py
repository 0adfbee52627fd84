"""Tells open pages that a bug has news: a small message through the channel layer; pages read the rows themselves."""

from __future__ import annotations

import asyncio
import logging
import os
import threading
from collections import Counter
from collections.abc import Coroutine
from concurrent.futures import Future, wait
from typing import Any

from channels.layers import get_channel_layer

log = logging.getLogger(__name__)
lost: Counter[str] = Counter()  # messages that could not be sent, by error; nothing depends on them


class Courier:
    """Runs the layer's coroutines on one loop: the server's, when `attach`ed, else a thread's, started after a fork."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._pid = 0
        self._pending: set[Future[Any]] = set()

    def attach(self, loop: asyncio.AbstractEventLoop) -> None:
        """Use `loop`, which runs for as long as this process serves."""
        with self._lock:
            self._loop, self._pid = loop, os.getpid()

    def send(self, message: Coroutine[Any, Any, None]) -> None:
        future = asyncio.run_coroutine_threadsafe(message, self._ready())
        self._pending.add(future)
        future.add_done_callback(self._done)

    def flush(self, timeout_s: float = 1.0) -> None:
        """Wait until what was sent has left this process."""
        wait(list(self._pending), timeout=timeout_s)

    def _done(self, future: Future[Any]) -> None:
        self._pending.discard(future)
        error = None if future.cancelled() else future.exception()
        if error is not None:
            lost[type(error).__name__] += 1
            log.info("a live message was lost: %s", error)

    def _ready(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None or self._pid != os.getpid() or self._loop.is_closed():
                self._loop, self._pid, self._pending = asyncio.new_event_loop(), os.getpid(), set()
                threading.Thread(target=self._loop.run_forever, name="courier", daemon=True).start()
            return self._loop


courier = Courier()


def bug_group(bug_id: int) -> str:
    return f"bug.{int(bug_id)}"


BUGS_GROUP = "bugs"


def news(bug_id: int, seq: int) -> None:
    """Say that `bug_id` has events up to `seq`; lost messages are harmless, since pages ask from their last seq on."""
    layer = get_channel_layer()
    if layer is None:
        return
    message = {"type": "bug.news", "bug": bug_id, "seq": seq}
    courier.send(layer.group_send(bug_group(bug_id), message))
    courier.send(layer.group_send(BUGS_GROUP, message))
