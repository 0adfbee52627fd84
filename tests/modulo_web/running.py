"""A Modulo started as a user would start it, in a data directory of its own, for tests that need all of it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType

MANAGE = Path(__file__).resolve().parents[2] / "manage.py"
DROPPED = ("MODULO_", "OPENAI_", "REDIS_", "DATABASE_")


class Running:
    """`manage.py up` (or another command) in the background; ended when the `with` ends, whatever happened."""

    def __init__(self, data: Path, *command: str, under: Sequence[str] = (), **settings: str) -> None:
        """`under` is a program that runs the command, such as a tracer."""
        self.data = data
        self.output = data.with_name(f"{data.name}-{len(list(data.parent.iterdir()))}.txt")
        self.environment = environment(data, **settings)
        with self.output.open("wb") as out:
            self.process = subprocess.Popen(
                [*under, sys.executable, str(MANAGE), *(command or ("up",))],
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def __enter__(self) -> "Running":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        for pid in self.pids():
            os.kill(pid, signal.SIGKILL)

    @property
    def text(self) -> str:
        return self.output.read_text(errors="replace")

    @property
    def address(self) -> str:
        return next(line.split()[1] for line in self.text.splitlines() if line.startswith("ready http"))

    def until(self, text: str, seconds: float = 60.0) -> str:
        """Wait until `text` is printed; returns everything printed so far."""
        deadline = time.monotonic() + seconds
        while text not in self.text:
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"{text!r} was not printed:\n{self.text}")
            time.sleep(0.05)
        return self.text

    def pids(self, word: str = "") -> list[int]:
        """The living processes of this Modulo, itself included, whose command line holds `word`."""
        found = []
        for place in Path("/proc").glob("[0-9]*"):
            try:
                mine = f"MODULO_DATA={self.data}".encode() in (place / "environ").read_bytes().split(b"\0")
                command = (place / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            except OSError:
                continue
            # A server that shows its state as its title overwrites its environment; its socket is in the title.
            if (mine or f"{self.data}/run/broker.sock" in command) and word in command:
                found.append(int(place.name))
        return found


def environment(data: Path, **settings: str) -> dict[str, str]:
    """The environment of a Modulo of a test: nothing of the developer's own settings, no demo unless asked for."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(DROPPED)}
    return {**kept, "MODULO_DATA": str(data), "MODULO_DEMO": "false", **settings}


def manage(data: Path, *words: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run one command to its end."""
    command = [sys.executable, str(MANAGE), *words]
    return subprocess.run(command, env=environment(data, **settings), capture_output=True, text=True, timeout=120)


def wait_for(claim: Callable[[], object], seconds: float = 60.0) -> None:
    """Wait until calling `claim` answers something true."""
    deadline = time.monotonic() + seconds
    while not claim():
        assert time.monotonic() < deadline, claim
        time.sleep(0.05)
