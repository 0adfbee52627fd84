"""How long a server may be silent: one limit up to the first word, one between events after it."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from agents.errors import Stalled

T = TypeVar("T")


class Watch:
    """Ends a wait that outlasts the silence allowed; comments that only keep the connection open do not break one."""

    def __init__(self, first_token_s: float, between_s: float) -> None:
        self.clock = asyncio.get_running_loop().time
        self.between_s = between_s
        self.first_by = self.deadline = self.clock() + first_token_s
        self.since = self.clock()

    def heard(self, spoke: bool) -> None:
        """An event came; `spoke` says whether any text has come so far: a model may think before its first word."""
        self.since = self.clock()
        self.deadline = self.since + self.between_s
        if not spoke:
            self.deadline = max(self.deadline, self.first_by)

    async def over(self, waiting: Awaitable[T]) -> T:
        """The result of `waiting`; raises `Stalled` at the end of the allowed silence."""
        try:
            async with asyncio.timeout_at(self.deadline):
                return await waiting
        except TimeoutError as silence:
            seconds = self.clock() - self.since
            hint = "Try again when the server is less busy, or raise MODULO_FIRST_TOKEN_SECONDS."
            raise Stalled(f"The model server has been silent for {seconds:.0f} s.", hint=hint) from silence
