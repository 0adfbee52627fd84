import pytest

from agents.events import KEPT
from bugs.rendering import sentences


@pytest.mark.parametrize("kind", [kind.name for kind in KEPT])
def test_every_kept_kind_has_its_own_sentence(kind: str) -> None:
    assert kind in sentences.SENTENCES


@pytest.mark.parametrize("kind", [kind.name for kind in KEPT if kind.name != "notice"])
def test_a_payload_that_lacks_everything_still_makes_a_sentence(kind: str) -> None:
    assert sentences.say(kind, {}, "fix")


def test_a_finished_stage_is_told_with_time_verdict_and_reason() -> None:
    payload = {"verdict": "not_reproduced", "reason": "no test failed", "seconds": 7.25}
    assert (
        sentences.say("stage_finished", payload, "reproduce")
        == "Reproduce ended in 7.2 s: not reproduced - no test failed"
    )


def test_a_sentence_never_grows_without_end() -> None:
    assert len(sentences.say("notice", {"text": "x" * 5000})) == sentences.LONGEST
