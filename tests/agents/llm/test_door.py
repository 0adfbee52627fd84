"""Code that is not asynchronous asks many calls at once and gets replies as they end."""

import os
import threading
import time

import pytest

from agents.context import Delta, ModelReply, ModelRequest
from agents.errors import Cancelled
from agents.llm import gateway
from agents.llm.layer import Stream
from agents.llm.settings import ModelSettings
from agents.perf.profile import Profile
from agents.perf.simulated import Server, serve
from tests.agents.llm.wire import request, seconds

QUICK = Profile(ttft=0.01, itl=0.0, tokens=20)


def requests(count: int) -> list[ModelRequest]:
    return [request(f"k{n}", f"Question {n}?") for n in range(count)]


def model(server: Server) -> object:
    return gateway.build(ModelSettings(base_url=server.url, model="sim", between_s=2.0), str)


def test_every_request_has_one_reply() -> None:
    with serve(QUICK) as server:
        replies = list(gateway.ask(model(server), requests(30), slots=8))
    assert sorted(reply.key for reply in replies) == sorted(f"k{n}" for n in range(30))
    assert server.most_in_flight <= 8


def test_faults_cost_no_reply() -> None:
    faulty = Profile(ttft=0.01, itl=0.0, tokens=20, limited=0.1, failed=0.1, cut=0.1, garbage=0.1, retry_after=0.05)
    with serve(faulty) as server:
        replies = list(gateway.ask(model(server), requests(60), slots=30))
    assert [reply.error_text for reply in replies if reply.error] == []
    assert set(server.faults) == {"", "limited", "failed", "cut", "garbage"}


def test_calls_run_beside_each_other() -> None:
    began = time.monotonic()
    with serve(Profile(ttft=0.5, ttft_sigma=0.0, itl=0.0, tokens=5)) as server:
        list(gateway.ask(model(server), requests(16), slots=16))
    assert seconds(began) < 16 * 0.5 / 3


def test_the_text_is_told_as_it_comes_each_piece_with_its_place() -> None:
    told: dict[str, str] = {}

    def hear(asked: ModelRequest, offset: int, text: str) -> None:
        assert offset == len(told.get(asked.key, ""))
        told[asked.key] = told.get(asked.key, "") + text

    with serve(QUICK) as server:
        replies = list(gateway.ask(model(server), requests(10), 10, hear))
    assert told == {reply.key: reply.text for reply in replies}


def test_a_failed_call_does_not_end_the_others() -> None:
    script = [("Question 3?", "scripted")]
    with serve(QUICK, script) as server:
        bad = request("bad", "Question 3?", max_tokens=1)
        good = gateway.ask(model(server), [bad, *requests(3)])
        replies = {reply.key: reply for reply in good}
    assert replies["bad"].finish_reason == "length"
    assert len(replies) == 4


def test_what_check_raises_ends_the_calls_and_is_passed_on() -> None:
    began = time.monotonic()

    def check() -> None:
        if seconds(began) > 0.5:
            raise Cancelled("The run was cancelled.")

    with serve(Profile(ttft=20.0, ttft_sigma=0.0)) as server:
        with pytest.raises(Cancelled):
            list(gateway.ask(model(server), requests(4), check=check))
        time.sleep(0.3)
        assert server.in_flight == 0
    assert seconds(began) < 5


def test_closing_the_iterator_ends_the_calls() -> None:
    with serve(Profile(ttft=0.05, itl=0.0, tokens=5, slow=0.6, slow_factor=400)) as server:
        replies = gateway.ask(model(server), requests(10), slots=10)
        next(replies)
        replies.close()
        time.sleep(0.3)
        assert server.in_flight == 0


def test_no_requests_no_replies() -> None:
    assert list(gateway.ask(gateway.build(ModelSettings(), str), [])) == []


def test_a_forked_child_has_calls_of_its_own() -> None:
    with serve(QUICK) as server:
        calling = model(server)
        assert len(list(gateway.ask(calling, requests(2)))) == 2
        child = os.fork()
        if not child:
            done = [reply.error for reply in gateway.ask(calling, requests(3))] == ["", "", ""]
            os._exit(0 if done else 1)
        assert os.waitpid(child, 0)[1] == 0
        assert len(list(gateway.ask(calling, requests(2)))) == 2


def test_the_loop_starts_with_the_first_call_and_ends_when_told() -> None:
    names = [thread.name for thread in threading.enumerate()]
    assert "model-calls" not in names
    assert gateway.run(_nothing()) == "nothing"
    assert "model-calls" in [thread.name for thread in threading.enumerate()]
    gateway.shutdown()
    assert "model-calls" not in [thread.name for thread in threading.enumerate()]


async def _nothing() -> str:
    return "nothing"


class Faulty:
    """A layer with a fault of its own."""

    name = "faulty"
    offline = False

    async def stream(self, request: ModelRequest) -> Stream:
        yield [Delta("so")]
        raise KeyError("our own fault")


def test_a_fault_of_ours_is_not_taken_for_a_bad_reply() -> None:
    with pytest.raises(KeyError, match="our own fault"):
        list(gateway.ask(Faulty(), requests(3)))


def test_offline_says_that_there_is_no_model() -> None:
    offline = gateway.build(ModelSettings(), str)
    replies: list[ModelReply] = list(gateway.ask(offline, requests(2)))
    assert offline.offline
    assert {(reply.model, reply.text, reply.error) for reply in replies} == {("offline", "", "model-not-set-up")}
