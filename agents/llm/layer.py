"""What a layer of the gateway is: a model made from a model."""

from collections.abc import AsyncGenerator
from typing import Protocol

from agents.context import CallNotice, Delta, ModelReply, ModelRequest

Batch = list[Delta | CallNotice | ModelReply]
Stream = AsyncGenerator[Batch, None]


class Layer(Protocol):
    """`stream` yields what has just arrived, at most one batch a read of the socket; the last item is the `ModelReply`.

    Below `Metered` a call that fails raises a `ModelProblem`; above it the reply names the failure.
    """

    name: str
    offline: bool

    def stream(self, request: ModelRequest) -> Stream: ...
