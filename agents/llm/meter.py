"""How long a call took, what it cost, and, when it failed, why."""

import time
from contextlib import aclosing
from dataclasses import replace

from agents.context import CallNotice, Delta, ModelReply, ModelRequest
from agents.errors import ModelProblem
from agents.llm.layer import Batch, Layer, Stream
from agents.llm.offsets import head
from agents.llm.settings import Prices


class Metered:
    """Ends every stream with a reply: a `ModelProblem` becomes one that carries its slug and what was said so far."""

    offline = False

    def __init__(self, model: Layer, prices: Prices | None) -> None:
        self.model = model
        self.name = model.name
        self.prices = prices

    async def stream(self, request: ModelRequest) -> Stream:
        clock = Clock()
        try:
            async with aclosing(self.model.stream(request)) as batches:
                async for batch in batches:
                    clock.read(batch)
                    yield [self._priced(item, clock) if isinstance(item, ModelReply) else item for item in batch]
        except ModelProblem as problem:
            yield [clock.failure(request, self.name, problem)]

    def _priced(self, reply: ModelReply, clock: "Clock") -> ModelReply:
        counts = (reply.tokens_in, reply.tokens_out, reply.tokens_cached)
        cost = self.prices.cost(*counts) if self.prices else None
        return replace(reply, cost_usd=cost, ttft_ms=clock.ttft_ms, latency_ms=clock.passed_ms())


class Clock:
    """Times one call from the moment it was asked for, over all its attempts."""

    def __init__(self) -> None:
        self.began = time.perf_counter()
        self.ttft_ms = 0.0
        self.attempts = 1
        self.parts: list[str] = []

    def passed_ms(self) -> float:
        return (time.perf_counter() - self.began) * 1000

    def read(self, batch: Batch) -> None:
        for item in batch:
            match item:
                case Delta(text=text):
                    self.ttft_ms = self.ttft_ms or self.passed_ms()
                    self.parts.append(text)
                case CallNotice(kind="retry"):
                    self.attempts += 1
                case CallNotice(kind="restart", offset=offset):
                    self.parts = [head("".join(self.parts), offset)]

    def failure(self, request: ModelRequest, model: str, problem: ModelProblem) -> ModelReply:
        return ModelReply(
            key=request.key,
            sample=request.sample,
            model=model,
            text="".join(self.parts),
            attempts=self.attempts,
            ttft_ms=self.ttft_ms,
            latency_ms=self.passed_ms(),
            error=problem.slug,
            error_text=" ".join(filter(None, [str(problem), problem.hint])),
        )
