"""The Reproduce stage, on a real repository in the real sandbox."""

import subprocess
from pathlib import Path

import pytest

from agents.context import ModelRequest
from agents.events import ReproductionTried
from agents.report import Report, Source
from agents.results import Reproduction
from agents.stages import reproduce
from tests.agents.reproduction.samples import repository
from tests.agents.stages.context import PlainContext

SPLIT = "```python\nfrom coins import split\nprint(split(9, 2))\n```\n"


@pytest.fixture(scope="module")
def coins(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = repository(tmp_path_factory.mktemp("coins") / "repo")
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "coins"]):
        who = ["-c", "user.name=ann", "-c", "user.email=ann@example.org"]
        subprocess.run(["git", *who, *command], cwd=root, check=True)
    return root


def stage(coins: Path, root: Path, text: str, **more: object) -> tuple[Reproduction, PlainContext]:
    report = Report(title="It is wrong", text=text, source=Source(location=str(coins)))
    context = PlainContext(report=report, root=root, **more)  # type: ignore[arg-type]
    return reproduce.run(context), context


def test_a_snippet_with_a_wrong_value_is_reproduced(coins: Path, tmp_path: Path) -> None:
    found, context = stage(coins, tmp_path, f"{SPLIT}This prints `[4, 4]` instead of `[5, 4]`.")
    assert found.verdict == "reproduced", found.reason
    assert found.test is not None
    assert found.signature is not None
    assert (found.test.origin, found.signature.exception, len(found.runs)) == ("snippet", "AssertionError", 3)
    assert (found.collected, found.failing_at_base) == (1, ())
    assert context.seen(ReproductionTried)[-1].accepted


def test_a_snippet_that_raises_is_reproduced_in_the_projects_frame(coins: Path, tmp_path: Path) -> None:
    text = "```python\nsplit(9, 0)\n```\nraises `SplitError: cannot split 9 into 0 parts`."
    found, _ = stage(coins, tmp_path, text)
    assert found.verdict == "reproduced", found.reason
    assert found.signature is not None
    assert found.signature.frames[0].path == "coins/core.py"
    assert found.signature.message == "cannot split <number> into <number> parts"


def test_a_failure_for_another_reason_does_not_count(coins: Path, tmp_path: Path) -> None:
    text = "```python\nsplit(9, None)\n```\nraises `SplitError: cannot split 9 into 0 parts`."
    found, _ = stage(coins, tmp_path, text)
    assert found.verdict == "not_reproduced"
    assert "TypeError" in found.rejected[0]
    assert found.would_change


def test_what_works_is_not_reproduced(coins: Path, tmp_path: Path) -> None:
    found, _ = stage(coins, tmp_path, "```python\nprint(split(9, 3))\n```\nprints `[2, 2, 2]` instead of `[3, 3, 3]`.")
    assert found.verdict == "not_reproduced"
    assert "It passes" in found.reason


def test_a_stage_that_died_goes_on_where_it_was(coins: Path, tmp_path: Path) -> None:
    found, first = stage(coins, tmp_path, f"{SPLIT}This prints `[4, 4]` instead of `[5, 4]`.")
    again, second = stage(coins, tmp_path, first.report.text, kept=first.kept)
    assert again == found
    assert second.seen(ReproductionTried) == []


def test_a_model_may_draft_the_test_but_the_gate_decides(coins: Path, tmp_path: Path) -> None:
    def answer(request: ModelRequest) -> str:
        right = "from coins import split\n\n\ndef test_rest_is_kept():\n    assert sum(split(9, 2)) == 9\n"
        wrong = "def test_nothing():\n    assert missing\n"
        return f"```python\n{wrong if request.sample == 0 else right}```"

    text = "The parts of an uneven split do not add up to the total: for nine and two we get `8` instead of `9`."
    found, context = stage(coins, tmp_path, text, answer=answer)
    assert found.verdict == "reproduced", found.reason
    assert [tried.accepted for tried in context.seen(ReproductionTried)] == [False, True]


def test_without_a_repository_nothing_is_run(tmp_path: Path) -> None:
    found = reproduce.run(PlainContext(report=Report(title="x", text="y"), root=tmp_path))
    assert (found.verdict, "repository" in found.would_change) == ("environment_failed", True)


@pytest.mark.parametrize(
    ("location", "commit", "words"),
    [("/nowhere/at/all", "", "/nowhere/at/all"), ("", "0" * 40, "0" * 12), ("ext::sh -c x", "", "ext")],
)
def test_a_repository_that_cannot_be_had_is_a_verdict(
    coins: Path, tmp_path: Path, location: str, commit: str, words: str
) -> None:
    source = Source(location=location or str(coins), commit=commit)
    found = reproduce.run(PlainContext(report=Report(title="x", text="y", source=source), root=tmp_path))
    assert found.verdict == "environment_failed"
    assert words in found.reason
    assert found.would_change
