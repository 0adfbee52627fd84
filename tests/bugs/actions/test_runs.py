"""A run begins, is stopped, goes on from a stage, and ends with a verdict."""

from __future__ import annotations

from typing import Any

import pytest

from agents.errors import Cancelled, LeaseLost, ReportProblem, SetupProblem
from agents.results import Analysis, Checkout, Fix, Reproduction, Result, RootCause, Validation
from bugs import actions, findings
from bugs.models import Bug, Run, Stage
from bugs.models import Candidate as CandidateRow

pytestmark = pytest.mark.storage

FOUND: dict[str, Result] = {
    "analysis": Analysis(verdict="actionable", reason="It says what and where."),
    "reproduce": Reproduction(
        verdict="reproduced", reason="3 of 3.", checkout=Checkout(root="/r", mirror="/m", commit="c")
    ),
    "root_cause": RootCause(verdict="suspects_ranked", reason="One stands out."),
    "fix": Fix(verdict="candidates_proposed", reason="Two."),
    "validate": Validation(verdict="fix_verified", reason="One survived.", ranking=("b", "a")),
}


def take(run: Run) -> Stage:
    """The waiting stage of the run, taken."""
    stage = actions.start_stage(run.stages.get(status="pending").pk, "the test")
    assert stage is not None
    return stage


def drive(run: Run, **instead: Result) -> Run:
    """Let each stage find what `FOUND` or `instead` says, until the run ends."""
    while run.stages.filter(status="pending").exists():
        stage = take(run)
        actions.finish_stage(stage, instead.get(stage.name, FOUND[stage.name]))
    run.refresh_from_db()
    return run


def told(bug: Bug) -> list[str]:
    return [f"{event.kind} {event.stage}".strip() for event in bug.events.filter(run__gt=0)]


def test_a_run_goes_through_the_five_stages_to_its_verdict(run: Run, bug: Bug) -> None:
    drive(run)
    assert (run.status, run.verdict, run.reason) == ("succeeded", "validated", "One survived.")
    stages = ("analysis", "reproduce", "root_cause", "fix", "validate")
    moves = [f"stage_{move} {name}" for name in stages for move in ("pending", "started", "finished")]
    assert told(bug) == ["run_started", *moves, "run_finished"]
    assert run.lesson_due_at is not None


@pytest.mark.parametrize(
    ("stage", "result", "verdict"),
    [
        ("analysis", Analysis(verdict="logs_rolled_over", reason="r"), "logs_rolled_over"),
        ("analysis", Analysis(verdict="needs_info", reason="r"), "needs_info"),
        ("reproduce", Reproduction(verdict="environment_failed", reason="r"), "environment_failed"),
        ("root_cause", RootCause(verdict="files_ranked", reason="r"), "files_ranked"),
        ("fix", Fix(verdict="nothing_to_change", reason="r"), "nothing_to_change"),
        ("validate", Validation(verdict="no_candidate_survived", reason="r"), "no_candidate_survived"),
    ],
)
def test_a_run_stops_with_a_verdict(run: Run, stage: str, result: Result, verdict: str) -> None:
    drive(run, **{stage: result})
    assert (run.status, run.verdict) == ("succeeded", verdict)
    assert run.stages.last().name == stage


def test_without_a_reproduction_files_are_ranked_and_the_run_says_what_was_missing(run: Run) -> None:
    missed = Reproduction(verdict="not_reproduced", reason="It passes.", checkout=FOUND["reproduce"].checkout)
    drive(run, reproduce=missed, root_cause=RootCause(verdict="files_ranked", reason="Three files."))
    assert (run.verdict, run.reason) == ("not_reproduced", "It passes. Three files.")


def test_a_run_ends_after_the_stage_it_was_asked_for(bug: Bug) -> None:
    run = drive(actions.begin_run(bug, until="root_cause"))
    assert (run.status, run.verdict) == ("succeeded", "suspects_ranked")
    assert run.stages.count() == 3


def test_what_was_found_can_be_read_back(run: Run) -> None:
    drive(run)
    assert findings.of_run(run).reproduce == FOUND["reproduce"]
    assert findings.of_run(run).validate == FOUND["validate"]


