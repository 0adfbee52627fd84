"""The right-reason gate keeps failures that show the report's symptom and refuses all others."""

from dataclasses import replace

import pytest

from agents.report import Claim, Frame, Signature, Snippet, Symptom
from agents.reproduction.gate import fits, same
from agents.reproduction.mask import similarity, template
from agents.results import ReproductionTest

TEST = ReproductionTest(id="test_report.py::test_report", origin="snippet", files={"test_report.py": ""})
CLAIM = replace(TEST, id="test_report_snippet_1_claim_1.py::test_report")
INNER = Frame(path="coins/core.py", line=14, function="Splitter.split")
OUTER = Frame(path="test_report.py", line=3, function="test_report")
RAISED = Signature(exception="coins.SplitError", message="", raw="cannot split 9 into 0 parts", frames=(INNER, OUTER))
SAID = Symptom(
    exception="SplitError",
    message="cannot split 7 into 0 parts",
    frames=(Frame(path="/venv/site-packages/coins/core.py", line=12, function="split"),),
)
WRONG = Symptom(claims=(Claim(expected="3", observed="2"),))
ASSERTED = Signature(
    exception="AssertionError", message="", raw="assert 2 == 3\n +  where 2 = half_up(2.5)", frames=(OUTER,)
)


def test_same_type_same_template_same_place_is_certain() -> None:
    fit = fits(SAID, RAISED, TEST)
    assert (fit.accepted, fit.strength) == (True, 1.0)


def test_another_message_from_the_same_function_is_accepted() -> None:
    assert fits(SAID, replace(RAISED, raw="totally different words here"), TEST).accepted


def test_another_message_from_another_place_is_refused() -> None:
    elsewhere = replace(
        RAISED, raw="totally different words here", frames=(Frame(path="coins/io.py", line=1, function="load"),)
    )
    assert not fits(SAID, elsewhere, TEST).accepted


def test_a_builtin_subclass_is_the_type_it_extends() -> None:
    said = Symptom(exception="LookupError")
    assert fits(said, Signature(exception="KeyError", message="", raw="'x'", frames=(INNER,)), TEST).accepted
    assert not fits(said, Signature(exception="ValueError", message="", raw="x", frames=(INNER,)), TEST).accepted


@pytest.mark.parametrize("phase", ["setup", "collect", "teardown"])
def test_what_fails_before_the_code_ran_is_refused(phase: str) -> None:
    assert not fits(SAID, replace(RAISED, phase=phase), TEST).accepted  # type: ignore[arg-type]


@pytest.mark.parametrize("exception", ["ImportError", "ModuleNotFoundError", "SyntaxError", "NameError"])
def test_a_test_that_could_not_start_is_refused(exception: str) -> None:
    broken = Signature(exception=exception, message="", raw="No module named 'numpy'", frames=(OUTER,))
    assert not fits(SAID, broken, TEST).accepted
    assert not fits(WRONG, broken, TEST).accepted


def test_a_type_error_of_the_tests_own_is_refused() -> None:
    own = Signature(exception="TypeError", message="", raw="split() missing 1 argument", frames=(OUTER,))
    assert not fits(Symptom(exception="TypeError"), own, TEST).accepted
    assert fits(Symptom(exception="TypeError"), replace(own, frames=(INNER, OUTER)), TEST).accepted


def test_an_import_error_counts_when_it_is_what_is_reported() -> None:
    said = Symptom(exception="ImportError", message="cannot import name 'split' from 'coins'")
    raised = Signature(
        exception="ImportError",
        message="",
        raw="cannot import name 'split' from 'coins' (/x/coins.py)",
        frames=(INNER,),
    )
    assert fits(said, raised, TEST).accepted


def test_a_time_out_counts_only_when_a_hang_is_reported() -> None:
    hung = replace(RAISED, phase="timeout")
    assert not fits(SAID, hung, TEST).accepted
    assert fits(Symptom(hangs=True), hung, TEST).accepted


def test_a_wrong_value_must_be_the_one_the_report_shows() -> None:
    assert fits(WRONG, ASSERTED, TEST).accepted
    assert not fits(WRONG, replace(ASSERTED, raw="assert 7 == 3"), CLAIM).accepted
    assert not fits(WRONG, replace(ASSERTED, raw="assert 22 == 3"), CLAIM).accepted


def test_an_error_is_no_wrong_value() -> None:
    assert not fits(WRONG, RAISED, TEST).accepted


def test_a_models_assertion_needs_a_value_of_the_report() -> None:
    drafted = replace(TEST, origin="model")
    assert not fits(Symptom(expected="It should be right."), ASSERTED, drafted).accepted


def test_two_failures_are_the_same_by_template_or_by_place() -> None:
    assert same(RAISED, replace(RAISED, raw="cannot split 100 into 5 parts", frames=()))
    assert same(RAISED, replace(RAISED, raw="other words"))
    assert not same(RAISED, replace(RAISED, exception="ValueError"))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("no key 'a b' at 0x7f12", "no key 'c' at 0x99"),
        ("bad value 3.5 in /srv/x/y.txt", "bad value -7 in /home/a/b"),
        ('got "x" on 2024-01-01', 'got "long text" on 2023-12-31'),
    ],
)
def test_messages_of_one_raise_have_one_template(one: str, other: str) -> None:
    assert template(one) == template(other)
    assert similarity(one, "completely unrelated sentence of words") < 0.5


def test_an_assertion_of_the_reports_own_code_counts() -> None:
    told = Symptom(claims=(Claim(observed="something else"),))
    assert fits(told, ASSERTED, TEST).accepted
    assert not fits(told, ASSERTED, CLAIM).accepted


SHOWN = Symptom(snippets=(Snippet(kind="session", text=">>> size(1024)  # expected '1K'\n'1024B'"),))


def test_the_wrong_output_a_session_shows_is_recognised() -> None:
    wrong = replace(ASSERTED, raw="assert '1024B' == '1K'\n  - 1K\n  + 1024B")
    assert fits(SHOWN, wrong, CLAIM).accepted


def test_the_value_a_test_asks_for_is_not_taken_for_the_one_it_got() -> None:
    other = replace(ASSERTED, raw="assert '9' == '1024B'")
    assert not fits(SHOWN, other, CLAIM).accepted
