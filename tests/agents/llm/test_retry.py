"""Failed calls are tried again when that makes sense, as often as it makes sense, when the server wants them."""

import time

import pytest

from agents.context import CallNotice, ModelRequest
from agents.llm import gateway
from agents.llm.settings import ModelSettings
from tests.agents.llm.wire import DONE, answering, ask, head, refusal, request, says, seconds

GOOD = [head(), says("Be"), says("cause", "stop"), DONE]
BUSY = refusal("429 Too Many Requests", {"error": {"message": "slow down"}})


@pytest.mark.parametrize(
    "bad",
    [
        pytest.param(refusal("500 Oops", "boom"), id="500"),
        pytest.param(BUSY, id="429"),
        pytest.param(GOOD[:2], id="no end"),
        pytest.param([], id="hung up"),
        pytest.param([*GOOD[:2], b"data: {garbage\n\n"], id="garbage"),
        pytest.param([*GOOD[:2], 3.0], id="stalled"),
    ],
)
def test_what_may_pass_is_tried_again(bad: list[bytes]) -> None:
    with answering(bad, GOOD) as server:
        reply = ask(server.url, attempts=2, between_s=0.3)
    assert (reply.text, reply.error, reply.attempts) == ("Because", "", 2)


@pytest.mark.parametrize("status", ["400 Bad Request", "401 Unauthorized", "403 Forbidden", "404 Not Found"])
def test_what_will_not_pass_is_tried_once(status: str) -> None:
    with answering(refusal(status, {"error": "no"})) as server:
        reply = ask(server.url, attempts=5)
    assert (len(server.requests), reply.attempts) == (1, 1)


def test_attempts_have_an_end() -> None:
    with answering(refusal("500 Oops", "boom")) as server:
        reply = ask(server.url, attempts=3)
    assert (len(server.requests), reply.attempts, reply.error) == (3, 3, "model-server-failed")


def test_a_call_has_an_end_however_slowly_it_drips() -> None:
    began = time.monotonic()
    drip = [step for _ in range(100) for step in (says("a"), 0.05)]
    with answering([head(), *drip]) as server:
        reply = ask(server.url, attempts=5, call_s=0.5)
    assert reply.error == "model-stalled"
    assert "within 0 s" in reply.error_text or "within 1 s" in reply.error_text
    assert seconds(began) < 3


@pytest.mark.parametrize("header", ["Retry-After: 0.6", "Retry-After-Ms: 600"])
def test_the_server_says_when_to_come_back(header: str) -> None:
    began = time.monotonic()
    with answering(refusal("429 Too Many Requests", "later", header), GOOD) as server:
        assert ask(server.url).text == "Because"
    assert 0.6 <= seconds(began) < 5


def test_a_server_that_says_to_come_back_after_the_end_of_the_call_is_not_waited_for() -> None:
    with answering(refusal("429 Too Many Requests", "later", "Retry-After: 86400")) as server:
        assert ask(server.url, attempts=9, call_s=5.0).error == "model-rate-limited"


def test_a_rate_limit_slows_the_other_calls_too() -> None:
    limited = refusal("429 Too Many Requests", "later", "Retry-After: 0.7")
    with answering(limited, GOOD) as server:
        model = gateway.build(ModelSettings(base_url=server.url, model="m"), str)
        began = time.monotonic()
        replies = list(gateway.ask(model, [request("one"), request("two", "Else?")], slots=1))
    assert [reply.error for reply in replies] == ["", ""]
    assert seconds(began) >= 0.7


def test_a_retry_is_told_and_the_text_goes_on() -> None:
    told: list[tuple[int, str]] = []
    notices: list[CallNotice] = []
    with answering(GOOD[:2], GOOD) as server:
        model = gateway.build(ModelSettings(base_url=server.url, model="m"), str)
        list(
            gateway.ask(
                model,
                [request()],
                on_delta=lambda _, offset, text: told.append((offset, text)),
                on_notice=lambda _, notice: notices.append(notice),
            )
        )
    assert told == [(0, "Be"), (2, "cause")]
    assert [notice.kind for notice in notices] == ["retry"]
    assert "before it was finished" in notices[0].detail


def test_a_server_in_trouble_is_not_asked_five_times_by_everybody() -> None:
    with answering(refusal("500 Oops", "boom")) as server:
        model = gateway.build(ModelSettings(base_url=server.url, model="m"), str)
        requests: list[ModelRequest] = [request(f"{n}", f"Why {n}?") for n in range(40)]
        assert all(reply.error for reply in gateway.ask(model, requests, slots=40))
    assert len(server.requests) <= 40 + 20 + 8
