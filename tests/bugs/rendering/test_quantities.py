from datetime import UTC, datetime, timedelta

import pytest

from bugs.rendering import quantities

NOW = datetime(2026, 2, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.004, "4 ms"), (7.25, "7.2 s"), (192, "3 min 12 s"), (7500, "2 h 5 min"), (None, "")]
)
def test_a_duration_has_the_unit_that_fits(seconds: float | None, words: str) -> None:
    assert quantities.duration(seconds) == words


@pytest.mark.parametrize(("size", "words"), [(0, "0 B"), (1536, "1.5 KiB"), (155_648, "152 KiB"), (5 << 40, "5.0 TiB")])
def test_a_size_has_the_unit_that_fits(size: int, words: str) -> None:
    assert quantities.size(size) == words


@pytest.mark.parametrize(
    ("dollars", "words"), [(None, "price unknown"), (0, "$0"), (0.0021, "$0.0021"), (1.5, "$1.50")]
)
def test_money_says_when_no_price_is_known(dollars: float | None, words: str) -> None:
    assert quantities.money(dollars) == words


@pytest.mark.parametrize(
    ("passed", "words"),
    [
        (timedelta(seconds=5), "just now"),
        (timedelta(minutes=4), "4 min ago"),
        (timedelta(hours=30), "yesterday"),
        (timedelta(days=90), "3 months ago"),
    ],
)
def test_an_age_is_rounded_to_its_largest_unit(passed: timedelta, words: str) -> None:
    assert quantities.age(NOW - passed, NOW) == words
