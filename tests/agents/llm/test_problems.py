"""What servers say when they fail, in all the shapes they say it."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.llm import problems

SCALARS = st.none() | st.booleans() | st.floats() | st.text()
JSON = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=5)


@pytest.mark.parametrize(
    "body", [{"error": {"message": "No."}}, {"error": "No."}, {"message": "No."}, "No.", {"detail": "No."}]
)
def test_the_servers_own_words_are_found(body: object) -> None:
    assert "answered 403: No." in str(problems.from_status(403, {}, body))


@given(st.integers(300, 599), JSON)
def test_any_body_makes_one_short_sentence(status: int, body: object) -> None:
    said = str(problems.from_status(status, {}, body))
    assert len(said) < 400
    assert "\n" not in said


@given(JSON)
def test_any_error_in_a_stream_is_a_problem(body: object) -> None:
    assert str(problems.in_stream(body)).startswith("The model server broke off")


@pytest.mark.parametrize("error", [{"code": 429}, {"code": "rate_limit_exceeded"}, {"type": "rate_limit_error"}])
def test_a_rate_limit_may_come_within_the_stream(error: object) -> None:
    assert problems.in_stream(error).slug == "model-rate-limited"


def test_a_date_to_come_back_at_is_understood() -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)
    wait = problems.retry_after({"retry-after": later})
    assert wait is not None
    assert 55 < wait < 61


@pytest.mark.parametrize("value", ["", "soon", "-1", "nan", "inf", "1e999", "Wed, 99 Foo"])
def test_a_time_to_come_back_that_makes_no_sense_is_none(value: str) -> None:
    assert problems.retry_after({"retry-after": value}) is None
