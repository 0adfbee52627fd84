"""Requests in the dialect each server understands."""

from agents.context import Message, ModelRequest
from agents.llm.dialect import Dialect, messages
from tests.agents.llm.wire import request


def test_neighbours_of_one_role_become_one_message() -> None:
    said = [("system", "a"), ("user", "b"), ("user", "c"), ("assistant", "d")]
    asked = ModelRequest(key="k", purpose="p", messages=tuple(Message(role=role, text=text) for role, text in said))  # type: ignore[arg-type]
    assert [message["content"] for message in messages(asked)] == ["a", "b\n\nc", "d"]


def test_json_is_asked_for_by_its_schema() -> None:
    body = Dialect().body(request(json_schema={"type": "object"}), "m")
    assert body["response_format"]["json_schema"]["schema"] == {"type": "object"}


def test_samples_differ_by_their_seed() -> None:
    bodies = [Dialect().body(request(sample=sample), "m") for sample in (0, 1, 2)]
    assert [body.get("seed") for body in bodies] == [None, 1, 2]


def test_what_was_refused_is_not_sent_again() -> None:
    dialect = Dialect()
    asked = request(json_schema={"type": "object"})
    body = dialect.body(asked, "m")
    assert dialect.learns(body, "response_format.type", "not supported")
    assert dialect.learns(body, "", "Unknown field: stream_options")
    assert {"response_format", "stream_options"}.isdisjoint(dialect.body(asked, "m"))


def test_what_must_be_sent_cannot_be_refused() -> None:
    dialect = Dialect()
    assert not dialect.learns(dialect.body(request(), "m"), "messages", "messages: too many; model: unknown")


def test_a_lone_surrogate_does_not_keep_a_request_from_being_sent() -> None:
    assert messages(request(text="a\ud800"))[0]["content"] == "a?"


def test_a_model_that_thinks_is_given_room_to_think() -> None:
    dialect = Dialect()
    dialect.learns(dialect.body(request(max_tokens=400), "m"), "max_tokens", "Use 'max_completion_tokens' instead.")
    body = dialect.body(request(max_tokens=400), "m")
    assert body["max_completion_tokens"] > 4000
    assert "max_tokens" not in body
