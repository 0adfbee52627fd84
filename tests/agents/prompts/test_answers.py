"""What models answer is read when it is recognisable and refused when it is not."""

import time
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.errors import Garbled
from agents.prompts.answers import Replacement, as_json, code, replacements


@dataclass(frozen=True)
class Scored:
    score: float
    line: int = 0


@pytest.mark.parametrize(
    "text",
    [
        '{"score": 0.5, "line": 3}',
        'Sure! Here it is:\n```json\n{"score": 0.5, "line": 3}\n```\nHope this helps {really}.',
        '<think>maybe {"score": 1.0}?</think>\n{"score": "0.5", "line": 3, "more": []}',
        'The form is {"score": ...}. {"score": 0.5, "line": 3}',
    ],
)
def test_json_is_found_whatever_stands_around_it(text: str) -> None:
    assert as_json(text, Scored) == Scored(score=0.5, line=3)


@pytest.mark.parametrize(
    "text",
    ["", "no", "{", '{"score": NaN}', '{"score": "high"}', '["score"]', '{"score": 0.5', "{" * 5000, '{"a":' * 5000],
)
def test_what_is_not_the_json_that_was_asked_for_is_garbled(text: str) -> None:
    with pytest.raises(Garbled, match="not the JSON that was asked for"):
        as_json(text, Scored)


@given(st.text())
def test_any_text_is_read_or_garbled(text: str) -> None:
    for reader in (lambda t: as_json(t, Scored), code, replacements):
        try:
            reader(text)
        except Garbled:
            continue


def test_the_longest_python_block_is_the_code() -> None:
    text = "Run it:\n```shell\npytest -x --with-many-options\n```\n```python\ndef test_a():\n    assert f() == 1\n```\n"
    assert code(text) == "def test_a():\n    assert f() == 1\n"


def test_prose_is_no_code() -> None:
    with pytest.raises(Garbled):
        code("cannot reproduce: no input is given")


def test_edits_are_read_in_order_with_their_paths() -> None:
    text = (
        "The bound is off.\n\n`src/a.py`\n<<<<<<< SEARCH\n  x < 1\n=======\n  x <= 1\n>>>>>>> REPLACE\n\n"
        "**b.py**\n```python\n<<<<<<< SEARCH\ny\n=======\n>>>>>>> REPLACE\n```\n"
    )
    assert replacements(text) == (
        Replacement(path="src/a.py", search="  x < 1\n", replace="  x <= 1\n"),
        Replacement(path="b.py", search="y\n", replace=""),
    )


def test_an_edit_that_was_cut_short_is_garbled() -> None:
    with pytest.raises(Garbled, match="complete search and replace"):
        replacements("a.py\n<<<<<<< SEARCH\nx\n=======\ny\n")


def test_a_block_without_a_path_goes_to_the_file_before_it() -> None:
    block = "<<<<<<< SEARCH\n{0}\n=======\n{0}{0}\n>>>>>>> REPLACE\n"
    text = f"### src/a.py:\n{block.format('x')}\nThe second place needs the same change:\n\n{block.format('y')}"
    assert [(edit.path, edit.search) for edit in replacements(text)] == [("src/a.py", "x\n"), ("src/a.py", "y\n")]


def test_a_block_that_runs_into_the_next_is_not_taken() -> None:
    text = "a.py\n<<<<<<< SEARCH\nx\n=======\ny\na.py\n<<<<<<< SEARCH\nv\n=======\nw\n>>>>>>> REPLACE\n"
    with pytest.raises(Garbled):
        replacements(text)


def test_a_rule_of_other_length_is_part_of_the_code() -> None:
    text = "a.py\n<<<<<<< SEARCH\nTitle\n=====\n=======\nName\n=====\n>>>>>>> REPLACE\n"
    assert replacements(text)[0].search == "Title\n=====\n"


@pytest.mark.parametrize(
    "line",
    [
        "x" + " " * 100_000 + "y\n",
        "." * 100_000 + " y\n",
        "a.py\n<<<<<<< SEARCH\n" * 50_000,
        "```python\n" * 100_000,
        "{" * 1_000_000,
    ],
)
def test_text_made_to_be_slow_is_read_quickly(line: str) -> None:
    began = time.process_time()
    for reader in (lambda text: as_json(text, Scored), code, replacements):
        with pytest.raises(Garbled):
            reader(line)
    assert time.process_time() - began < 2
