"""What a report says went wrong is read from its sentences, headings, blocks and traces."""

from agents.report import Claim
from tests.agents.reproduction.samples import told

TRACE = (
    '```\nTraceback (most recent call last):\n  File "x.py", line 2, in f\n    g()\ncoins.SplitError: no parts\n```\n'
)


def test_a_traceback_gives_exception_message_and_frames() -> None:
    found = told(f"I ran it:\n{TRACE}")
    assert (found.exception, found.message) == ("coins.SplitError", "no parts")
    assert [frame.function for frame in found.frames] == ["f"]


def test_an_exception_may_be_named_in_a_sentence() -> None:
    found = told("Calling it raises `ValueError: bad parts` since 1.2.")
    assert (found.exception, found.message) == ("ValueError", "bad parts")


def test_an_abbreviated_traceback_still_names_its_exception() -> None:
    found = told("Actual:\n```text\nx = 1\nTraceback ...\ncoins.SplitError: no parts\n```")
    assert (found.exception, found.message) == ("coins.SplitError", "no parts")


def test_an_exception_that_should_be_raised_is_not_the_symptom() -> None:
    found = told("`split(9, 0)` should raise ValueError, but it returns an empty list.")
    assert (found.exception, found.should_raise) == ("", "ValueError")


def test_headed_sections_hold_expected_and_observed() -> None:
    found = told("### Expected behavior\n`[5, 4]`\n\n### Actual behavior\n`[4, 4]`\n\n### Environment\nLinux")
    assert (found.expected, found.observed) == ("`[5, 4]`", "`[4, 4]`")
    assert found.claims[0] == Claim(expected="[5, 4]", observed="[4, 4]", firm=True)


def test_a_sentence_may_make_the_claim() -> None:
    assert Claim(expected="3", observed="2") in told("`half_up(2.5)` returns 2 instead of 3.").claims


def test_bold_labels_on_one_line_hold_the_claim() -> None:
    found = told("**Expected output (v1.1):** `parts: 2`\n\n**Actual output (v1.2):** `parts: 1`")
    assert found.claims[0] == Claim(expected="parts: 2", observed="parts: 1", firm=True)


def test_what_is_called_correct_is_expected() -> None:
    found = told("Output of this snippet is `344`, but it seems that `345` is correct.")
    assert Claim(expected="345", observed="344") in found.claims


def test_words_between_two_code_spans_are_no_value() -> None:
    found = told("`iterate` should return `split` and not stop.")
    assert all("should" not in claim.observed + claim.expected for claim in found.claims)


def test_the_version_is_the_projects_not_pythons() -> None:
    assert told("Python version: 3.11.4\ncoins version: 1.4.2").version == "1.4.2"
    assert told("coins 1.4.2, Python 3.12.1 on Linux").version == "1.4.2"
    assert told("Runs on Python 3.12.1 only").version == ""


def test_tests_are_named_in_many_ways() -> None:
    found = told("FAILED tests/test_core.py::test_split[9-2] and\nFAIL: test_half (tests.test_core.TestHalf)")
    assert "tests/test_core.py::test_split[9-2]" in found.test_ids
    assert "tests.test_core.TestHalf.test_half" in found.test_ids


def test_commands_in_the_text_count() -> None:
    assert told("Run `python -m coins 9 2` to see it.").commands == ("python -m coins 9 2",)


def test_moods_are_heard() -> None:
    assert told("It sometimes fails.").intermittent
    assert told("The parser hangs on this input.").hangs
    assert not told("It fails every time.").intermittent


def test_comments_are_read_too() -> None:
    found = told("It fails for me.", comments=(f"Same here:\n{TRACE}",))
    assert found.exception == "coins.SplitError"


def test_an_empty_report_says_nothing() -> None:
    found = told("", title="")
    assert (found.exception, found.snippets, found.claims) == ("", (), ())
