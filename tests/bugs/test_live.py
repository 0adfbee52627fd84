"""Tokens reach the pages in order, the first at once, the rest in a frame each 25 ms, none lost."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from bugs import streams
from bugs.live import LiveWriter, head, width

pytestmark = pytest.mark.storage


def frames(broker: Any, bug_id: int) -> list[list[dict[str, Any]]]:
    return [json.loads(fields[b"j"]) for _, fields in broker.xrange(streams.frames_key(bug_id))]


def text_of(told: list[list[dict[str, Any]]], cell: str) -> str:
    """What a page that draws at offsets shows."""
    text = ""
    for event in (event for frame in told for event in frame if event.get("c") == cell):
        text = head(text, event["o"]) + event["x"]
    return text


def test_the_first_text_of_a_call_is_told_at_once(broker: Any) -> None:
    with LiveWriter(7, 1, "fix") as live:
        live.delta("a", 0, "Hello")
        time.sleep(0.015)
        assert frames(broker, 7) == [[{"t": "token_delta", "c": "a", "o": 0, "x": "Hello", "run": 1, "stage": "fix"}]]


def test_what_follows_is_gathered_and_nothing_is_lost(broker: Any) -> None:
    words = [f"word{number} " for number in range(500)]
    with LiveWriter(7, 1, "fix") as live:
        offset = 0
        for word in words:
            live.delta("a", offset, word)
            live.delta("b", offset, word)
            offset += len(word)
            time.sleep(0.0005)
    told = frames(broker, 7)
    assert text_of(told, "a") == text_of(told, "b") == "".join(words)
    assert len(told) < 100


def test_the_last_words_are_told_when_the_writer_ends(broker: Any) -> None:
    with LiveWriter(7, 1, "fix") as live:
        live.delta("a", 0, "x")
        live.delta("a", 1, "y")
    assert text_of(frames(broker, 7), "a") == "xy"


def test_the_last_words_do_not_wait_for_more(broker: Any) -> None:
    with LiveWriter(7, 1, "fix") as live:
        live.delta("a", 0, "x")
        live.delta("a", 1, "y")
        time.sleep(0.2)
        assert text_of(frames(broker, 7), "a") == "xy"


def test_a_call_that_starts_again_takes_its_text_back(broker: Any) -> None:
    with LiveWriter(7, 1, "fix") as live:
        live.delta("a", 0, "one two")
        live.delta("a", 4, "three")
    assert text_of(frames(broker, 7), "a") == "one three"


def test_offsets_count_as_browsers_do() -> None:
    assert width("a😀b") == 4
    assert head("a😀b", 3) == "a😀"
    assert head("ab", 9) == "ab"


def test_without_a_broker_frames_reach_this_process(no_broker: None) -> None:
    heard: list[tuple[int, str]] = []
    stop = streams.local_frames.listen(lambda bug_id, _, text: heard.append((bug_id, text)))
    streams.push_frame(7, [{"t": "progress", "done": 1}])
    stop()
    streams.push_frame(7, [{"t": "progress", "done": 2}])
    assert heard == [(7, '[{"t":"progress","done":1}]')]
    assert len(streams.local_frames.since(7, "")) >= 2


def test_a_broker_that_is_down_is_counted_and_costs_nothing_else(settings: Any, tmp_path: Any) -> None:
    settings.REDIS_URL = f"unix://{tmp_path}/nobody?db=0"
    before = streams.failures.total()
    began = time.monotonic()
    streams.push_frame(7, [{"t": "progress"}])
    assert streams.failures.total() == before + 1
    assert time.monotonic() - began < 1
