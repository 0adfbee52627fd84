"""The door for code that is not asynchronous: many calls at once, replies as they end."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

from agents.context import CallNotice, Delta, Model, ModelReply, ModelRequest
from agents.errors import AgentError
from agents.llm.layer import Batch
from agents.llm.loop import CALLS
from agents.llm.offsets import head, width

OnDelta = Callable[[ModelRequest, int, str], None]
OnNotice = Callable[[ModelRequest, CallNotice], None]

T = TypeVar("T")

CHECK_S = 0.25  # how long a cancelled run may go on unnoticed
STOP_S = 5.0


def ask(
    model: Model,
    requests: Sequence[ModelRequest],
    slots: int = 16,
    on_delta: OnDelta | None = None,
    check: Callable[[], None] | None = None,
    on_notice: OnNotice | None = None,
) -> Iterator[ModelReply]:
    """Call `model` for all `requests`, at most `slots` at a time; yield the replies as they end.

    A call that fails yields a reply with its error slug. What `check` raises ends all calls and is passed on; so does
    closing the iterator. `on_delta(request, offset, text)` gets the text as it comes: `offset` in UTF-16 units is where
    it goes, smaller than what was told so far when the text is replaced from there. Both callbacks run on the thread of
    all calls and must return at once.
    """
    talk = Talk(model, requests, Listener(on_delta, on_notice))
    talk.begin(slots)
    try:
        for _ in requests:
            yield talk.next_reply(check)
    finally:
        talk.end()


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run `work` to its end on the loop of all calls, where connections are warm; an interrupted wait cancels it."""
    future = asyncio.run_coroutine_threadsafe(work, CALLS.running())
    try:
        return future.result()
    finally:
        future.cancel()


def shutdown() -> None:
    """End all calls of this process and close the connections."""
    CALLS.stop()


@dataclass(frozen=True, slots=True)
class Ended:
    """All calls are over; `error` is what a call raised that no reply can carry: a fault of ours."""

    error: BaseException | None


@dataclass(frozen=True, slots=True)
class Listener:
    on_delta: OnDelta | None
    on_notice: OnNotice | None


class Talk:
    """The calls of one `ask`: they run on the loop's thread, their replies are read on the asker's."""

    def __init__(self, model: Model, requests: Sequence[ModelRequest], listener: Listener) -> None:
        self.model = model
        self.requests = requests
        self.listener = listener
        self.replies: SimpleQueue[ModelReply | Ended] = SimpleQueue()
        self.loop = CALLS.running()
        self.task: asyncio.Task[None] | None = None
        self.over = False

    def begin(self, slots: int) -> None:
        self.loop.call_soon_threadsafe(self._start, max(1, min(slots, len(self.requests))))

    def next_reply(self, check: Callable[[], None] | None) -> ModelReply:
        while True:
            if check:
                check()
            try:
                item = self.replies.get(timeout=CHECK_S)
            except Empty:
                continue
            if isinstance(item, ModelReply):
                return item
            self.over = True
            raise item.error or AgentError("The calls to the model were ended from outside.")

    def end(self) -> None:
        """Cancel what still runs and wait until it has let go."""
        if not self.over:
            self.loop.call_soon_threadsafe(self._cancel)
        with suppress(Empty):  # a loop that is stuck lets go later: what ends this talk is not to wait for it
            while not self.over:
                self.over = isinstance(self.replies.get(timeout=STOP_S), Ended)

    def _start(self, slots: int) -> None:
        self.task = self.loop.create_task(self._run(slots))
        self.task.add_done_callback(self._finish)

    def _cancel(self) -> None:
        if self.task:
            self.task.cancel()

    def _finish(self, task: asyncio.Task[None]) -> None:
        self.replies.put(Ended(None if task.cancelled() else task.exception()))

    async def _run(self, slots: int) -> None:
        waiting = iter(self.requests)
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(slots):
                    group.create_task(self._slot(waiting))
        except BaseExceptionGroup as failures:
            raise failures.exceptions[0] from None

    async def _slot(self, waiting: Iterator[ModelRequest]) -> None:
        for request in waiting:
            told = Told(request, self.listener)
            async for batch in self.model.stream(request):
                told.read(batch)
            self.replies.put(told.reply())


@dataclass(slots=True)
class Told:
    """What a listener knows of one call, so that each piece of text is told with its place."""

    request: ModelRequest
    listener: Listener
    parts: list[str] = field(default_factory=list)
    offset: int = 0
    last: ModelReply | None = None

    def read(self, batch: Batch) -> None:
        for item in batch:
            match item:
                case Delta(text=text):
                    self._tell(text)
                case CallNotice(kind="restart", offset=kept):
                    self._restart(kept)
                case CallNotice():
                    self._notice(item)
                case ModelReply():
                    self.last = item

    def reply(self) -> ModelReply:
        if self.last is None:
            raise AgentError(f"The call {self.request.key!r} ended without a reply.")
        return self.last

    def _tell(self, text: str) -> None:
        if self.listener.on_delta:
            self.listener.on_delta(self.request, self.offset, text)
            self.parts.append(text)
            self.offset += width(text)

    def _restart(self, kept: int) -> None:
        self.parts = [head("".join(self.parts), kept)]
        self.offset = width(self.parts[0])
        self._tell("")

    def _notice(self, notice: CallNotice) -> None:
        if self.listener.on_notice:
            self.listener.on_notice(self.request, notice)
