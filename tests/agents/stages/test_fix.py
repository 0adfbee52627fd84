"""Fix proposes changes of the suspicious places, and says when there is nothing it could propose."""

from dataclasses import replace
from pathlib import Path

from agents.context import ModelRequest, Options
from agents.events import CandidatesProposed, Notice
from agents.results import Findings, Reproduction, RootCause
from agents.stages import fix
from tests.agents.stages.planted import context

ANSWER = """The limit is off by one.

shop.py
<<<<<<< SEARCH
    if amount > 10:
=======
    if 10 <= amount:
>>>>>>> REPLACE
"""


def test_the_operators_find_the_right_change_first_among_many(tmp_path: Path) -> None:
    world = context(tmp_path)
    found = fix.run(world)
    assert found.verdict == "candidates_proposed"
    assert found.proposed == len(world.candidates()) > 20
    place = [n for n, c in enumerate(world.candidates()) if "+    if amount >= 10:" in c.diff]
    assert place
    assert place[0] < 5


def test_lines_the_failing_test_never_runs_are_left_alone(tmp_path: Path) -> None:
    world = context(tmp_path)
    fix.run(world)
    assert not [c for c in world.candidates() if c.line == 7]


def test_no_more_is_proposed_than_allowed(tmp_path: Path) -> None:
    world = context(tmp_path, Options(max_candidates=7))
    assert fix.run(world).proposed == 7
    assert sum(len(event.candidates) for event in world.seen(CandidatesProposed)) == 7


def test_a_second_run_proposes_the_same_under_the_same_keys(tmp_path: Path) -> None:
    world = context(tmp_path)
    fix.run(world)
    first = [candidate.key for candidate in world.candidates()]
    fix.run(world)
    assert [candidate.key for candidate in world.candidates()] == first


def test_a_model_s_changes_join_the_stream(tmp_path: Path) -> None:
    world = context(tmp_path, Options(max_candidates=20, samples=3))
    world.answer = lambda request: ANSWER if request.sample == 0 else ANSWER.replace("10 <=", "9 <")
    found = fix.run(world)
    assert found.by_origin["model:unnamed"] == 2
    assert found.twins >= 1
    assert any("if 10 <= amount" in candidate.diff for candidate in world.candidates())


def test_an_answer_that_does_not_apply_is_said_and_left_out(tmp_path: Path) -> None:
    def nonsense(request: ModelRequest) -> str:
        return ANSWER.replace("    if amount > 10:", "    if nothing:")

    world = context(tmp_path, Options(samples=1))
    world.answer = nonsense
    assert "model:unnamed" not in fix.run(world).by_origin
    assert any("must occur once" in notice.text for notice in world.seen(Notice))


def test_without_a_failing_test_nothing_is_proposed(tmp_path: Path) -> None:
    world = context(tmp_path)
    world.findings = Findings(reproduce=Reproduction(verdict="not_reproduced", reason="No test fails."))
    found = fix.run(world)
    assert (found.verdict, world.candidates()) == ("nothing_to_change", ())
    assert "No test fails." in found.reason


def test_without_suspects_nothing_is_proposed(tmp_path: Path) -> None:
    world = context(tmp_path)
    world.findings = replace(world.findings, root_cause=RootCause(verdict="nothing_to_rank", reason=""))
    assert fix.run(world).verdict == "nothing_to_change"
