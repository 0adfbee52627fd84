"""Judge candidate changes on a warm runner: quick to reject, never the one to bless."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Self

from agents.context import Guest, Limits, Sandbox
from agents.results import Checkout, Environment, Outcome
from agents.sandbox.order import Order, Reply, broken, failure, reply

Check = Callable[[], None]

_LIMITS = Limits(wall_s=3600, cpu_s=3600)
_LISTEN_S = 0.5
_WARM_UP_S = 90.0


class Judge:
    """A runner that keeps pytest imported and forks once per candidate; the project is imported anew in each fork.

    Use it as a context manager, from one thread. A candidate that breaks the runner costs a new start, nothing more.
    """

    def __init__(
        self,
        sandbox: Sandbox,
        checkout: Checkout,
        environment: Environment,
        *,
        files: Mapping[str, str] | None = None,
        limits: Limits | None = None,
        check: Check | None = None,
    ) -> None:
        self._sandbox, self._limits, self._check = sandbox, limits or _LIMITS, check
        self._order = Order(mode="judge", checkout=checkout, environment=environment, files=files or {})
        self._guest: Guest | None = None
        self.level = sandbox.level

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def judge(self, changes: Mapping[str, str], tests: Sequence[str], timeout_s: float) -> tuple[Outcome, ...]:
        """The outcomes of `tests`, in order up to the first that fails, with `changes` in place of the files."""
        request = {"changes": dict(changes), "tests": list(tests), "timeout_s": timeout_s}
        answer = self._asked(request, timeout_s)
        if answer is not None and answer.t == "again":
            # what the project imports from elsewhere must not be imported ahead of it
            self._order = self._order.without_preload()
            self._stop()
            answer = self._asked(request, timeout_s)
        if answer is None or answer.t != "judged":
            self._stop()
            return (failure(next(iter(tests), ""), "Crash", "It ended the process that runs the tests.", "crash"),)
        return tuple(_outcomes(answer.replies, tests))

    def _asked(self, request: object, timeout_s: float) -> Reply | None:
        warm_up = 0.0
        if self._guest is None or not self._guest.alive:
            self._stop()
            self._guest = self._sandbox.start(self._order.job(self._limits))
            self._guest.send(self._order.frame())
            warm_up = _WARM_UP_S + 2 * timeout_s
        self._guest.send(json.dumps(request).encode())
        give_up = time.monotonic() + timeout_s + warm_up + 10
        while time.monotonic() < give_up:
            alive = self._guest.alive
            frame = self._guest.receive(_LISTEN_S)
            if self._check is not None:
                self._check()
            if frame is not None:
                return reply(frame)
            if not alive:
                break
        return None

    def _stop(self) -> None:
        if self._guest is not None:
            self._guest.close()
            self._guest = None


def _outcomes(replies: Sequence[Reply], tests: Sequence[str]) -> list[Outcome]:
    """What the fork said, and one more outcome for what it could not say."""
    outcomes = [said.outcome() for said in replies if said.t == "outcome"]
    begun = [said.id for said in replies if said.t == "start"]
    running = begun[-1] if len(begun) > len(outcomes) else next(iter(tests), "")
    said_last = {said.t for said in replies}
    if "timed_out" in said_last:
        return [*outcomes, failure(running, "Timeout", "It did not end within its time.", "timeout")]
    if "end" not in said_last:
        return [*outcomes, failure(running, "Crash", "It ended the process that runs the tests.", "crash")]
    if outcomes:
        return outcomes
    unrunnable = [broken(running, said.text) for said in replies if said.t == "broken"]
    errors = [said.outcome() for said in replies if said.t == "error"]
    return errors or unrunnable or [failure(running, "NotFound", "There is no such test.", "collect")]
