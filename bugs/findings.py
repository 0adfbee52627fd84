"""What the stages of a run have found so far, as the values the stages returned."""

from __future__ import annotations

from agents import codec
from agents.results import KINDS, Findings, Result, RootCause
from bugs.models import Run, Stage


def of_run(run: Run) -> Findings:
    """The result of each stage's last success; a stage that has not succeeded is None."""
    done = run.stages.filter(status=Stage.Status.SUCCEEDED).exclude(result=None).order_by("try_no")
    return codec.from_json(Findings, {stage.name: stage.result for stage in done})


def result(stage: Stage) -> Result:
    value: Result = codec.from_json(KINDS[stage.name], stage.result)
    return value


def run_verdict(findings: Findings, last: Result) -> tuple[str, str]:
    """The verdict of a run that ends with `last`, and its reason in a sentence.

    A run that could not reproduce goes on to rank files; it is still the missing reproduction that ended it.
    """
    if last.verdict == "fix_verified":
        return "validated", last.reason
    reproduction = findings.reproduce
    if isinstance(last, RootCause) and reproduction is not None and reproduction.verdict != "reproduced":
        return reproduction.verdict, f"{reproduction.reason} {last.reason}".strip()
    return last.verdict, last.reason
