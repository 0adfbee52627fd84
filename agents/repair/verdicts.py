"""What the runs of a candidate mean: one truth table from the test before and after to the verdict."""

from typing import Literal

from agents.results import CandidateVerdict

Base = Literal["right_reason", "wrong_reason", "passes", "unusable"]
Head = Literal["passes", "same_failure", "other_failure", "unusable"]


def verdict(
    base: Base, head: Head, *, newly_failing: bool = False, symptom_elsewhere: bool = False
) -> CandidateVerdict:
    """The verdict on a candidate.

    `base` is how the reproduction stands on the unchanged code, `head` with the candidate; `newly_failing`: a test that
    passes at base fails now; `symptom_elsewhere`: one of them fails with the reported symptom. "unusable" is what could
    not run, is flaky or was refused.
    """
    if "unusable" in (base, head):
        return "blocked"
    if base in ("passes", "wrong_reason"):
        return "introduces_symptom" if base == "passes" and head != "passes" else "test_does_not_guard"
    if head == "same_failure" or symptom_elsewhere:
        return "fix_ineffective"
    if head == "other_failure" or newly_failing:
        return "introduces_symptom"
    return "fix_verified"
