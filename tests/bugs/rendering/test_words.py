from typing import get_args

import pytest

from agents import results
from bugs.models import Run, Stage
from bugs.rendering import words

VERDICTS = sorted(
    {name for kind in results.KINDS.values() for name in get_args(kind.__annotations__["verdict"])}
    | set(get_args(results.CandidateVerdict))
)


@pytest.mark.parametrize("name", VERDICTS)
def test_every_verdict_has_words_and_a_tone(name: str) -> None:
    assert words.VERDICTS[name].tone in words.TONES


@pytest.mark.parametrize("name", [*Run.Status.values, *Stage.Status.values])
def test_every_status_has_words_a_tone_and_a_glyph(name: str) -> None:
    assert words.STATES[name].icon


@pytest.mark.parametrize("name", get_args(results.Coverage.__annotations__["verdict"]))
def test_every_coverage_verdict_has_words(name: str) -> None:
    assert words.COVERAGE[name].word


def test_an_origin_is_named_in_words() -> None:
    assert words.origin("operator:compare_swap") == "mutation · compare swap"
