"""What a report leaves out is asked for, best question first, and never what it already says."""

from agents.logs.completeness import Told, assess, questions
from agents.report import Claim, Comment, Report, Snippet, Symptom
from agents.results import Coverage


def told(text: str, symptom: Symptom | None = None, comments: tuple[Comment, ...] = ()) -> Told:
    return assess(Report(title="", text=text, comments=comments), symptom or Symptom())


def asked(text: str, symptom: Symptom | None = None) -> list[str]:
    return [missing.question for missing in questions(told(text, symptom), symptom or Symptom(), None)]


FULL = Symptom(
    exception="KeyError",
    version="1.2",
    claims=(Claim(expected="1", observed="2"),),
    snippets=(Snippet(kind="python", text="f()"),),
)


def test_a_full_report_is_asked_nothing() -> None:
    assert asked("I expected 1 on Python 3.11, Linux.", FULL) == []


def test_an_empty_report_is_asked_what_happens_first() -> None:
    assert asked("")[0] == "What exactly happens?"


def test_steps_are_heard_without_a_heading() -> None:
    assert told("When I click on save after upgrading, it crashes.").steps
    assert told("1. open it\n2. close it").steps
    assert not told("The total is wrong.").steps


def test_a_comment_counts_as_told() -> None:
    assert told("It fails.", comments=(Comment(author="a", text="I expected 3 on Ubuntu"),)).environment


def test_an_untouched_template_is_seen() -> None:
    text = "**Describe the bug**\nA clear and concise description of what the bug is.\n"
    text += "\n**To reproduce**\n1. Go to '...'\n"
    assert told(text + "2. Click on '....'\n").placeholder
    assert not told("**Describe the bug**\nThe parser drops the last row of every table.\n").placeholder


def test_what_comes_and_goes_is_asked_how_often() -> None:
    wanted = asked("It sometimes fails when I run it.", Symptom(intermittent=True))
    assert "How often does it happen, and under which conditions?" in wanted


def test_a_log_that_rolled_over_is_asked_for_first() -> None:
    coverage = Coverage(verdict="rolled_over", detail="app.log starts late.")
    first = questions(told("It failed."), Symptom(), coverage)[0]
    assert (first.why, "rolled over" in first.question) == ("app.log starts late.", True)


def test_at_most_five_questions_are_asked() -> None:
    coverage = Coverage(verdict="gap", detail="")
    assert len(questions(told(""), Symptom(intermittent=True), coverage)) == 5
