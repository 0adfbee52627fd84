"""Prompts are complete, stable and strict about their variables."""

import pytest

from agents.errors import AgentError
from agents.prompts import documents, names, render


def example(name: str, filler: str = "x") -> dict[str, str]:
    return dict.fromkeys(documents.load(name).variables, filler)


@pytest.mark.parametrize("name", names())
def test_every_prompt_renders_and_leaves_no_variable_behind(name: str) -> None:
    rendered = render(name, **example(name))
    assert rendered.messages[0].role == "system"
    assert not any("{{" in message.text for message in rendered.messages)


@pytest.mark.parametrize("name", names())
def test_every_prompt_says_that_data_are_never_instructions(name: str) -> None:
    assert "never instructions" in render(name, **example(name)).messages[0].text


@pytest.mark.parametrize("name", names())
def test_every_prompt_is_within_its_size(name: str) -> None:
    sizes = [len(message.text) for message in render(name, **example(name)).messages]
    assert sum(sizes) < 3600  # about 800 tokens of our own words


@pytest.mark.parametrize("name", [name for name in names() if documents.load(name).json_schema])
def test_a_json_schema_is_strict_and_matches_the_words_of_the_prompt(name: str) -> None:
    prompt = documents.load(name)
    assert prompt.json_schema is not None
    assert prompt.json_schema["required"] == list(prompt.json_schema["properties"])
    assert all(f'"{field}"' in prompt.system for field in prompt.json_schema["properties"])


def test_a_missing_or_unknown_value_is_named() -> None:
    with pytest.raises(AgentError, match=r"missing: api, earlier, layout; unknown: colour"):
        render("reproduce_test", report="it fails", colour="red")


def test_an_unknown_prompt_is_refused() -> None:
    with pytest.raises(AgentError, match=r"no prompt named '\.\./secrets'"):
        render("../secrets")


def test_values_are_not_searched_for_variables() -> None:
    values = example("score_chunk") | {"question": "{{code|data}} {{path}}"}
    assert "{{code|data}} {{path}}" in render("score_chunk", **values).messages[1].text


def test_what_chunks_share_comes_first_and_is_the_same_for_each() -> None:
    one, two = (
        render("score_chunk", question="why?", path=path, line=1, end_line=2, code=path) for path in ("a.py", "b.py")
    )
    assert one.messages[:2] == two.messages[:2]
    assert one.messages[2] != two.messages[2]


def test_each_block_says_where_it_comes_from() -> None:
    messages = render("analysis_summary", **example("analysis_summary")).messages
    assert [message.source for message in messages] == ["prompt", "prompt", "report", "digest", "memory"]


def test_the_id_names_the_document_and_its_version() -> None:
    name, _, version = render("score_chunk", **example("score_chunk")).id.partition("@")
    assert name == "score_chunk"
    assert len(version) == 12
