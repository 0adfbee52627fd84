"""Child processes that cannot outlive their supervisor, whose output goes to files that do not grow for ever."""

import ctypes
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

PR_SET_PDEATHSIG = 1
LONGEST_LOG = 8 << 20
LOGS_KEPT = 3
FIRST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 5.0
STEADY_S = 30.0  # a child that lived this long starts again without a pause

_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


def dies_with_parent(sign: signal.Signals) -> Callable[[], None]:
    """What a child does before it becomes its program: ask the kernel for `sign` when this process dies."""
    parent = os.getpid()

    def ask() -> None:
        if _libc is not None:
            _libc.prctl(PR_SET_PDEATHSIG, int(sign))
        if os.getppid() != parent:  # it died before the kernel was asked
            os._exit(1)

    return ask


@dataclass(frozen=True, kw_only=True)
class Part:
    """What should run. The highest `order` ends first; `orphan` is the signal it gets when the supervisor is killed."""

    name: str
    command: Sequence[str]
    order: int = 1
    orphan: signal.Signals = signal.SIGKILL
    pass_fds: tuple[int, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)


class Child:
    """One part, running or waiting to be started again."""

    def __init__(self, part: Part, logs: Path) -> None:
        self.part = part
        self.log = logs / f"{part.name}.log"
        self.process: subprocess.Popen[bytes] | None = None
        self.starts = 0
        self.failures = 0
        self.started_at = 0.0
        self.due_at = 0.0

    def start(self) -> None:
        rotate(self.log)
        with self.log.open("ab") as out:
            self.process = subprocess.Popen(
                self.part.command,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                env={**os.environ, **self.part.environment},
                pass_fds=self.part.pass_fds,
                process_group=0,  # Ctrl-C reaches the supervisor alone, which ends its children in order
                preexec_fn=dies_with_parent(self.part.orphan),  # safe: this process has one thread
            )
        self.starts += 1
        self.started_at = time.monotonic()

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def ended(self) -> int | None:
        """The exit code, once, when the process has ended; plans the next start with growing pauses."""
        if self.process is None or self.process.poll() is None:
            return None
        code, self.process = self.process.returncode, None
        self.failures = 0 if time.monotonic() - self.started_at > STEADY_S else self.failures + 1
        pause = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2 ** (self.failures - 1)) if self.failures else 0.0
        self.due_at = time.monotonic() + pause
        return int(code)

    def signal(self, sign: signal.Signals) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(sign)

    def end_group(self) -> None:
        """Make sure that nothing of the child's process group is left, then forget it."""
        if self.process is not None:
            with suppress(ProcessLookupError):  # all gone: what we wanted
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None


def rotate(log: Path) -> None:
    """Keep a log below its limit by copying it aside and emptying it: its writer, who appends, need not know."""
    if not log.exists() or log.stat().st_size < LONGEST_LOG:
        return
    for number in range(LOGS_KEPT - 1, 0, -1):
        older = log.with_suffix(f".log.{number}")
        if older.exists():
            older.replace(log.with_suffix(f".log.{number + 1}"))
    shutil.copyfile(log, log.with_suffix(".log.1"))
    os.truncate(log, 0)