def test_verified_candidates_get_their_places(run: Run) -> None:
    for number, key in enumerate("abc", start=1):
        CandidateRow.objects.create(run=run, key=key, number=number, origin="operator:compare", diff="")
    drive(run)
    assert dict(run.candidates.values_list("key", "rank")) == {"a": 2, "b": 1, "c": None}


def test_a_bug_has_one_active_run(run: Run, bug: Bug) -> None:
    with pytest.raises(ReportProblem, match="still going") as refused:
        actions.begin_run(bug)
    assert refused.value.slug == "run-active"


def test_an_unknown_stage_is_named_with_those_there_are(bug: Bug) -> None:
    with pytest.raises(ReportProblem) as refused:
        actions.begin_run(bug, until="deploy")
    assert "root_cause" in refused.value.hint


def test_a_stage_that_fails_ends_its_run_and_says_what_to_do(held: Stage, bug: Bug) -> None:
    actions.fail_stage(held, SetupProblem("No key.", slug="model-bad-key", hint="Set one."), "Traceback ...")
    held.refresh_from_db()
    assert held.error == {
        "slug": "model-bad-key",
        "message": "No key.",
        "hint": "Set one.",
        "traceback": "Traceback ...",
    }
    assert told(bug)[-2:] == ["stage_failed analysis", "run_failed"]
    assert "traceback" not in bug.events.get(kind="stage_failed").payload["error"]
    assert held.run.bug.runs.get().reason == "Analysis could not go on: No key."


def test_a_stopped_run_ends_at_once_and_its_worker_cannot_finish_it(held: Stage, run: Run) -> None:
    assert actions.cancel_run(run)
    assert not actions.cancel_run(run)
    with pytest.raises(Cancelled):
        actions.finish_stage(held, FOUND["analysis"])
    assert (run.status, run.stages.get().status) == ("cancelled", "cancelled")
    assert told(run.bug)[-1] == "run_cancelled"


def test_validating_again_judges_the_candidates_that_were_proposed(run: Run) -> None:
    run.candidates.create(key="k", number=1, origin="operator:boundary", diff="-a\n+b\n", rank=1)
    drive(run)
    again = actions.run_again_from(run, "validate")
    assert list(again.candidates.values_list("key", "diff", "rank", "trial")) == [("k", "-a\n+b\n", None, None)]


def test_a_finished_stage_cannot_be_finished_again(held: Stage, run: Run) -> None:
    actions.finish_stage(held, FOUND["analysis"])
    with pytest.raises(LeaseLost):
        actions.finish_stage(held, FOUND["analysis"])
    assert run.stages.count() == 2


def test_a_failed_stage_is_tried_again_in_its_run(run: Run) -> None:
    actions.finish_stage(take(run), FOUND["analysis"])
    actions.fail_stage(take(run), SetupProblem("The disk is full.", slug="disk-full"))
    assert actions.run_again_from(run, "reproduce") == run
    again = run.stages.get(status="pending")
    assert (again.name, again.try_no) == ("reproduce", 2)
    assert drive(run).verdict == "validated"


def test_a_stopped_run_goes_on_where_it_stopped(run: Run) -> None:
    actions.finish_stage(take(run), FOUND["analysis"])
    actions.cancel_run(run)
    actions.run_again_from(run, "reproduce")
    assert drive(run).verdict == "validated"


def test_a_stage_that_ended_well_is_done_anew_in_a_new_run(run: Run, bob: Any) -> None:
    drive(run)
    again = actions.run_again_from(run, "fix", bob)
    assert (again.number, again.started_by) == (2, bob)
    assert [stage.status for stage in again.stages.all()] == ["succeeded"] * 3 + ["pending"]
    assert findings.of_run(again).root_cause == FOUND["root_cause"]
    run.refresh_from_db()
    assert run.verdict == "validated"


def test_a_run_cannot_skip_a_stage(run: Run) -> None:
    actions.cancel_run(run)
    with pytest.raises(ReportProblem, match="analysis has no result") as refused:
        actions.run_again_from(run, "fix")
    assert refused.value.slug == "stage-not-reached"


def test_a_worker_that_is_asked_to_end_hands_its_stage_back(held: Stage) -> None:
    actions.release_stage(held)
    other = actions.start_stage(held.pk, "another worker")
    assert other is not None
    assert other.crashes == 0
