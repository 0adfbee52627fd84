"""The truth table: how the reproduction stands before and after, and what the other tests say."""

import pytest

from agents.repair.verdicts import Base, Head, verdict

TABLE = [
    ("right_reason", "passes", False, False, "fix_verified"),
    ("right_reason", "passes", True, False, "introduces_symptom"),
    ("right_reason", "passes", True, True, "fix_ineffective"),
    ("right_reason", "same_failure", False, False, "fix_ineffective"),
    ("right_reason", "other_failure", False, False, "introduces_symptom"),
    ("right_reason", "unusable", False, False, "blocked"),
    ("wrong_reason", "passes", False, False, "test_does_not_guard"),
    ("passes", "passes", False, False, "test_does_not_guard"),
    ("passes", "same_failure", False, False, "introduces_symptom"),
    ("passes", "other_failure", False, False, "introduces_symptom"),
    ("unusable", "passes", False, False, "blocked"),
    ("unusable", "same_failure", False, False, "blocked"),
]


@pytest.mark.parametrize(("base", "head", "newly_failing", "elsewhere", "expected"), TABLE)
def test_each_row_of_the_table(base: Base, head: Head, newly_failing: bool, elsewhere: bool, expected: str) -> None:
    assert verdict(base, head, newly_failing=newly_failing, symptom_elsewhere=elsewhere) == expected


def test_nothing_but_a_right_failure_that_now_passes_is_verified() -> None:
    assert [row[:4] for row in TABLE if row[4] == "fix_verified"] == [("right_reason", "passes", False, False)]
