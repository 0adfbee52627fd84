"""Whatever a server sends, over a real socket: a reply, or a sentence that says what happened and what to do."""

import gzip
import itertools
import json
import time

import pytest

from tests.agents.llm.wire import DONE, answering, ask, event, head, refusal, says, seconds

GOOD = [head(), says("Be"), says("cause", "stop"), DONE]


def test_a_stream_becomes_a_reply() -> None:
    usage = {"prompt_tokens": 12, "completion_tokens": 3, "prompt_tokens_details": {"cached_tokens": 8}}
    with answering([*GOOD[:3], event({"choices": [], "usage": usage}), DONE]) as server:
        reply = ask(server.url)
    assert (reply.text, reply.finish_reason, reply.error) == ("Because", "stop", "")
    assert (reply.tokens_in, reply.tokens_out, reply.tokens_cached) == (12, 3, 8)
    assert 0 < reply.ttft_ms <= reply.latency_ms


def test_bytes_may_be_cut_anywhere() -> None:
    stream = b"".join([says("naïve "), says("漢字🐍", "stop"), DONE])
    with answering([head(), (stream[at : at + 1] for at in range(len(stream)))]) as server:
        assert ask(server.url).text == "naïve 漢字🐍"


def test_a_server_that_does_not_stream_is_read_as_well() -> None:
    whole = {"choices": [{"message": {"content": "All at once"}, "finish_reason": "stop"}]}
    with answering([head(kind="application/json"), json.dumps(whole).encode()]) as server:
        assert ask(server.url).text == "All at once"


def test_text_in_parts_is_joined() -> None:
    parts = [{"type": "text", "text": "a"}, {"type": "image"}, {"type": "text", "text": "b"}]
    with answering([head(), event({"choices": [{"delta": {"content": parts}}]}), DONE]) as server:
        assert ask(server.url).text == "ab"


def test_what_follows_the_end_is_not_waited_for() -> None:
    began = time.monotonic()
    with answering([*GOOD, 30.0]) as server:
        assert ask(server.url).text == "Because"
    assert seconds(began) < 5


def test_an_answer_that_says_it_is_finished_needs_no_done() -> None:
    with answering(GOOD[:3]) as server:
        assert ask(server.url).text == "Because"


def test_silence_after_the_finish_is_an_end() -> None:
    with answering([*GOOD[:3], 30.0]) as server:
        reply = ask(server.url, between_s=0.3)
    assert (reply.text, reply.error) == ("Because", "")


def test_an_end_without_a_finish_is_no_end() -> None:
    with answering(GOOD[:2]) as server:
        reply = ask(server.url)
    assert (reply.error, reply.text) == ("model-dropped", "Be")
    assert "before it was finished" in reply.error_text


def test_a_connection_cut_in_mid_answer_is_told() -> None:
    chunked = head("200 OK", "text/event-stream", "Transfer-Encoding: chunked")
    with answering([chunked, b"100\r\n", says("Be")]) as server:
        assert ask(server.url).error == "model-dropped"


def test_nobody_listening_is_told_with_what_to_check() -> None:
    reply = ask("http://127.0.0.1:9/v1")
    assert reply.error == "model-unavailable"
    assert "cannot be reached" in reply.error_text
    assert "OPENAI_BASE_URL" in reply.error_text


def test_a_server_that_never_begins_is_not_waited_for() -> None:
    began = time.monotonic()
    with answering([30.0]) as server:
        reply = ask(server.url, first_token_s=0.3)
    assert reply.error == "model-stalled"
    assert seconds(began) < 5


def test_a_server_that_falls_silent_is_not_waited_for() -> None:
    with answering([*GOOD[:2], 30.0]) as server:
        reply = ask(server.url, between_s=0.3)
    assert (reply.error, reply.text) == ("model-stalled", "Be")


def test_comments_do_not_break_a_silence() -> None:
    pings = itertools.chain.from_iterable((b": ping\n\n", 0.05) for _ in range(200))
    with answering([head(), says("Be"), *pings]) as server:
        assert ask(server.url, between_s=0.4).error == "model-stalled"


def test_a_model_may_think_longer_than_it_may_pause() -> None:
    thinking = event({"choices": [{"delta": {"role": "assistant", "content": ""}}]})
    with answering([head(), thinking, 0.6, *GOOD[1:]]) as server:
        assert ask(server.url, between_s=0.3).text == "Because"


def test_an_error_in_mid_stream_is_an_error() -> None:
    with answering([*GOOD[:2], event({"error": {"message": "CUDA out of memory", "code": 500}}), DONE]) as server:
        reply = ask(server.url)
    assert reply.error == "model-server-failed"
    assert "CUDA out of memory" in reply.error_text


@pytest.mark.parametrize(
    "garbage",
    [
        b"data: {\xff\xfe\n\n",
        b'data: {"choices": "none"}\n\n',
        b'data: {"choices": [{"delta": 5}]}\n\n',
        b"data: " + b"[" * 100_000 + b"\n\n",
        b"data: null\n\n",
        b"data: <html>\n\n",
    ],
)
def test_garbage_in_mid_stream_is_garbled(garbage: bytes) -> None:
    with answering([*GOOD[:2], garbage, DONE]) as server:
        reply = ask(server.url)
    assert (reply.error, reply.text) == ("model-garbled", "Be")


