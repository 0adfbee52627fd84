import pytest

from agents.localization.scatter import Answer, judged, numbered, symbol
from agents.results import Chunk

CHUNK = Chunk(
    key="k", index=0, path="a.py", line=9, end_line=11, text="def f():\n    return 1\n", symbols=("f", "A.run", "A")
)


def test_lines_are_numbered_as_in_the_file():
    assert numbered(CHUNK).splitlines()[:2] == [" 9  def f():", "10      return 1"]


def test_an_answer_is_taken_as_it_is():
    score = judged(CHUNK, Answer(score=0.7, function="f", line=10, reason="off by one"), "tiny", 1.5)
    assert (score.score, score.function, score.line, score.scorer, score.error) == (0.7, "f", 10, "tiny", "")


def test_a_line_outside_the_chunk_is_dropped():
    assert judged(CHUNK, Answer(score=0.7, line=99), "tiny").line == 0


def test_a_function_that_is_not_there_is_dropped():
    assert judged(CHUNK, Answer(score=0.7, function="os.system"), "tiny").function == ""


@pytest.mark.parametrize("said", ["run", "run()", "A.run", "self.run"])
def test_a_method_may_be_named_loosely(said):
    assert symbol(CHUNK, said) == "A.run"


@pytest.mark.parametrize("score", [-0.1, 1.5, float("nan")])
def test_a_score_out_of_range_is_an_error(score):
    assert judged(CHUNK, Answer(score=score), "tiny").error == "model-garbled"
