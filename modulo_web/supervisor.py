"""Keeps the parts of Modulo running: starts them, starts again what dies, and ends all of them in order."""

import os
import select
import signal
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType

from modulo_web.children import Child, Part, rotate

STOPPING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
PATIENCE_S = 20.0  # what a child gets to end by itself; together with the broker it stays below 30 s
TICK_S = 0.25
LOGS_EVERY_S = 30.0


class Supervisor:
    """One parent, one thread: every wait is on a pipe that signals write to, so a signal is answered at once."""

    def __init__(self, logs: Path, say: Callable[[str], None]) -> None:
        logs.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.logs = logs
        self.say = say
        self.children: list[Child] = []
        self.asked_to_stop = 0
        self.stopped_by: signal.Signals | None = None
        self._logs_checked = time.monotonic()
        self._wake, self._woken = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(self._woken, warn_on_full_buffer=False)
        for sign in STOPPING:
            signal.signal(sign, self._asked)
        signal.signal(signal.SIGCHLD, lambda *_: None)

    def _asked(self, number: int, _frame: FrameType | None) -> None:
        self.asked_to_stop += 1
        self.stopped_by = signal.Signals(number)

    def start(self, part: Part) -> Child:
        child = Child(part, self.logs)
        self.children.append(child)
        child.start()
        return child

    def run(self, until: Callable[[], bool] = lambda: False) -> None:
        """Watch over the children until a signal asks to stop or `until()`, called at each tick, says so."""
        while not self.asked_to_stop and not until():
            self.watch()
            self.sleep(TICK_S)

    def sleep(self, seconds: float) -> None:
        """Sleep, or less when a signal comes."""
        if select.select([self._wake], [], [], seconds)[0]:
            os.read(self._wake, 4096)

    def watch(self) -> None:
        for child in self.children:
            code = child.ended()
            if code is not None:
                self.say(f"{child.part.name} ended ({describe(code)}) and starts again; see {child.log}")
            if child.process is None and time.monotonic() >= child.due_at:
                child.start()
        if time.monotonic() - self._logs_checked > LOGS_EVERY_S:
            self._logs_checked = time.monotonic()
            for child in self.children:
                rotate(child.log)

    def stop(self) -> None:
        """End all children, highest order first; a second signal, or patience at its end, kills."""
        asked_before = self.asked_to_stop
        for order in sorted({child.part.order for child in self.children}, reverse=True):
            group = [child for child in self.children if child.part.order == order]
            for child in group:
                child.signal(signal.SIGTERM)
            until = time.monotonic() + PATIENCE_S
            while any(child.alive for child in group):
                if time.monotonic() > until or self.asked_to_stop > asked_before + 1:
                    break
                self.sleep(0.05)
            for child in group:
                child.end_group()
        self.children.clear()


def describe(code: int) -> str:
    """How a process ended, in words."""
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
