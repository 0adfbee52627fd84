"""Bytes become payloads, however they are cut."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.errors import Garbled
from agents.llm.sse import Events, Whole

STREAM = b': ping\r\n\r\nevent: message\ndata: {"a": 1}\n\ndata:{"b": 2}\r\n\r\ndata: {"c": 3}\ndata: [DONE]'
PAYLOADS = [b'{"a": 1}', b'{"b": 2}', b'{"c": 3}', b"[DONE]"]


@given(st.lists(st.integers(0, len(STREAM)), max_size=12))
def test_cuts_do_not_matter(cuts: list[int]) -> None:
    ends = [0, *sorted(cuts), len(STREAM)]
    events = Events()
    found = [payload for a, b in pairwise(ends) for payload in events.feed(STREAM[a:b])]
    assert found + events.close() == PAYLOADS


def test_an_event_is_there_with_the_end_of_its_line() -> None:
    assert Events().feed(b"data: now\n") == [b"now"]


@given(st.lists(st.binary(max_size=40)))
def test_any_bytes_are_read(parts: list[bytes]) -> None:
    events = Events()
    for part in parts:
        events.feed(part)
    assert all(payload == payload.strip() for payload in events.close())


def test_a_line_longer_than_the_limit_is_garbled() -> None:
    events = Events(limit=100)
    events.feed(b"data: " + b"x" * 90)
    with pytest.raises(Garbled):
        events.feed(b"x" * 10)


def test_a_document_that_comes_whole_is_one_payload() -> None:
    whole = Whole()
    assert whole.feed(b' {"a":') == []
    whole.feed(b" 1}\n")
    assert whole.close() == [b'{"a": 1}']
