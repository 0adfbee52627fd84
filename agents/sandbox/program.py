"""A program of this machine (git, pip), run outside the sandbox: without a shell, bounded in time, cancellable."""

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import IO

Check = Callable[[], None]
Watch = Callable[[int], None]  # is called with the size of the output so far; may raise

_TICK_S = 0.05
_CHECK_EVERY_S = 0.4


@dataclass(frozen=True, slots=True, kw_only=True)
class Completed:
    """How it ended; `timed_out` says that it was ended."""

    code: int
    stdout: str
    stderr: str
    timed_out: bool = False


def run(
    command: Sequence[str],
    env: Mapping[str, str],
    *,
    seconds: float,
    check: Check | None = None,
    watch: Watch | None = None,
) -> Completed:
    """Run to the end; what `check` or `watch` raises ends it and is passed on. Raises FileNotFoundError when absent."""
    with tempfile.TemporaryFile() as stdout, tempfile.TemporaryFile() as stderr:
        process = subprocess.Popen(
            command,
            cwd="/",
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            start_new_session=True,
            umask=0o022,
        )
        try:
            in_time = _wait(process, seconds, check, watch and (lambda: watch(os.fstat(stdout.fileno()).st_size)))
        finally:
            _end(process)
        return Completed(code=process.returncode, stdout=_text(stdout), stderr=_text(stderr), timed_out=not in_time)


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode(errors="surrogateescape")


def _wait(process: "subprocess.Popen[bytes]", seconds: float, check: Check | None, watch: Check | None) -> bool:
    give_up = time.monotonic() + seconds
    look_at = 0.0
    while time.monotonic() < give_up:
        if time.monotonic() >= look_at:
            look_at = time.monotonic() + _CHECK_EVERY_S
            for look in filter(None, (check, watch)):
                look()
        with suppress(subprocess.TimeoutExpired):
            process.wait(_TICK_S)
            return True
    return False


def _end(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
