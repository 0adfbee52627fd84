"""Each way to get a test out of a report writes what a maintainer would write."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agents.report import Symptom
from agents.reproduction import command, named, session, snippet, traceback_call
from agents.reproduction.draft import indented, missing_imports
from agents.reproduction.project import Project, survey
from agents.results import ReproductionTest
from tests.agents.reproduction.samples import repository, told

Propose = Callable[[Symptom, Project], Iterator[ReproductionTest]]
SUITE = ("tests/test_core.py::test_split_evenly", "tests/test_core.py::TestHalf::test_half[2.5]")


@pytest.fixture
def coins(tmp_path: Path) -> Project:
    return survey(repository(tmp_path / "repo"), ("",), SUITE)


def bodies(propose: Propose, said: Symptom, project: Project) -> list[str]:
    return ["\n".join(test.files.values()) for test in propose(said, project)]


def test_the_repository_is_surveyed_without_running_it(coins: Project) -> None:
    assert coins.packages == ("coins",)
    assert (coins.names["split"], coins.names["SplitError"]) == ("coins", "coins.core")
    assert coins.scripts == {"coins": "coins.core:split"}


@pytest.mark.parametrize(
    "name", ["tests/test_core.py::TestHalf::test_half", "tests.test_core.TestHalf.test_half", "test_half"]
)
def test_a_named_test_is_found_in_the_suite(coins: Project, name: str) -> None:
    (test,) = named.propose(Symptom(test_ids=(name,)), coins)
    assert (test.id, test.origin) == (SUITE[1], "named")


def test_a_file_alone_names_no_test(coins: Project) -> None:
    assert list(named.propose(Symptom(test_ids=("tests/test_core.py",)), coins)) == []


def test_a_snippet_with_a_traceback_becomes_a_test_that_runs_it(coins: Project) -> None:
    said = told("```python\nfrom coins import split\nsplit(9, 0)\n```\nraises `SplitError: no parts`.")
    assert bodies(snippet.propose, said, coins) == [
        "def test_report():\n    from coins import split\n    split(9, 0)\n"
    ]


def test_imports_a_snippet_leaves_out_are_added(coins: Project) -> None:
    assert missing_imports("x = split(9, 2)\nraise SplitError(math.pi, unknown)", coins) == (
        "from coins.core import SplitError",
        "import math",
        "from coins import split",
    )


def test_a_comment_that_names_the_right_value_becomes_an_assertion(coins: Project) -> None:
    said = told("```python\nfrom coins import split\nprint(split(9, 2))  # prints [4, 4] but should be [5, 4]\n```")
    (body,) = bodies(snippet.propose, said, coins)
    assert body.endswith("    assert str(split(9, 2)) == '[5, 4]'\n")


def test_a_sentence_that_names_the_right_value_becomes_an_assertion(coins: Project) -> None:
    said = told("```python\nfrom coins import split\nsplit(9, 2)\n```\nThis returns `[4, 4]` instead of `[5, 4]`.")
    assert bodies(snippet.propose, said, coins)[0].endswith("    assert split(9, 2) == [5, 4]\n")


def test_expected_output_is_compared_line_by_line(coins: Project) -> None:
    text = "```python\nfrom coins import split\nfor part in split(9, 2):\n    print(part)\n```\n"
    text += "Expected output:\n```\n5\n4\n```\n"
    (body, *_) = bodies(snippet.propose, told(text), coins)
    assert "def test_report(capsys):" in body
    assert "assert printed == ['5', '4']" in body


def test_the_value_in_the_hole_of_an_fstring_makes_the_whole_line(coins: Project) -> None:
    text = "```python\nfrom coins import split\nprint(f'there are {len(split(9, 2))} parts')\n```\n"
    text += "**Expected behavior**\nThe number is `3`\n"
    (body,) = bodies(snippet.propose, told(text), coins)
    assert body.endswith("assert f'there are {len(split(9, 2))} parts' == 'there are 3 parts'\n")


def test_a_claim_that_gives_a_whole_line_finds_its_print(coins: Project) -> None:
    text = "```python\nfrom coins import split\nparts = split(9, 2)\nprint(f'{len(parts)} parts')\nprint('done')\n```\n"
    text += "**Expected output:** `3 parts`\n"
    (body,) = bodies(snippet.propose, told(text), coins)
    assert body.endswith("assert f'{len(parts)} parts' == '3 parts'\n")


def test_a_function_named_like_its_module_is_imported_from_it(coins: Project) -> None:
    assert missing_imports("pprint(Decimal(1))", coins) == ("from decimal import Decimal", "from pprint import pprint")


def test_an_input_that_raises_is_held_to_the_value_it_should_give(coins: Project) -> None:
    text = ">>> split(9, 0)\nTraceback (most recent call last):\n  ...\nSplitError: no\n\nExpected: `[]`"
    (body, *_) = bodies(session.propose, told(text), coins)
    assert body.endswith("assert split(9, 0) == []\n")


def test_what_should_be_raised_is_asked_for(coins: Project) -> None:
    said = told("```python\nimport coins\ncoins.half_up('x')\n```\nshould raise ValueError but returns 0.")
    assert any(
        "with pytest.raises(ValueError):\n        coins.half_up('x')" in body
        for body in bodies(snippet.propose, said, coins)
    )


def test_what_should_be_raised_may_be_raised_by_any_statement(coins: Project) -> None:
    code = "from coins import split\nhalves = split(9, 2)\nprint(halves)"
    said = told(f"`split` should raise `ValueError` here:\n```python\n{code}\n```")
    body = bodies(snippet.propose, said, coins)[-1]
    assert "    with pytest.raises(ValueError):\n        halves = split(9, 2)\n        print(halves)\n" in body


def test_an_error_the_report_expects_comes_before_the_error_it_shows(coins: Project) -> None:
    code = "```python\nfrom coins import split\nsplit(9, 0)\n```\n`ZeroDivisionError: by zero`"
    first = bodies(snippet.propose, told(f"{code}\nI would expect `SplitError: no parts`."), coins)[0]
    assert "    with pytest.raises(SplitError):\n        split(9, 0)\n" in first


def test_an_assertion_of_the_reports_own_comes_first(coins: Project) -> None:
    code = "```python\nfrom coins import split\nprint(split(9, 2))\nassert split(9, 2) == [5, 4]\n```"
    first = bodies(snippet.propose, told(f"{code}\nI expect `[5, 4]`."), coins)[0]
    assert first.endswith("assert split(9, 2) == [5, 4]\n")


def test_classes_and_star_imports_stay_at_module_level(coins: Project) -> None:
    text = "```python\nfrom coins import *\nclass A:\n    x = split(9, 2)\nA().x.gone()\n```\n`AttributeError: no gone`"
    body, script = bodies(snippet.propose, told(text), coins)
    assert body.startswith("from coins import *\nclass A:")
    assert "def test_report():\n    A().x.gone()" in body
    assert "runpy.run_path" in script


def test_a_later_snippet_gets_the_earlier_one_it_builds_on(coins: Project) -> None:
    text = "First:\n```python\nfrom coins import split\nparts = split(9, 3)\n```\nThen:\n```python\n"
    text += "parts.gone()\n```\nAttributeError: gone"
    joined = [test for test in snippet.propose(told(text), coins) if "joined" in test.id]
    assert "parts = split(9, 3)\n    parts.gone()" in "\n".join(joined[0].files.values())


def test_a_pasted_test_is_taken_as_it_is(coins: Project) -> None:
    said = told("```python\ndef test_uneven():\n    assert split(9, 2) == [5, 4]\n```")
    (test,) = snippet.propose(said, coins)
    assert test.id.endswith("::test_uneven")
    assert "from coins import split" in "".join(test.files.values())


def test_a_session_with_a_wrong_output_asserts_the_right_one(coins: Project) -> None:
    said = told(">>> from coins import split\n>>> split(9, 2)\n[4, 4]\n\nI expected `[5, 4]`.")
    (body, *_) = bodies(session.propose, said, coins)
    assert body == "def test_report():\n    from coins import split\n    assert split(9, 2) == [5, 4]\n"


def test_a_second_session_headed_expected_corrects_the_first(coins: Project) -> None:
    text = "Now:\n```\n>>> from coins import split\n>>> split(9, 2)\n[4, 4]\n```\nExpected:\n```\n"
    text += ">>> split(9, 2)\n[5, 4]\n```\n"
    assert any(body.endswith("assert split(9, 2) == [5, 4]\n") for body in bodies(session.propose, told(text), coins))


def test_a_sentence_speaks_of_the_input_that_shows_something_else(coins: Project) -> None:
    said = told(">>> split(9, 2)\n[4, 4]\n>>> sorted([5, 4], reverse=True)\n[5, 4]\n\nI expected `[5, 4]`.")
    assert bodies(session.propose, said, coins)[0].endswith("assert split(9, 2) == [5, 4]\n")


def test_a_wrong_value_named_twice_is_one_claim_with_the_right_one(coins: Project) -> None:
    shown = ">>> half_up(2.5)\n'2'\n>>> half_up(1.5)\n'2'\n\nIt gives \"2\". The first should be `'3'`."
    first = bodies(session.propose, told(shown, title='half_up gives "2" for 2.5'), coins)[0]
    assert "assert half_up(2.5) == '3'" in first


def test_a_session_that_raises_runs_to_that_input(coins: Project) -> None:
    text = ">>> from coins import split\n>>> split(9, 0)\nTraceback (most recent call last):\n  ...\n"
    text += "coins.core.SplitError: no"
    (body, *_) = bodies(session.propose, told(text), coins)
    assert body == "def test_report():\n    from coins import split\n    split(9, 0)\n"


def test_ipython_prompts_are_read(coins: Project) -> None:
    found = session.examples("In [1]: split(9,\n   ...:       2)\nOut[1]: [4, 4]")
    assert (found[0].source, found[0].want) == ("split(9,\n      2)", "[4, 4]")


def test_a_module_command_runs_inside_the_test(coins: Project) -> None:
    (body,) = bodies(command.propose, Symptom(commands=("FOO=1 python3 -m coins 9 2",)), coins)
    assert "sys.argv = ['coins', '9', '2']" in body
    assert "runpy.run_module('coins', run_name=\"__main__\", alter_sys=True)" in body


def test_the_projects_own_command_is_called(coins: Project) -> None:
    (body,) = bodies(command.propose, Symptom(commands=("coins --help",)), coins)
    assert "from coins.core import split" in body


@pytest.mark.parametrize(
    "line", ["rm -rf /", "python -m pip install x", "python -m coins 9 | tee x", "curl example.org", "echo 'x"]
)
def test_other_commands_are_left_alone(coins: Project, line: str) -> None:
    assert bodies(command.propose, Symptom(commands=(line,)), coins) == []


def test_a_traceback_line_that_stands_alone_is_run(coins: Project) -> None:
    said = told(
        '```\nTraceback (most recent call last):\n  File "x.py", line 2, in f\n'
        "    return coins.split(9, 0)\nSplitError: x\n```"
    )
    assert bodies(traceback_call.propose, said, coins) == [
        "import coins\n\n\ndef test_report():\n    coins.split(9, 0)\n"
    ]


def test_a_traceback_line_with_unknown_names_is_not(coins: Project) -> None:
    said = told(
        '```\nTraceback (most recent call last):\n  File "x.py", line 2, in f\n'
        "    coins.split(total, 0)\nSplitError: x\n```"
    )
    assert bodies(traceback_call.propose, said, coins) == []


def test_a_unittest_project_gets_a_test_case(tmp_path: Path) -> None:
    project = survey(repository(tmp_path / "repo"), ("",), (), "unittest")
    said = told("```python\nfrom coins import split\nsplit(9, 2)\n```\nThis returns `[4, 4]` instead of `[5, 4]`.")
    (test, *_) = snippet.propose(said, project)
    assert test.id == "test_report_snippet_1_claim_1.TestReport.test_report"
    assert "self.assertEqual(split(9, 2), [5, 4])" in "".join(test.files.values())


def test_lines_inside_a_string_are_not_indented() -> None:
    assert indented('x = """\na\n"""\ny = 1', 4) == '    x = """\na\n"""\n    y = 1'
