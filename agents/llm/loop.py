"""The one event loop of a process on which all its model calls run, in a thread of its own.

It starts with the first call, so a worker may fork before; a child that is forked later starts its own.
"""

import asyncio
import os
import threading
from collections.abc import Callable, Coroutine
from typing import Any

Ending = Callable[[], Coroutine[Any, Any, None]]

JOIN_S = 5.0


class Loop:
    """An event loop and its thread; `endings` run on it before it stops."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.loop: asyncio.AbstractEventLoop | None = None
        self.thread: threading.Thread | None = None
        self.endings: list[Ending] = []

    def running(self) -> asyncio.AbstractEventLoop:
        with self.lock:
            if self.loop is None:
                self.loop = asyncio.new_event_loop()
                self.thread = threading.Thread(target=self.loop.run_forever, name="model-calls", daemon=True)
                self.thread.start()
            return self.loop

    def stop(self) -> None:
        """Cancel what runs, run the endings, stop the thread. A later call starts afresh."""
        with self.lock:
            loop, thread, self.loop, self.thread = self.loop, self.thread, None, None
        if loop and thread:
            asyncio.run_coroutine_threadsafe(self._end(), loop).result(JOIN_S)
            loop.call_soon_threadsafe(loop.stop)
            thread.join(JOIN_S)
            loop.close()

    async def _end(self) -> None:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        for ending in self.endings:
            await ending()
        await asyncio.get_running_loop().shutdown_asyncgens()

    def forget(self) -> None:
        """After a fork the thread exists in the parent only; its loop is not touched from here."""
        self.lock = threading.Lock()
        self.loop = self.thread = None


CALLS = Loop()
os.register_at_fork(after_in_child=CALLS.forget)
