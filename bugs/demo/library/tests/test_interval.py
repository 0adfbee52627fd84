from datetime import datetime, timedelta

import pytest

from tallybook.interval import Interval, gaps, merge


def hours(begin, end):
    midnight = datetime(2026, 1, 1)
    return Interval(midnight + timedelta(hours=begin), midnight + timedelta(hours=end))


def test_the_end_is_not_included():
    assert datetime(2026, 1, 1, 1) in hours(1, 2)
    assert datetime(2026, 1, 1, 2) not in hours(1, 2)


def test_an_interval_does_not_run_backwards():
    with pytest.raises(ValueError):
        hours(2, 1)


def test_touching_intervals_share_nothing():
    assert hours(0, 1).overlap(hours(1, 2)) is None


def test_overlap_is_what_both_share():
    assert hours(0, 3).overlap(hours(2, 5)) == hours(2, 3)


def test_fraction_of_a_day():
    assert hours(0, 6).fraction_of(hours(0, 24)) == 0.25


def test_the_last_piece_may_be_shorter():
    pieces = list(hours(0, 2.5).split(timedelta(hours=1)))
    assert [piece.length.total_seconds() for piece in pieces] == [3600, 3600, 1800]


def test_merge_joins_what_touches():
    assert merge([hours(2, 3), hours(0, 1), hours(1, 2), hours(5, 6)]) == [hours(0, 3), hours(5, 6)]


def test_gaps_are_what_nobody_covers():
    assert gaps([hours(1, 2), hours(3, 4)], hours(0, 5)) == [hours(0, 1), hours(2, 3), hours(4, 5)]


def test_full_cover_leaves_no_gap():
    assert gaps([hours(0, 3), hours(2, 6)], hours(1, 5)) == []
