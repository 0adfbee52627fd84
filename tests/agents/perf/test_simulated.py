"""The simulated server speaks the API, on the loopback address only."""

import json
import urllib.request
from typing import Any
from urllib.error import HTTPError

import pytest

from agents.perf.profile import Profile
from agents.perf.simulated import Server, serve

QUICK = Profile(ttft=0.0, itl=0.0)


def post(server: Server, **body: Any) -> Any:
    sent = {"model": "sim", "messages": [{"role": "user", "content": "Why?"}], **body}
    asked = urllib.request.Request(f"{server.url}/chat/completions", json.dumps(sent).encode())
    return urllib.request.urlopen(asked, timeout=10)


def test_it_streams_events_to_the_end() -> None:
    with serve(QUICK) as server, post(server, stream=True, stream_options={"include_usage": True}) as answer:
        events = [line[6:] for line in answer.read().decode().splitlines() if line]
    *chunks, usage, done = events
    assert done == "[DONE]"
    assert json.loads(usage)["usage"]["completion_tokens"] == len(chunks) - 1
    assert json.loads(chunks[-1])["choices"][0]["finish_reason"] == "stop"


def test_it_answers_whole_when_no_stream_is_asked_for() -> None:
    with serve(QUICK, [("Why", "Because.")]) as server, post(server) as answer:
        assert json.load(answer)["choices"][0]["message"]["content"] == "Because."


def test_it_stops_at_the_limit_and_says_so() -> None:
    with serve(QUICK) as server, post(server, max_tokens=3) as answer:
        assert json.load(answer)["choices"][0]["finish_reason"] == "length"


@pytest.mark.parametrize(
    "profile, status, header",
    [
        (Profile(limited=1.0), 429, "0.2"),
        (Profile(limited=1.0, retry_after=-1.0), 429, None),
        (Profile(failed=1.0), 500, None),
    ],
)
def test_its_refusals_have_their_status(profile: Profile, status: int, header: str | None) -> None:
    with serve(profile) as server, pytest.raises(HTTPError) as refused:
        post(server)
    assert (refused.value.code, refused.value.headers.get("Retry-After")) == (status, header)
    refused.value.close()


def test_the_same_request_may_fare_better_the_next_time() -> None:
    with serve(Profile(ttft=0.0, itl=0.0, failed=0.5)) as server:
        for _ in range(12):
            try:
                post(server).close()
            except HTTPError as refused:
                refused.close()
        assert set(server.faults) == {"", "failed"}


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"[]", b'{"model": 5, "messages": 7}', b'{"model": "m", "messages": [1]}']
)
def test_a_request_it_cannot_read_is_refused(body: bytes) -> None:
    with serve(QUICK) as server, pytest.raises(HTTPError) as refused:
        urllib.request.urlopen(f"{server.url}/chat/completions", body, timeout=10)
    assert refused.value.code == 400
    refused.value.close()


def test_it_names_its_model() -> None:
    with serve(QUICK) as server, urllib.request.urlopen(f"{server.url}/models", timeout=10) as answer:
        assert server.url.startswith("http://127.0.0.1:")
        assert json.load(answer)["data"][0]["id"] == "simulated"
