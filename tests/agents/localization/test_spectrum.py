import math

from agents.localization.spectrum import Counts, count, covering, dstar, ochiai, of_failure, score
from agents.results import Spectrum

SPECTRUM = Spectrum(
    covered={
        "t::bad": {"a.py": (1, 2, 3)},
        "t::good": {"a.py": (1, 2)},
        "t::small": {"a.py": (1,)},
        "t::other": {"b.py": (7,)},
    },
    failing=("t::bad",),
    passing=("t::good", "t::small", "t::other"),
)


def test_ochiai_is_one_for_a_line_only_failing_tests_run():
    assert ochiai(Counts(ef=2, ep=0, nf=0, np=5)) == 1.0


def test_ochiai_falls_with_each_passing_test():
    assert ochiai(Counts(ef=1, ep=3, nf=0, np=0)) == 0.5


def test_dstar_has_no_bound():
    assert dstar(Counts(ef=2, ep=1, nf=1, np=0)) == 2.0
    assert dstar(Counts(ef=1, ep=0, nf=0, np=9)) == math.inf


def test_lines_no_failing_test_ran_are_not_counted():
    assert ("b.py", 7) not in count(SPECTRUM)


def test_counts_add_up_to_the_tests():
    assert count(SPECTRUM)["a.py", 1] == Counts(ef=1, ep=2, nf=0, np=1)


def test_the_line_only_the_failing_test_runs_is_most_suspicious():
    scores = score(SPECTRUM)
    assert max(scores, key=scores.get) == ("a.py", 3)


def test_the_cheapest_covering_test_comes_first():
    assert covering(SPECTRUM, {("a.py", 1)}) == ("t::small", "t::good")


def test_other_failures_are_left_out():
    both = Spectrum(covered=SPECTRUM.covered, failing=("t::bad", "t::other"), passing=("t::good",))
    assert of_failure(both, "t::bad").failing == ("t::bad",)
    assert "t::other" not in of_failure(both, "t::bad").covered


def test_parametrised_cases_belong_to_their_test():
    cases = Spectrum(covered={"t::x[1]": {"a.py": (1,)}}, failing=("t::x[1]",), passing=())
    assert of_failure(cases, "t::x").failing == ("t::x[1]",)
