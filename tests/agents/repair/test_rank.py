"""Small and general first, narrow and careless last; the order given does not matter."""

import random

from agents.repair.difference import Change
from agents.repair.guard import Oracle
from agents.repair.patch import unified
from agents.repair.rank import Weighed, rank, signs
from agents.results import Candidate

OLD = "def f(a, limit):\n    check(a)\n    if a > limit:\n        raise ValueError(a)\n    return a\n"
ORACLE = Oracle(tests=("def test_f():\n    assert f(1234, 5000) == 1234\n",))


def doubts(old: str, new: str) -> tuple[str, ...]:
    return signs([Change("m.py", OLD, OLD.replace(old, new))], ORACLE)


def weighed(new: str, prior: float = 0.5) -> Weighed:
    candidate = Candidate(key=new, origin="operator:x", diff=unified("m.py", OLD, new), why="", prior=prior)
    return Weighed(candidate, signs([Change("m.py", OLD, new)], ORACLE))


def test_an_honest_change_has_no_signs_of_overfitting() -> None:
    assert doubts("a > limit", "a >= limit") == ()


def test_each_sign_of_overfitting_is_named() -> None:
    assert doubts("a > limit", "a > 1234") == ("a value of the test stands in the patch",)
    assert doubts("a > limit", "False") == ("a condition is constant",)
    assert doubts("    check(a)\n", "    if a:\n        return a\n    check(a)\n") == ("it returns early",)
    assert "it no longer calls something" in doubts("    check(a)\n", "")
    assert "it only deletes" in doubts("    check(a)\n", "")
    assert "it drops a check" in doubts("    if a > limit:\n        raise ValueError(a)\n", "")
    caught = "    try:\n        check(a)\n    except KeyError:\n        pass\n"
    assert "it catches more exceptions" in doubts("    check(a)\n", caught)


def test_a_change_with_doubts_comes_after_one_without() -> None:
    honest, narrow = weighed(OLD.replace("> limit", ">= limit"), 0.3), weighed(OLD.replace("> limit", "> 1234"), 0.6)
    assert rank([narrow, honest]) == [honest, narrow]


def test_the_order_given_does_not_matter() -> None:
    many = [weighed(OLD.replace("> limit", f"> limit + {n}")) for n in range(8)]
    shuffled = random.Random(3).sample(many, len(many))
    assert rank(shuffled) == rank(many)
