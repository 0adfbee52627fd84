"""Run a project's tests in a fresh sandboxed process: each asked test gets an outcome, whatever the tests do."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from agents.context import Guest, Limits, Sandbox
from agents.results import Checkout, Environment, Outcome
from agents.sandbox.order import Order, Reply, broken, failure, reply, same_test
from agents.sandbox.run import Ended

Check = Callable[[], None]

_LISTEN_S = 0.5
_GRACE_S = 5.0
_RESTARTS = 8
_BYTES = 256 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection:
    """The project's tests as its runner names them. `errors` are files that cannot be collected, and why."""

    tests: tuple[str, ...]
    errors: tuple[Outcome, ...]
    output: str
    ended: Ended
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TestRun:
    """What running tests showed: an outcome for each asked test (for each collected one, when the whole suite ran).

    `errors` are files that could not be collected; `lines` holds what each test ran, when it was asked to be recorded;
    `complete` is False when tests are left that the limits did not let run.
    """

    __test__ = False

    outcomes: tuple[Outcome, ...]
    ended: Ended
    output: str
    seconds: float
    isolation: str
    errors: tuple[Outcome, ...] = ()
    lines: dict[str, dict[str, tuple[int, ...]]] = field(default_factory=dict)
    complete: bool = True


def collect(
    sandbox: Sandbox,
    checkout: Checkout,
    environment: Environment,
    *,
    files: Mapping[str, str] | None = None,
    limits: Limits | None = None,
    check: Check | None = None,
) -> Collection:
    """Ask the project's runner which tests there are."""
    order = Order(mode="collect", checkout=checkout, environment=environment, files=files or {})
    session = _Session(sandbox, order, limits or Limits(), check)
    session.converse()
    return Collection(
        tests=tuple(session.collected),
        errors=tuple(session.errors.values()),
        output=session.output,
        ended=session.ended,
        seconds=session.seconds,
    )


def run_tests(
    sandbox: Sandbox,
    checkout: Checkout,
    environment: Environment,
    tests: Sequence[str] = (),
    *,
    files: Mapping[str, str] | None = None,
    limits: Limits | None = None,
    check: Check | None = None,
    hash_seed: int | None = None,
    shuffle: bool = False,
    traced: Sequence[str] = (),
    test_s: float = 60.0,
) -> TestRun:
    """Run `tests`, or the whole suite, in the order given; what they write never reaches the checkout.

    A test that ends or hangs the process costs one restart with the tests that are left; `traced` names files whose
    lines are recorded for each test.
    """
    limits = limits or Limits()
    order = Order(
        mode="run",
        checkout=checkout,
        environment=environment,
        tests=tuple(tests),
        files=files or {},
        traced=tuple(traced),
        test_s=min(test_s, limits.wall_s),
        hash_seed=hash_seed or 0,
        shuffle=(hash_seed or 0) + 1 if shuffle else 0,
    )
    return _Run(sandbox, order, limits, check).to_the_end()


class _Run:
    """Sessions one after another, until every test has its outcome or the time is used up."""

    def __init__(self, sandbox: Sandbox, order: Order, limits: Limits, check: Check | None) -> None:
        self._sandbox, self._order, self._limits, self._check = sandbox, order, limits, check
        self._outcomes: dict[str, Outcome] = {}
        self._errors: dict[str, Outcome] = {}
        self._lines: dict[str, dict[str, tuple[int, ...]]] = {}
        self._broken = ""
        self._began = time.monotonic()

    def to_the_end(self) -> TestRun:
        order = self._order
        for _ in range(_RESTARTS):
            session = _Session(self._sandbox, order, self._time_left(), self._check)
            session.converse()
            self._outcomes |= session.outcomes
            self._errors |= session.errors
            self._lines |= session.lines
            self._broken = session.broken
            left = [test for test in session.collected if test not in self._outcomes]
            if session.ended_well or not left or not session.outcomes or self._time_left().wall_s < 1:
                break
            order = replace(order, tests=tuple(left))
        return self._result(session, left)

    def _time_left(self) -> Limits:
        left = self._limits.wall_s - (time.monotonic() - self._began)
        return replace(self._limits, wall_s=max(0.5, left))

    def _result(self, session: "_Session", left: list[str]) -> TestRun:
        asked = self._order.tests
        return TestRun(
            outcomes=(*self._outcomes.values(), *filter(None, map(self._unanswered, asked))),
            ended=session.ended,
            output=session.output,
            seconds=time.monotonic() - self._began,
            isolation=session.level,
            errors=tuple(self._errors.values()),
            lines=self._lines,
            complete=not left and session.ended_well,
        )

    def _unanswered(self, asked: str) -> Outcome | None:
        """An outcome for an asked test that none stands for: its file could not be collected, or it is not there."""
        if any(same_test(asked, ran) for ran in self._outcomes):
            return None
        error = next((e for e in self._errors.values() if e.test == asked.split("::")[0] or not e.test), None)
        if error is not None:
            return replace(error, test=asked)
        if self._broken:
            return broken(asked, self._broken)
        return failure(asked, "NotFound", f"There is no test {asked}, or it did not get to run.", "collect")


