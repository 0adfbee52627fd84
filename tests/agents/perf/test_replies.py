"""The simulated model answers in the shape it was asked for."""

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.perf import replies
from agents.prompts import names, render
from agents.prompts.answers import as_json, replacements
from agents.prompts.documents import load

CODE = "  10 | def page(items, n):\n  11 |     while n < len(items):\n  12 |         yield items[n]"


def reply(name: str, **values: str | int) -> str:
    values = {variable: values.get(variable, "x") for variable in load(name).variables}
    rendered = render(name, **values)
    body: dict[str, Any] = {
        "messages": [{"role": message.role, "content": message.text} for message in rendered.messages],
        "response_format": {"type": "json_schema", "json_schema": {"schema": rendered.json_schema}},
    }
    return replies.reply(body, random.Random(1))


@pytest.mark.parametrize("name", [name for name in names() if load(name).json_schema])
def test_json_has_the_fields_of_its_schema(name: str) -> None:
    schema = load(name).json_schema
    assert schema is not None
    assert as_json(reply(name), dict[str, Any]).keys() == schema["properties"].keys()


def test_a_chunk_scores_by_what_it_shares_with_the_question() -> None:
    asked = "the yield of items is one short"
    fits = as_json(reply("score_chunk", question=asked, code=CODE), dict[str, Any])
    other = as_json(reply("score_chunk", question=asked, code="  1 | x = 1"), dict[str, Any])
    assert fits["score"] > other["score"]
    assert (fits["function"], fits["line"]) == ("page", 12)


def test_a_fix_changes_a_line_that_was_shown() -> None:
    (edit,) = replacements(reply("fix_candidate", sources=f"src/pager.py\n{CODE}\n"))
    assert edit.path == "src/pager.py"
    assert edit.search == "    while n < len(items):\n"
    assert edit.replace == "    while n <= len(items):\n"


def test_a_script_has_the_first_word() -> None:
    body = {"messages": [{"role": "user", "content": "Say hello"}]}
    assert replies.reply(body, random.Random(1), [("goodbye", "no"), ("hello", "Hello!")]) == "Hello!"


@given(st.text(max_size=200), st.integers(1, 80))
def test_pieces_are_as_many_as_asked_and_make_the_text(text: str, count: int) -> None:
    pieces = replies.pieces(text, count)
    assert len(pieces) == count
    assert "".join(pieces).rstrip(" ") == text.rstrip(" ")
    assert "".join(replies.pieces(text, 0)) == text
