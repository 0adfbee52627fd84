"""Who works on this data directory: one supervisor at a time, and how others find it."""

import fcntl
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """The process that holds the directory: `what` it is ("up", "triage"), `address` its pages, if it serves any."""

    pid: int
    what: str
    address: str = ""


class Claim:
    """An exclusive lock on a data directory; the kernel frees it when its holder dies, however it dies."""

    def __init__(self, data: Path) -> None:
        self._lock = data / "run" / "lock"
        self._holder = data / "run" / "holder.json"
        self._file: IO[str] | None = None

    def take(self, what: str) -> bool:
        """Take the directory; False when another process has it."""
        self._lock.parent.mkdir(mode=0o700, exist_ok=True)
        file = self._lock.open("w")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            return False
        self._file = file
        self.tell(Holder(pid=os.getpid(), what=what))
        return True

    @property
    def held(self) -> bool:
        return self._file is not None

    def tell(self, holder: Holder) -> None:
        """Write down who holds the directory, in one step: a reader sees the old text or the new."""
        fresh = self._holder.with_suffix(f".{os.getpid()}")
        fresh.write_text(json.dumps(asdict(holder)), encoding="utf-8")
        fresh.replace(self._holder)

    def holder(self) -> Holder | None:
        try:
            return Holder(**json.loads(self._holder.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None

    def release(self) -> None:
        if self._file is not None:
            self._holder.unlink(missing_ok=True)
            self._file.close()
            self._file = None
