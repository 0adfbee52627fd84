"""The moment of the incident is read from the words of the report, relative to when it was written."""

from datetime import UTC, datetime

import pytest

from agents.logs.moment import Moment, find
from agents.report import Report

WRITTEN = datetime(2024, 3, 6, 9, 30, tzinfo=UTC)  # a Wednesday


def moment(text: str, happened_at: datetime | None = None) -> Moment | None:
    return find(Report(title="", text=text, created_at=WRITTEN, happened_at=happened_at), text)


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("The service failed at 2024-03-05 14:02 UTC.", "2024-03-05T14:02:00+00:00"),
        ("On March 5th around 14:02 it stopped", "2024-03-05T14:02:00"),
        ("It crashed on 5 March 2024, 2:02 pm CET", "2024-03-05T14:02:00+01:00"),
        ("It crashed yesterday 3pm on node 4", "2024-03-05T14:30:00"),
        ("crashed at 14:02", "2024-03-05T14:02:00"),
        ("crashed at 02:10 during the backup", "2024-03-06T02:10:00"),
        ("last night the import broke", "2024-03-05T20:00:00"),
        ("On Monday afternoon we saw errors", "2024-03-04T12:00:00"),
        ("An hour ago it stopped", "2024-03-06T08:00:00+00:00"),
        ("the run of Sunday night (3 Mar, 02:14 UTC) stopped", "2024-03-03T02:14:00+00:00"),
    ],
)
def test_a_time_in_words_is_found(text: str, start: str) -> None:
    found = moment(text)
    assert found is not None
    assert found.start == datetime.fromisoformat(start)


@pytest.mark.parametrize(
    "text",
    [
        "it fails with version 3.11.7",
        "10.0.0.1:8080 refused 5 of 12",
        "",
        "it is 14 times slower",
        "released in 2031-01-01",
    ],
)
def test_numbers_that_are_no_time_are_none(text: str) -> None:
    assert moment(text) is None


def test_the_time_it_was_filed_under_wins() -> None:
    at = datetime(2024, 3, 1, 1, 2, tzinfo=UTC)
    found = moment("It crashed yesterday 3pm", at)
    assert found is not None
    assert (found.start, found.end) == (at, at)


def test_a_release_date_is_not_preferred_to_the_failure() -> None:
    found = moment(
        "We installed the release of 2024-02-01.\n"
        + "It ran well. " * 30
        + "\nThen it crashed on 2024-03-05 14:02 UTC."
    )
    assert found is not None
    assert found.start.day == 5
