"""One stream: each distinct change once, up to the limit; the order is suspicion, prior and size."""

from agents.repair.candidates import Idea, Pool, promise
from agents.repair.difference import Change

OLD = "def f(a):\n    return a\n"


def idea(new: str, origin: str = "operator:x", worth: float = 0.5) -> Idea:
    return Idea((Change("m.py", OLD, new),), origin, "because", worth, line=2, function="f")


def test_a_twin_is_counted_and_not_given_out_twice() -> None:
    pool = Pool(limit=10)
    found = list(pool.take([idea("def f(a):\n    return a+1\n"), idea("def f(a):\n    return a + 1  # more\n")]))
    assert len(found) == 1
    assert (pool.proposed, pool.twins) == (1, 1)


def test_the_limit_holds_over_several_sources() -> None:
    pool = Pool(limit=3)
    list(pool.take([idea(f"def f(a):\n    return a + {n}\n") for n in range(1, 3)]))
    list(pool.take([idea(f"def f(a):\n    return a - {n}\n", "model:m") for n in range(1, 9)]))
    assert pool.by_origin == {"operator:x": 2, "model:m": 1}


def test_what_is_not_python_or_changes_nothing_is_left_out() -> None:
    assert list(Pool(limit=10).take([idea("def f(a:\n"), idea(OLD), idea(OLD + "# more\n")])) == []


def test_a_candidate_carries_its_diff_and_where_it_came_from() -> None:
    (found,) = Pool(limit=1).take([idea("def f(a):\n    return -a\n")])
    assert "-    return a\n+    return -a\n" in found.diff
    assert (found.origin, found.path, found.line, found.function) == ("operator:x", "m.py", 2, "f")


def test_the_first_idea_of_one_operator_comes_before_the_twentieth_of_another() -> None:
    first = promise(suspicion=1.0, prior=0.5, weight=1.0, nth=0, size=2)
    twentieth = promise(suspicion=1.0, prior=1.0, weight=1.0, nth=19, size=2)
    assert first > twentieth
