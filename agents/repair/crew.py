"""Do the same to many things side by side, a runner for each thread; whoever stops the run stops them all."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from queue import SimpleQueue
from typing import TypeVar

from agents.errors import Stopped

R = TypeVar("R")
T = TypeVar("T")
U = TypeVar("U")

LOOK_S = 0.25


class Halt:
    """A `check` for any thread: it asks the real one on the thread it was made on, and raises on the others once the
    crew has to stop (the real one may need a database connection, which belongs to a thread)."""

    def __init__(self, check: Callable[[], None]) -> None:
        self._ask, self._owner, self._set = check, threading.get_ident(), threading.Event()

    def check(self) -> None:
        if threading.get_ident() == self._owner:
            self._ask()
        elif self._set.is_set():
            raise Stopped("The run was stopped.")

    def call(self) -> None:
        self._set.set()


def side_by_side(items: Sequence[T], runners: Sequence[R], work: Callable[[R, T], U], halt: Halt) -> list[U]:
    """`work(runner, item)` for each item, in the order of `items`; one item at a time on each runner.

    When the check, or any work, raises, the others are halted and the error is passed on.
    """
    free: SimpleQueue[R] = SimpleQueue()
    for runner in runners:
        free.put(runner)

    def one(item: T) -> U:
        halt.check()
        runner = free.get()
        try:
            return work(runner, item)
        finally:
            free.put(runner)

    with ThreadPoolExecutor(max_workers=len(runners)) as pool:
        futures = [pool.submit(one, item) for item in items]
        try:
            _watch(futures, halt)
        except BaseException:
            halt.call()
            raise
        return [future.result() for future in futures]


def _watch(futures: Sequence[Future[U]], halt: Halt) -> None:
    left = set(futures)
    while left:
        done, left = wait(left, timeout=LOOK_S)
        for future in done:
            future.result()
        halt.check()
