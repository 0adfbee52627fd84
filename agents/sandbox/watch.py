"""Is a tree of processes still within its memory and its disk? The kernel's own limits count per process only."""

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from agents.context import Limits

_PAGE = os.sysconf("SC_PAGE_SIZE")
_EVERY_S = 0.05
_EVERY_SHARED_S = 0.5
_FULL_BYTES = 64 << 10
_SMAPS_KIB_FIELD = "Pss:"


def descendants(pid: int) -> Iterator[int]:
    """All living processes below `pid`, parents first; a process that ends meanwhile is skipped."""
    waiting = [pid]
    while waiting:
        parent = waiting.pop()
        for child in _children(parent):
            yield child
            waiting.append(child)


def _children(pid: int) -> Iterator[int]:
    for thread in _threads(pid):
        with suppress(OSError):
            yield from map(int, (thread / "children").read_text().split())


def _threads(pid: int) -> list[Path]:
    try:
        return list(Path(f"/proc/{pid}/task").iterdir())
    except OSError:
        return []


def _resident_bytes(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE
    except (OSError, IndexError):
        return 0


def _proportional_bytes(pid: int) -> int:
    """Memory with pages shared by forks divided among them; the plain figure where the kernel does not tell."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return _resident_bytes(pid)
    return next((int(line.split()[1]) << 10 for line in lines if line.startswith(_SMAPS_KIB_FIELD)), 0)


class Watch:
    """Looks at the tree below `pid` at most every 50 ms (500 ms with a shared disk).

    `temporary` is the private directory as the tree sees it: a file system of exactly `disk_bytes` which is full, or
    (`shared_disk`: the rung has no file systems of its own) a directory whose files are added up.
    """

    def __init__(self, pid: int, limits: Limits, temporary: str, *, shared_disk: bool = False) -> None:
        self._pid = pid
        self._limits = limits
        self._temporary = temporary
        self._shared_disk = shared_disk
        self._next = 0.0
        self._disk: int | None = None

    def breach(self) -> str:
        """ "memory", "disk" or "" """
        now = time.monotonic()
        if now < self._next:
            return ""
        self._next = now + (_EVERY_SHARED_S if self._shared_disk else _EVERY_S)
        tree = list(descendants(self._pid))
        if self._memory_exceeded(tree):
            return "memory"
        if self._disk is None and not self._shared_disk:
            self._disk = next(filter(None, map(self._own_disk, reversed(tree))), None)
        return "disk" if self.disk_full() else ""

    def disk_full(self) -> bool:
        """Is there no room left? Can be asked after the tree has ended, too."""
        if self._shared_disk:
            return _used_bytes(self._temporary) > self._limits.disk_bytes
        if self._disk is None:
            return False
        state = os.statvfs(self._disk)
        return state.f_bavail * state.f_frsize < _FULL_BYTES or state.f_ffree == 0

    def close(self) -> None:
        if self._disk is not None:
            os.close(self._disk)
            self._disk = None

    def _memory_exceeded(self, tree: list[int]) -> bool:
        limit = self._limits.memory_bytes
        if sum(map(_resident_bytes, tree)) <= limit:
            return False
        return sum(map(_proportional_bytes, tree)) > limit

    def _own_disk(self, pid: int) -> int | None:
        """The private file system as process `pid` sees it, kept open; None while the walls are still being built."""
        try:
            fd = os.open(f"/proc/{pid}/root{self._temporary}", os.O_PATH | os.O_DIRECTORY)
        except OSError:
            return None
        state = os.statvfs(fd)
        if abs(state.f_blocks * state.f_frsize - self._limits.disk_bytes) <= 2 * _PAGE:
            return fd
        os.close(fd)
        return None


def _used_bytes(directory: str) -> int:
    total = 0
    for folder, _, names in os.walk(directory):
        for name in names:
            try:
                total += Path(folder, name).lstat().st_blocks * 512
            except OSError:
                continue
    return total