@pytest.mark.parametrize(
    "answer",
    [
        [head(kind="text/html"), b"<html><title>Welcome to nginx</title></html>"],
        [head(kind="application/json"), b'{"status": "ok"}'],
        [head(kind="application/json"), b"<html>"],
        [head()],
        [head(), DONE],
        [head("200 OK", "text/event-stream", "Content-Encoding: gzip"), gzip.compress(b"data: {}\n\n")],
    ],
)
def test_an_answer_without_a_completion_is_garbled(answer: list[bytes]) -> None:
    with answering(answer) as server:
        assert ask(server.url).error == "model-garbled"


def test_a_line_without_end_is_given_up() -> None:
    with answering([head(), b"data: ", itertools.repeat(b"x" * 65536)]) as server:
        reply = ask(server.url)
    assert reply.error == "model-garbled"
    assert "10 MB" in reply.error_text


def test_an_answer_without_end_is_given_up() -> None:
    with answering([head(), itertools.repeat(event({"choices": [], "padding": "x" * 65536}))]) as server:
        reply = ask(server.url)
    assert reply.error == "model-garbled"
    assert "32 MB" in reply.error_text


def test_what_is_not_http_is_told() -> None:
    with answering([b"SSH-2.0-OpenSSH_9.2p1 Debian\r\n"]) as server:
        assert ask(server.url).error == "model-unavailable"


@pytest.mark.parametrize(
    "usage",
    [
        {"prompt_tokens": -5, "completion_tokens": "many"},
        {"prompt_tokens": 1e30, "completion_tokens": None, "prompt_tokens_details": 7},
        "free of charge",
        [1, 2],
    ],
)
def test_counts_that_make_no_sense_are_estimated(usage: object) -> None:
    with answering([*GOOD[:3], event({"choices": [], "usage": usage}), DONE]) as server:
        reply = ask(server.url)
    assert (reply.error, reply.tokens_in, reply.tokens_out) == ("", 1, 2)


def test_a_nul_in_an_answer_can_be_stored() -> None:
    with answering([head(), says("a\0b", "stop"), DONE]) as server:
        assert ask(server.url).text == "a\ufffdb"


@pytest.mark.parametrize(
    "status, error, slug",
    [
        ("401 Unauthorized", {"error": {"message": "Incorrect API key"}}, "model-bad-key"),
        ("403 Forbidden", {"error": "country not supported"}, "model-refused"),
        ("404 Not Found", {"detail": "Not Found"}, "model-refused"),
        ("302 Found", {}, "model-refused"),
        ("400 Bad Request", {"error": {"code": "context_length_exceeded", "message": "m"}}, "model-context-too-long"),
        ("400 Bad Request", {"error": {"message": "maximum context length is 4096"}}, "model-context-too-long"),
        ("413 Payload Too Large", "too large", "model-context-too-long"),
        ("429 Too Many Requests", {"error": {"code": "insufficient_quota", "message": "pay"}}, "model-quota"),
        ("500 Internal Server Error", "boom", "model-server-failed"),
        ("503 Service Unavailable", None, "model-server-failed"),
    ],
)
def test_each_refusal_has_its_slug_and_its_words(status: str, error: object, slug: str) -> None:
    with answering(refusal(status, error)) as server:
        reply = ask(server.url)
    assert reply.error == slug
    assert f"answered {status[:3]}" in reply.error_text
    assert "Location" not in reply.error_text


def test_an_endless_error_is_cut_short() -> None:
    began = time.monotonic()
    with answering([head("500 Oops", "text/plain"), itertools.repeat(b"x" * 65536)]) as server:
        reply = ask(server.url, first_token_s=20.0)
    assert reply.error == "model-server-failed"
    assert len(reply.error_text) < 1000
    assert seconds(began) < 10


def test_a_key_that_cannot_be_sent_is_told_without_showing_it() -> None:
    reply = ask("http://127.0.0.1:9/v1", api_key="sk-geheim-ü\n")
    assert reply.error == "model-refused"
    assert "OPENAI_API_KEY" in reply.error_text
    assert "geheim" not in reply.error_text


@pytest.mark.parametrize("url", ["http://[::1/v1", "nonsense", "ftp://127.0.0.1/v1"])
def test_an_address_that_is_none_is_told(url: str) -> None:
    reply = ask(url)
    assert reply.error in ("model-refused", "model-unavailable")
    assert "OPENAI_BASE_URL" in reply.error_text


def test_a_parameter_the_server_does_not_know_is_left_out_from_then_on() -> None:
    unknown = refusal(
        "400 Bad Request",
        {
            "error": {
                "message": "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens'.",
                "param": "max_tokens",
            }
        },
    )
    with answering(unknown, GOOD) as server:
        assert ask(server.url).text == "Because"
    assert [("max_tokens" in sent, "max_completion_tokens" in sent) for sent in server.requests] == [
        (True, False),
        (False, True),
    ]


def test_a_refusal_that_names_nothing_is_not_repeated() -> None:
    with answering(refusal("400 Bad Request", {"error": {"message": "The conversation is empty."}})) as server:
        assert ask(server.url).error == "model-refused"
    assert len(server.requests) == 1


def test_the_key_is_sent_as_a_bearer_token() -> None:
    with answering(GOOD) as server:
        ask(server.url, api_key="sk-test")
    assert b"authorization: bearer sk-test" in server.heads[0].lower()
