"""Which failed calls are tried again, and when."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import aclosing
from itertools import count

from agents.context import CallNotice, ModelRequest
from agents.errors import Dropped, Garbled, ModelProblem, RateLimited, Stalled
from agents.llm.layer import Batch, Layer, Stream
from agents.llm.resume import Resumed

FIRST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 8.0
BUDGET_FLOOR = 20
BUDGET_SHARE = 0.2  # of all calls: a server in trouble is not helped by five times the load


class Retrying:
    """Tries a call up to `attempts` times, and never past `call_s` seconds.

    A rate limit slows all calls of this layer until the server wants more, however often that takes. A stream that
    broke, stalled or turned to garbage is tried again at once, then like a failing server: with growing, random pauses.
    """

    offline = False

    def __init__(self, model: Layer, attempts: int = 5, call_s: float = 300.0) -> None:
        self.model = model
        self.name = model.name
        self.attempts = attempts
        self.call_s = call_s
        self.calls = 0
        self.retries = 0
        self.open_at = 0.0  # no call is sent before this moment of the loop's clock
        self.random = random.Random()  # noqa: S311 -- it only spreads retries over time

    async def stream(self, request: ModelRequest) -> Stream:
        self.calls += 1
        text, deadline = Resumed(), _now() + self.call_s
        for attempt in count(1):
            try:
                async with aclosing(self._attempt(request, deadline)) as batches:
                    async for batch in batches:
                        yield text.read(batch, attempt)
                return
            except ModelProblem as problem:
                pause = self._pause_s(problem, attempt, deadline)
                if pause is None:
                    raise
                notice = CallNotice(kind="retry", detail=str(problem))
            yield [notice]
            await asyncio.sleep(pause)
            text.again()

    async def _attempt(self, request: ModelRequest, deadline: float) -> Stream:
        await asyncio.sleep(min(self.open_at, deadline) - _now())
        async with aclosing(self.model.stream(request)) as batches:
            while (batch := await self._next(batches, deadline)) is not None:
                yield batch

    async def _next(self, batches: AsyncIterator[Batch], deadline: float) -> Batch | None:
        try:
            async with asyncio.timeout_at(deadline):
                return await anext(batches, None)
        except TimeoutError as late:
            what = f"The model server did not finish its answer within {self.call_s:.0f} s."
            raise Stalled(what, hint="Use a faster model.") from late

    def _pause_s(self, problem: ModelProblem, attempt: int, deadline: float) -> float | None:
        """How long to wait before the next attempt; None when there shall be none."""
        if isinstance(problem, RateLimited):
            pause = self._backoff_s(attempt) if problem.retry_after is None else problem.retry_after
            self.open_at = max(self.open_at, _now() + pause)
        elif not problem.retryable or attempt >= self.attempts or not self._affordable():
            return None
        elif attempt == 1 and isinstance(problem, Dropped | Stalled | Garbled):
            pause = 0.0
        else:
            pause = max(self._backoff_s(attempt), problem.retry_after or 0.0)
        return pause if _now() + pause < deadline else None

    def _backoff_s(self, attempt: int) -> float:
        return self.random.uniform(0.0, min(FIRST_PAUSE_S * 2**attempt, LONGEST_PAUSE_S))

    def _affordable(self) -> bool:
        """May one more call be repeated? Then it is counted."""
        if self.retries >= BUDGET_FLOOR + BUDGET_SHARE * self.calls:
            return False
        self.retries += 1
        return True


def _now() -> float:
    return asyncio.get_running_loop().time()
