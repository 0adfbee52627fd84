"""The same seed gives the same times and faults; the rates are what they say."""

from collections import Counter
from statistics import mean, median

import pytest

from agents.perf.profile import Profile


def test_the_same_call_meets_the_same_fate() -> None:
    profile = Profile(limited=0.3, cut=0.3)
    fates = [[profile.draws("key", n).fault for n in range(20)] for _ in range(2)]
    assert fates[0] == fates[1]
    assert fates[0] != [Profile(seed=1, limited=0.3, cut=0.3).draws("key", n).fault for n in range(20)]


def test_faults_come_as_often_as_they_should() -> None:
    profile = Profile(limited=0.1, failed=0.1, cut=0.1, stall=0.1, garbage=0.1, slow=0.1)
    faults = Counter(profile.draws(n).fault for n in range(3000))
    assert all(200 < count < 400 for fault, count in faults.items() if fault)
    assert faults.keys() == {"", "limited", "failed", "cut", "stall", "garbage", "slow"}


def test_times_are_around_what_was_asked_for() -> None:
    profile = Profile(ttft=0.2, itl=0.02)
    assert 0.18 < median(profile.draws(n).first_gap() for n in range(2000)) < 0.22
    draws = profile.draws("gaps")
    assert 0.019 < mean(draws.gap() for _ in range(2000)) < 0.021


def test_a_slow_call_is_slow_throughout() -> None:
    quick, slow = (Profile(slow=share, slow_factor=10.0).draws("same") for share in (0.0, 1.0))
    assert slow.first_gap() == pytest.approx(10 * quick.first_gap())


def test_a_models_name_can_say_how_it_behaves() -> None:
    profile = Profile(seed=7).for_model("sim,tokens=100,itl=0.03,colour=red")
    assert (profile.tokens, profile.itl, profile.seed) == (100, 0.03, 7)


def test_an_ordinary_models_name_says_nothing() -> None:
    assert Profile().for_model("gpt-5-mini") == Profile()