class _Session:
    """One guest from its start to its end, however that comes."""

    def __init__(self, sandbox: Sandbox, order: Order, limits: Limits, check: Check | None) -> None:
        self._sandbox, self._order, self._limits, self._check = sandbox, order, limits, check
        self._running = ""
        self._silent_since = 0.0
        self._bytes = 0
        self.collected: list[str] = []
        self.outcomes: dict[str, Outcome] = {}
        self.errors: dict[str, Outcome] = {}
        self.lines: dict[str, dict[str, tuple[int, ...]]] = {}
        self.output = ""
        self.broken = ""
        self.ended: Ended = "exited"
        self.ended_well = False
        self.seconds = 0.0
        self.level = ""

    def converse(self) -> None:
        guest = self._sandbox.start(self._order.job(self._limits))
        try:
            guest.send(self._order.frame())
            hung = self._listen(guest)
        finally:
            finished = guest.close()
        self.ended = "exited" if self.ended_well else "timed_out" if hung else finished.ended
        self.seconds, self.level = finished.seconds, finished.level
        self.output = "\n".join(filter(None, (self.broken, finished.stdout.decode(errors="replace"))))
        if self._running and not self.ended_well:
            self._blame(finished.exit_code)

    def _listen(self, guest: Guest) -> bool:
        """Take frames until the guest has said its last; True when a test had to be given up."""
        self._silent_since = time.monotonic()
        while not self.ended_well:
            alive = guest.alive  # asked first: what it said before it ended is still heard
            frame = guest.receive(_LISTEN_S)
            if self._check is not None:
                self._check()
            if frame is not None:
                self._bytes += len(frame)
                self._silent_since = time.monotonic()
                if said := reply(frame):
                    self._take(said)
            elif self._running and time.monotonic() - self._silent_since > self._order.test_s + _GRACE_S:
                return True
            elif not alive:
                return False
            if self._bytes > _BYTES:
                return False
        return False

    def _take(self, said: Reply) -> None:
        match said.t:
            case "collected":
                self.collected = list(said.ids)
            case "start":
                self._running = said.id
            case "outcome":
                self._running = ""
                self.outcomes[said.id] = said.outcome()
                self.lines[said.id] = said.lines
            case "error":
                self.errors[said.id] = said.outcome()
            case "broken":
                self.broken = said.text
            case "end":
                self.ended_well = True

    def _blame(self, exit_code: int) -> None:
        """The test that was running when the guest ended is the one that ended it."""
        how: dict[Ended, tuple[str, Literal["timeout", "crash"]]] = {
            "timed_out": ("It did not end within its time.", "timeout"),
            "memory": ("It used more memory than it may.", "crash"),
            "disk": ("It filled the disk.", "crash"),
            "output": ("It wrote more than it may.", "crash"),
        }
        message, phase = how.get(
            self.ended, (f"It ended the process that runs the tests (exit code {exit_code}).", "crash")
        )
        name = "Timeout" if phase == "timeout" else "Crash"
        self.outcomes[self._running] = failure(self._running, name, message, phase)
