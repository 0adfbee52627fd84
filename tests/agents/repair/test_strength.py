"""What tests would notice: killed mutants count, the others are said in words."""

from agents.repair.strength import Mutant, changed_lines, distinct, measured, sentence

PATCHED = "def f(a):\n    return a <= 1\n"


def mutant(new: str) -> Mutant:
    return Mutant("m.py", PATCHED.replace("<=", new), "<=", new, 2)


def test_killed_mutants_make_the_score() -> None:
    found = measured([mutant("<"), mutant(">"), mutant("==")], [True, True, False])
    assert (found.killed, found.tried, found.score) == (2, 3, 0.667)
    assert found.unnoticed == ("The tests would not notice if `<=` were `==` in line 2 of m.py.",)


def test_a_mutant_that_was_not_tried_does_not_count() -> None:
    assert measured([mutant("<"), mutant(">")], [True, None]).tried == 1


def test_a_mutant_that_says_the_same_is_not_tried() -> None:
    assert distinct([mutant("<="), mutant("<=  "), mutant("<"), mutant(" <")], PATCHED, 30) == [mutant("<")]


def test_no_more_mutants_are_tried_than_allowed() -> None:
    assert len(distinct([mutant("<"), mutant(">"), mutant("==")], PATCHED, 2)) == 2


def test_what_is_added_or_taken_away_is_said_so() -> None:
    assert "were missing" in sentence(Mutant("m.py", "", "check(a)\n", "", 3))
    assert "would not notice `return 1`" in sentence(Mutant("m.py", "", "", "    return 1\n", 3))


def test_changed_lines_are_lines_of_the_new_text() -> None:
    assert changed_lines("a\nb\nc\n", "a\nx\ny\nc\n") == range(2, 4)
    assert changed_lines("a\nb\nc\n", "a\nc\n") == range(2, 3)
