"""Validate runs every candidate; only what passes in fresh processes is verified."""

from dataclasses import replace
from pathlib import Path

from agents.context import Options
from agents.events import CandidatesProposed, CandidatesTried
from agents.repair.patch import unified
from agents.results import Candidate, Findings, Reproduction, Trial
from agents.stages import validate
from tests.agents.stages.context import PlainContext
from tests.agents.stages.planted import CODE, SUITE, change, context

RIGHT = change("amount > 10", "amount >= 10")
WRONG = change("amount > 10", "amount > 11")
CHEAP = change("return 5", "return 4")
BROKEN = change("amount > 10", "amount > limit")
GAMING = change("    return amount *", "    import sys\n    sys.exit(0)\n    return amount *")
HANGING = change("    return amount *", "    while True:\n        pass\n    return amount *")


def proposed(root: Path, *candidates: Candidate, options: Options = Options()) -> PlainContext:  # noqa: B008
    world = context(root, options)
    world.emit(CandidatesProposed(candidates=candidates))
    return world


def verdicts(world: PlainContext) -> dict[str, str]:
    return {trial.candidate: trial.verdict for trial in world.trials()}


def test_only_the_change_that_passes_everything_is_verified(tmp_path: Path) -> None:
    world = proposed(tmp_path, RIGHT, WRONG, CHEAP, BROKEN, GAMING)
    found = validate.run(world)
    assert found.verdict == "fix_verified"
    assert found.ranking == (RIGHT.key,)
    assert verdicts(world) == {
        RIGHT.key: "fix_verified",
        WRONG.key: "fix_ineffective",
        CHEAP.key: "introduces_symptom",
        BROKEN.key: "introduces_symptom",
        GAMING.key: "blocked",
    }


def test_a_verified_change_has_run_in_fresh_processes_with_the_whole_suite(tmp_path: Path) -> None:
    world = proposed(tmp_path, RIGHT)
    validate.run(world)
    (trial,) = world.trials()
    assert trial.step == "confirmed"
    assert "3 of 3 times in fresh processes" in trial.reason
    assert trial.passed >= 3
    assert trial.isolation == world.sandbox.level
    assert trial.evidence


def test_the_tests_that_bless_a_change_are_judged_by_mutants(tmp_path: Path) -> None:
    found = validate.run(proposed(tmp_path, RIGHT))
    assert 0 < found.strength[RIGHT.key] <= 1
    assert all(sentence.startswith("The tests would not notice") for sentence in found.unnoticed[RIGHT.key])


def test_a_test_that_fails_newly_is_named(tmp_path: Path) -> None:
    world = proposed(tmp_path, CHEAP)
    assert validate.run(world).verdict == "no_candidate_survived"
    (trial,) = world.trials()
    assert "tests/test_shop.py::test_few" in trial.newly_failing
    assert "test_few" in trial.reason


def test_a_candidate_that_hangs_costs_its_time_and_nothing_else(tmp_path: Path) -> None:
    world = proposed(tmp_path, HANGING, RIGHT)
    assert validate.run(world).ranking == (RIGHT.key,)
    assert verdicts(world)[HANGING.key] == "introduces_symptom"


def test_a_diff_that_does_not_apply_is_blocked_with_the_reason(tmp_path: Path) -> None:
    other = Candidate(key="k", origin="human", diff=unified("shop.py", "nothing\n", "else\n"), why="")
    world = proposed(tmp_path, other)
    validate.run(world)
    (trial,) = world.trials()
    assert (trial.verdict, trial.step) == ("blocked", "apply")
    assert "does not apply" in trial.reason


def test_kept_trials_are_not_run_again(tmp_path: Path) -> None:
    world = proposed(tmp_path, RIGHT, WRONG)
    kept = Trial(candidate=WRONG.key, verdict="blocked", reason="kept from before", step="guard")
    world.emit(CandidatesTried(trials=(kept,)))
    validate.run(world)
    assert {trial.candidate: trial.reason for trial in world.trials()}[WRONG.key] == "kept from before"


def test_when_the_time_is_up_the_rest_is_untried_and_said(tmp_path: Path) -> None:
    world = proposed(tmp_path, RIGHT, WRONG, options=Options(validate_seconds=0))
    found = validate.run(world)
    assert (found.verdict, found.tried) == ("no_candidate_survived", 0)
    assert "2 were not tried" in found.reason


def test_a_base_that_no_longer_fails_blocks_the_stage(tmp_path: Path) -> None:
    world = proposed(tmp_path, RIGHT)
    (tmp_path / "checkout" / "shop.py").write_text(CODE.replace("> 10", ">= 10"))
    found = validate.run(world)
    assert found.verdict == "blocked"
    assert "no longer fails" in found.reason


def test_failures_of_the_suite_at_base_are_not_blamed_on_a_candidate(tmp_path: Path) -> None:
    world = proposed(tmp_path, RIGHT)
    root = tmp_path / "checkout"
    (root / "tests" / "test_shop.py").write_text(SUITE + "\n\ndef test_old_trouble():\n    assert total(1) == 0\n")
    known = replace(world.findings.reproduce, failing_at_base=("tests/test_shop.py::test_old_trouble",))
    world.findings = replace(world.findings, reproduce=known)
    assert validate.run(world).ranking == (RIGHT.key,)


def test_without_the_projects_own_tests_nothing_is_verified_and_why_is_said(tmp_path: Path) -> None:
    world = proposed(tmp_path, RIGHT)
    (tmp_path / "checkout" / "tests" / "test_shop.py").write_text("open('cases.json')\n")
    found = validate.run(world)
    (trial,) = world.trials()
    assert (found.verdict, trial.verdict) == ("no_candidate_survived", "blocked")
    assert "could not be collected (tests/test_shop.py" in trial.reason
    assert "cases.json" in trial.reason
    assert "submodule" in found.would_change


def test_without_a_reproduction_nothing_is_validated(tmp_path: Path) -> None:
    world = proposed(tmp_path, RIGHT)
    world.findings = Findings(reproduce=Reproduction(verdict="flaky", reason="Sometimes."))
    assert validate.run(world).verdict == "blocked"
