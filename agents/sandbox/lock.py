"""One process at a time: a lock on a file, waited for without growing deaf."""

import fcntl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

_AGAIN_S = 0.1


@contextmanager
def locked(path: Path, check: Callable[[], None]) -> Iterator[None]:
    """Hold `path` locked; while another holds it, `check` is called and may raise. A killed holder lets go."""
    with path.open("w") as lock:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                check()
                time.sleep(_AGAIN_S)
        yield
