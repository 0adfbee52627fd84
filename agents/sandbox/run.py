"""A sandboxed tree of processes while it lives: its output capped, its limits watched, its end the end of all of it."""

import os
import selectors
import signal
import struct
import subprocess
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import IO, Literal

from agents.context import Finished, Job, Limits
from agents.errors import AgentError, SandboxRefused
from agents.sandbox.watch import Watch

Ended = Literal["exited", "signalled", "timed_out", "memory", "output", "disk", "stopped"]

FRAMES = "MODULO_FRAMES"  # inside: "<fd to read from>,<fd to write to>"
_TICK_S = 0.05
_CHECK_EVERY_S = 0.5
_READ = 1 << 16
_FRAME_MAX = 64 << 20
_LENGTH = struct.Struct(">I")
_SEND_S = 20.0
_TAIL = 64 << 10
_BY_SIGNAL: dict[int, Ended] = {signal.SIGXCPU: "timed_out", signal.SIGXFSZ: "disk"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """How a rung starts a job: the command with its walls around it, and the private directory as the job sees it.

    `gentle`: killing the first process does not end its tree, it must be asked to do so itself.
    """

    level: str
    argv: tuple[str, ...]
    pass_fds: tuple[int, ...] = ()
    temporary: str = "/tmp"  # noqa: S108
    shared_disk: bool = False
    gentle: bool = False


def rlimits(limits: Limits) -> dict[str, int]:
    """The kernel's limits per process, under the names of prlimit(1).

    Address space is bounded loosely, since runtimes reserve far more than they use; what a tree really uses is watched.
    """
    return {
        "as": limits.memory_bytes * 2 + (1 << 30),
        "cpu": max(1, int(limits.cpu_s)),
        "fsize": limits.file_bytes,
        "nproc": limits.processes,
        "nofile": 1024,
        "core": 0,
    }


class Tree:
    """One job's processes: started here, watched, and ended exactly once."""

    def __init__(self, launch: Launch, limits: Limits, popen: "subprocess.Popen[bytes]", stack: ExitStack) -> None:
        self.popen = popen
        self._launch = launch
        self._limits = limits
        self._stack = stack
        self._began = time.monotonic()
        self._watch = Watch(popen.pid, limits, launch.temporary, shared_disk=launch.shared_disk)
        self.reason: Ended | None = None

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._began

    def overrun(self) -> bool:
        """Has a limit been passed? Then the tree is ended and `reason` says which."""
        if self.seconds > self._limits.wall_s:
            self.end("timed_out")
        elif breach := self._watch.breach():
            self.end("memory" if breach == "memory" else "disk")
        return self.reason is not None

    def end(self, reason: Ended) -> None:
        if self.reason is None and self.popen.poll() is None:
            self.reason = reason
        self._kill()

    def _kill(self) -> None:
        if self.popen.poll() is not None:
            return
        if self._launch.gentle:
            self.popen.terminate()
            try:
                self.popen.wait(5)
            except subprocess.TimeoutExpired:
                self.popen.kill()
        else:
            self.popen.kill()
        self.popen.wait()

    def close(self) -> None:
        self._kill()
        self._watch.close()
        self._stack.close()

    def finished(self, stdout: bytes, stderr: bytes) -> Finished:
        code = self.popen.wait()
        code = 128 - code if code < 0 else code
        if self.reason is None and code != 0 and self._watch.disk_full():
            self.reason = "disk"
        return Finished(
            exit_code=code,
            ended=self.reason or _how(code),
            stdout=stdout,
            stderr=stderr,
            seconds=self.seconds,
            level=self._launch.level,
        )


def _how(exit_code: int) -> Ended:
    if not 128 < exit_code <= 128 + signal.NSIG:
        return "exited"
    return _BY_SIGNAL.get(exit_code - 128, "signalled")


def _spawn(launch: Launch, limits: Limits, stack: ExitStack, **streams: int | IO[bytes]) -> Tree:
    try:
        popen = subprocess.Popen(
            launch.argv,
            cwd="/",
            env={"PATH": "/usr/local/bin:/usr/bin:/bin"},
            pass_fds=launch.pass_fds,
            start_new_session=True,
            **streams,  # type: ignore[call-overload]
        )
    except OSError as error:
        stack.close()
        raise SandboxRefused(f"The sandbox ({launch.level}) could not be started: {error}.") from error
    return Tree(launch, limits, popen, stack)


def run(launch: Launch, job: Job, stack: ExitStack, check: Callable[[], None] | None) -> Finished:
    """Run to the end; what `check` raises ends the tree and is passed on."""
    tree = _spawn(launch, job.limits, stack, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    streams = _Streams(tree, job, check)
    try:
        streams.pump()
        return tree.finished(bytes(streams.stdout), bytes(streams.stderr))
    finally:
        tree.close()
        streams.close()


class _Streams:
    """Feeds stdin and drains stdout and stderr together, until both end or the tree is ended."""

    def __init__(self, tree: Tree, job: Job, check: Callable[[], None] | None) -> None:
        popen = tree.popen
        stdin, stdout, stderr = popen.stdin, popen.stdout, popen.stderr
        if stdin is None or stdout is None or stderr is None:
            raise AgentError("A job was started without its pipes.")
        self._pipes = (stdin, stdout, stderr)
        self._tree = tree
        self._left = job.limits.output_bytes
        self._unsent = memoryview(job.stdin)
        self._check = check
        self._check_at = 0.0
        self.stdout, self.stderr = bytearray(), bytearray()
        self._selector = selectors.DefaultSelector()
        for pipe in self._pipes:
            os.set_blocking(pipe.fileno(), False)
        self._selector.register(stdin, selectors.EVENT_WRITE, None)
        self._selector.register(stdout, selectors.EVENT_READ, self.stdout)
        self._selector.register(stderr, selectors.EVENT_READ, self.stderr)

    def pump(self) -> None:
        while not self._drained():
            for key, _ in self._selector.select(_TICK_S):
                if key.data is None:
                    self._feed()
                else:
                    self._drain(key.fd, key.data)
            self._ask()
            if self._tree.overrun():
                return

    def _drained(self) -> bool:
        open_pipes = [key for key in self._selector.get_map().values() if key.data is not None]
        return not open_pipes

    def _feed(self) -> None:
        stdin = self._pipes[0]
        try:
            sent = os.write(stdin.fileno(), self._unsent[:_READ]) if self._unsent else 0
        except BrokenPipeError:
            sent = len(self._unsent)
        self._unsent = self._unsent[sent:]
        if not self._unsent:
            self._selector.unregister(stdin)
            stdin.close()

    def _drain(self, fd: int, kept: bytearray) -> None:
        data = os.read(fd, _READ)
        if not data:
            self._selector.unregister(fd)
            return
        kept += data[: self._left]
        self._left -= len(data)
        if self._left < 0:
            self._tree.end("output")

    def _ask(self) -> None:
        now = time.monotonic()
        if self._check is not None and now >= self._check_at:
            self._check_at = now + _CHECK_EVERY_S
            self._check()

    def close(self) -> None:
        self._selector.close()
        for pipe in self._pipes:
            pipe.close()


class Conversation:
    """A sandboxed process that is talked to in frames; implements `agents.context.Guest`.

    Its limits are watched whenever it is listened to. What it prints goes to an unnamed file of `file_bytes` at most.
    """

    def __init__(self, tree: Tree, to_guest: int, from_guest: int, printed: IO[bytes]) -> None:
        self._tree = tree
        self._to, self._from = to_guest, from_guest
        self._printed = printed
        self._buffer = bytearray()
        self._finished: Finished | None = None
        os.set_blocking(to_guest, False)
        os.set_blocking(from_guest, False)

    def send(self, frame: bytes) -> None:
        """Give the guest `frame`; a guest that does not listen for 20 s is ended."""
        unsent = memoryview(_LENGTH.pack(len(frame)) + frame)
        give_up = time.monotonic() + _SEND_S
        with selectors.DefaultSelector() as selector:
            selector.register(self._to, selectors.EVENT_WRITE)
            while unsent and not self._tree.overrun():
                if time.monotonic() > give_up:
                    self._tree.end("timed_out")
                    return
                if selector.select(_TICK_S):
                    unsent = unsent[self._write(unsent) :]

    def _write(self, data: memoryview) -> int:
        try:
            return os.write(self._to, data[:_READ])
        except BrokenPipeError:
            return len(data)

    def receive(self, timeout_s: float) -> bytes | None:
        give_up = time.monotonic() + timeout_s
        with selectors.DefaultSelector() as selector:
            selector.register(self._from, selectors.EVENT_READ)
            while True:
                if (frame := self._frame()) is not None:
                    return frame
                wait = min(_TICK_S, give_up - time.monotonic())
                if wait < 0 or self._tree.overrun():
                    return None
                if selector.select(wait) and not self._read():
                    return None

    def _read(self) -> bool:
        data = os.read(self._from, _READ)
        self._buffer += data
        return bool(data)

    def _frame(self) -> bytes | None:
        if len(self._buffer) < _LENGTH.size:
            return None
        (length,) = _LENGTH.unpack_from(self._buffer)
        if length > _FRAME_MAX:
            self._tree.end("output")
            return None
        end = _LENGTH.size + length
        if len(self._buffer) < end:
            return None
        frame = bytes(self._buffer[_LENGTH.size : end])
        del self._buffer[:end]
        return frame

    @property
    def alive(self) -> bool:
        return self._finished is None and self._tree.popen.poll() is None

    def close(self) -> Finished:
        """End the guest, if it has not ended by itself, and say how it ended; twice is once."""
        if self._finished is None:
            os.close(self._to)
            self._linger()
            self._tree.end("stopped")
            self._finished = self._tree.finished(self._tail(), b"")
            self._tree.close()
            os.close(self._from)
            self._printed.close()
        return self._finished

    def _linger(self) -> None:
        """A guest that sees the end of its input, or has just ended, gets a moment to go by itself."""
        try:
            self._tree.popen.wait(0.2)
        except subprocess.TimeoutExpired:
            return

    def _tail(self) -> bytes:
        size = self._printed.seek(0, os.SEEK_END)
        self._printed.seek(max(0, size - _TAIL))
        return self._printed.read(_TAIL)


def start(make_launch: Callable[[Job, ExitStack], Launch], job: Job) -> Conversation:
    """Start a guest; inside, the variable MODULO_FRAMES names the two descriptors of its pipe pair."""
    if job.stdin:
        raise AgentError("A guest is talked to in frames; it has no standard input.")
    with ExitStack() as undo:
        inner_read, to_guest = _pipe(undo)
        from_guest, inner_write = _pipe(undo)
        printed = undo.enter_context(tempfile.TemporaryFile())
        stack = undo.enter_context(ExitStack())
        framed = _with_frames(job, inner_read, inner_write)
        launch = make_launch(framed, stack)
        tree = _spawn(
            _passing(launch, inner_read, inner_write),
            job.limits,
            stack,
            stdin=subprocess.DEVNULL,
            stdout=printed,
            stderr=subprocess.STDOUT,
        )
        undo.pop_all()
    os.close(inner_read)
    os.close(inner_write)
    return Conversation(tree, to_guest, from_guest, printed)


def _pipe(undo: ExitStack) -> tuple[int, int]:
    ends = os.pipe()
    for end in ends:
        undo.callback(os.close, end)
    return ends


def _with_frames(job: Job, read: int, write: int) -> Job:
    return Job(
        argv=job.argv,
        cwd=job.cwd,
        env={**job.env, FRAMES: f"{read},{write}"},
        readable=job.readable,
        writable=job.writable,
        limits=job.limits,
    )


def _passing(launch: Launch, *fds: int) -> Launch:
    return Launch(
        level=launch.level,
        argv=launch.argv,
        pass_fds=(*launch.pass_fds, *fds),
        temporary=launch.temporary,
        shared_disk=launch.shared_disk,
        gentle=launch.gentle,
    )
