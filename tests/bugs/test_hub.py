import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from bugs import events, hub, live, streams

BUG = 7


class Page:
    """What an open page makes of the frames it gets."""

    def __init__(self) -> None:
        self.text = ""
        self.ids: list[str] = []
        self.seqs: list[int] = []
        self.watcher = hub.Watcher(self.frame, self.seqs.append)

    def frame(self, text: str, frame_id: str) -> None:
        message = json.loads(text)
        assert message["id"] == frame_id
        self.ids.append(frame_id)
        for event in message["ev"]:
            if event["o"] <= len(self.text):
                self.text = self.text[: event["o"]] + event["x"]


def play(story: Callable[[hub.Hub], Awaitable[None]]) -> None:
    """Run `story` with a hub of its own."""

    async def whole() -> None:
        watching = hub.Hub(asyncio.get_running_loop())
        try:
            await story(watching)
        finally:
            await watching.close()

    asyncio.run(whole())


def speak(words: str, offset: int) -> None:
    events.tell(BUG, {"t": "token_delta", "c": "one", "o": offset, "x": words, "run": 1, "stage": "fix"})


async def until(page: Page, text: str) -> None:
    async with asyncio.timeout(5):
        while page.text != text:
            await asyncio.sleep(0.01)


@pytest.fixture(params=["broker", "no_broker"])
def rung(request: pytest.FixtureRequest) -> Any:
    """The same with a broker and without any."""
    streams.local_frames._kept.clear()
    return request.getfixturevalue(request.param)


def test_frames_reach_every_page_in_order(rung: Any) -> None:
    async def story(watching: hub.Hub) -> None:
        pages = [Page(), Page()]
        for page in pages:
            await watching.join(BUG, page.watcher)
        for number in range(200):
            await asyncio.to_thread(speak, str(number % 10), number)
        for page in pages:
            await until(page, "0123456789" * 20)
            watching.leave(BUG, page.watcher)

    play(story)


def test_a_late_page_gets_what_was_said_in_one_piece(rung: Any) -> None:
    async def story(watching: hub.Hub) -> None:
        for number, word in enumerate(("no ", "tier ", "left")):
            await asyncio.to_thread(speak, word, sum(map(len, ("no ", "tier ", "left")[:number])))
        page = Page()
        await watching.join(BUG, page.watcher)
        assert (page.text, len(page.ids)) == ("no tier left", 1)
        watching.leave(BUG, page.watcher)

    play(story)


def test_a_page_that_comes_back_gets_only_what_it_missed(rung: Any) -> None:
    async def story(watching: hub.Hub) -> None:
        page = Page()
        await watching.join(BUG, page.watcher)
        await asyncio.to_thread(speak, "no ", 0)
        await until(page, "no ")
        watching.leave(BUG, page.watcher)
        await asyncio.to_thread(speak, "tier", 3)
        back = Page()
        await watching.join(BUG, back.watcher, page.ids[-1])
        assert back.text == ""  # "tier" begins at 3: alone it would be a gap
        assert len(back.ids) == 1
        watching.leave(BUG, back.watcher)

    play(story)


def test_pages_that_join_while_a_model_speaks_miss_nothing(rung: Any) -> None:
    async def story(watching: hub.Hub) -> None:
        pages = [Page() for _ in range(20)]

        def say_all() -> None:
            for number in range(300):
                speak("x", number)

        speaking = asyncio.get_running_loop().run_in_executor(None, say_all)
        for page in pages:
            await watching.join(BUG, page.watcher)
            await asyncio.sleep(0.005)
        await speaking
        for page in pages:
            await until(page, "x" * 300)
            assert len(set(page.ids)) == len(page.ids)
            watching.leave(BUG, page.watcher)

    play(story)


def test_the_last_page_to_leave_ends_the_reader(rung: Any) -> None:
    async def story(watching: hub.Hub) -> None:
        page = Page()
        await watching.join(BUG, page.watcher)
        watching.leave(BUG, page.watcher)
        await asyncio.sleep(0.05)
        assert len(asyncio.all_tasks()) == 1

    play(story)


def token(cell: str, offset: int, text: str) -> dict[str, Any]:
    return {"t": "token_delta", "c": cell, "o": offset, "x": text, "run": 1}


def test_a_snapshot_keeps_offsets_of_characters_beyond_the_first_plane() -> None:
    said = [("1-0", json.dumps([token("a", 0, "a😀b")])), ("2-0", json.dumps([token("a", 3, "c")]))]
    ((_, text),) = hub.fold(said)
    assert json.loads(text)[0]["x"] == "a😀c"


def test_frames_are_put_together_without_decoding() -> None:
    ((frame_id, text),) = hub.pack([("1-0", '[{"a":1}]'), ("1-1", "[]"), ("2-0", '[{"b":2},{"c":3}]')])
    assert (frame_id, json.loads(text)["ev"]) == ("2-0", [{"a": 1}, {"b": 2}, {"c": 3}])


@pytest.mark.parametrize("text", ["x" * 300_000, "😀" * 70_000, '"\n' * 50_000])
def test_no_message_is_larger_than_the_server_can_send(text: str) -> None:
    frames = [("1-0", "[]"), ("2-0", json.dumps([token("a", 0, text), token("b", 0, "short")])), ("3-0", "[]")]
    messages = list(hub.pack(frames))
    assert all(len(message.encode()) < 65_536 for _, message in messages)
    said = {"a": "", "b": ""}
    for event in (event for _, message in messages for event in json.loads(message)["ev"]):
        assert event["o"] == live.width(said[event["c"]])
        said[event["c"]] += event["x"]
    assert said == {"a": text, "b": "short"}


def test_a_frame_that_was_cut_is_only_seen_once_all_of_it_was_sent() -> None:
    ids = [frame_id for frame_id, _ in hub.pack([("2-0", json.dumps([token("a", 0, "x" * 50_000)]))])]
    assert set(ids[:-1]) == {""}
    assert ids[-1] == "2-0"


@pytest.mark.parametrize(("one", "other"), [("2-0", "1-9"), ("1-10", "1-9"), ("1-1", "0-0")])
def test_ids_of_frames_are_ordered_by_their_numbers(one: str, other: str) -> None:
    assert hub.later(one, other)
    assert not hub.later(other, one)
