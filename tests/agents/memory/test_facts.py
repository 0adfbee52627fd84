"""What a run taught is what it has shown, in sentences."""

from typing import Any

import pytest

from agents.memory.facts import learned
from agents.report import Frame, Report, Signature, Symptom
from agents.results import Analysis, Candidate, Coverage, Environment, Findings, LogSpan, Reproduction, Validation

REPORT = Report(title="Last page\nis empty", text="…")
SIGNATURE = Signature(
    exception="IndexError",
    message="list index out of range",
    frames=(Frame(path="src/pager.py", line=31, function="page"),),
)
REPRODUCED = Reproduction(
    verdict="reproduced",
    reason="It fails.",
    signature=SIGNATURE,
    environment=Environment(python="/usr/bin/python3", version="3.11.7", how="from pyproject.toml"),
    failing_at_base=tuple(f"tests/test_net.py::test_{n}" for n in range(7)),
)
CANDIDATE = Candidate(
    key="c1",
    origin="operator:bound",
    diff="--- a/src/pager.py\n+++ b/src/pager.py\n@@ -31 +31 @@\n-    while n < last:\n+    while n <= last:\n",
    why="The bound excluded the last item.",
    path="src/pager.py",
    line=31,
    function="page",
)
VERIFIED = Validation(verdict="fix_verified", reason="One survived.", ranking=("c1",))


def texts(*candidates: Candidate, **findings: Any) -> dict[str, str]:
    return {fact.kind: fact.text for fact in learned(REPORT, Findings(**findings), candidates)}


def test_a_verified_fix_teaches_cause_and_change() -> None:
    said = texts(CANDIDATE, reproduce=REPRODUCED, validate=VERIFIED)
    assert said["root_cause"] == "The bug “Last page is empty” was caused in src/pager.py, page, line 31."
    assert "line 31 fixed the bug “Last page is empty”: " in said["fix"]
    assert said["fix"].endswith("The bound excluded the last item. - while n < last: / + while n <= last:")


def test_a_candidate_that_was_not_verified_teaches_nothing() -> None:
    failed = Validation(verdict="no_candidate_survived", reason="None did.")
    assert "fix" not in texts(CANDIDATE, reproduce=REPRODUCED, validate=failed)


def test_a_reproduction_teaches_how_the_bug_shows() -> None:
    said = texts(reproduce=REPRODUCED)["symptom"]
    assert "IndexError: list index out of range in src/pager.py, page (reproduced)" in said


def test_a_symptom_that_was_only_told_is_called_so_and_counts_less() -> None:
    told = Analysis(verdict="actionable", reason="r", symptom=Symptom(exception="ValueError"))
    (fact,) = learned(REPORT, Findings(analysis=told), ())
    assert "shows as ValueError (reported)" in fact.text
    assert fact.confidence < 1


def test_tests_that_always_fail_are_remembered_by_name() -> None:
    facts = [fact.text for fact in learned(REPORT, Findings(reproduce=REPRODUCED), ()) if fact.kind == "project"]
    assert facts[0] == "The tests run with pytest on Python 3.11.7 (from pyproject.toml)."
    assert facts[1].endswith("test_4 and 2 more.")


def test_logs_that_rolled_over_are_remembered() -> None:
    spans = (LogSpan(name="app.log", first=None, last=None, lines=1, size=1),)
    rolled = Coverage(verdict="rolled_over", detail="d", spans=spans)
    said = texts(analysis=Analysis(verdict="logs_rolled_over", reason="r", coverage=rolled))
    assert "app.log" in said["project"]


def test_a_run_that_found_nothing_teaches_nothing() -> None:
    assert learned(REPORT, Findings(), ()) == ()


@pytest.mark.parametrize("size", [0, 1_000_000])
def test_facts_stay_short_whatever_the_report(size: int) -> None:
    report = Report(title="t" * size, text="x" * size)
    shown = Signature(exception="E" * size, message="m" * size, frames=(Frame(path="p" * size, line=1, function="f"),))
    facts = learned(report, Findings(reproduce=Reproduction(verdict="reproduced", reason="r", signature=shown)), ())
    assert all(len(fact.text) < 1200 for fact in facts)
