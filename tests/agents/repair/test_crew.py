"""Work goes on side by side, results keep their order, and one stop stops all."""

import threading
import time

import pytest

from agents.errors import Cancelled
from agents.repair.crew import Halt, side_by_side


def test_results_come_in_the_order_of_the_items() -> None:
    def work(runner: str, item: int) -> int:
        time.sleep(0.01 * (5 - item))
        return item * 2

    assert side_by_side(range(5), "ab", work, Halt(lambda: None)) == [0, 2, 4, 6, 8]


def test_no_runner_has_two_items_at_once() -> None:
    busy: dict[str, threading.Lock] = {"a": threading.Lock(), "b": threading.Lock()}

    def work(runner: str, item: int) -> bool:
        with busy[runner]:
            time.sleep(0.005)
        return not busy[runner].locked()

    assert all(side_by_side(range(20), "ab", work, Halt(lambda: None)))


def test_a_stop_ends_the_work_in_flight_and_is_passed_on() -> None:
    begun = threading.Event()

    def check() -> None:
        if begun.is_set():
            raise Cancelled("Somebody stopped it.")

    halt = Halt(check)

    def work(runner: str, item: int) -> None:
        begun.set()
        while True:
            time.sleep(0.01)
            halt.check()

    with pytest.raises(Cancelled):
        side_by_side(range(50), "ab", work, halt)


def test_the_real_check_is_asked_on_the_thread_that_made_the_halt_only() -> None:
    seen: set[int] = set()
    halt = Halt(lambda: seen.add(threading.get_ident()))

    def work(runner: str, item: int) -> None:
        halt.check()
        time.sleep(0.01)

    side_by_side(range(4), "ab", work, halt)
    assert seen == {threading.get_ident()}
