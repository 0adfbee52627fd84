"""A run begins, is stopped, or goes on again from one of its stages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from agents import pipeline
from agents.errors import ReportProblem
from bugs import events
from bugs.actions.stages import add_stage
from bugs.models import Bug, Candidate, Run, Stage


@transaction.atomic
def begin_run(
    bug: Bug,
    user: User | None = None,
    until: str = "",
    options: Mapping[str, Any] | None = None,
    python: str = "",
) -> Run:
    """Set the stages going, up to and including `until` ("" = all). A bug has one active run at a time.

    `options` narrows the settings (fields of `agents.context.Options`), `python` overrides the bug's interpreter.
    """
    _check_stage(until, or_all=True)
    _lock(bug)
    kept = {**(options or {}), **({"python": python} if python else {})}
    run = _new_run(bug, user, until, kept)
    add_stage(run, pipeline.STAGES[0])
    return run


@transaction.atomic
def cancel_run(run: Run) -> bool:
    """Stop the run: its stages end now, a worker that holds one notices within a second. False when it had ended."""
    bug = _lock(run.bug)
    now = timezone.now()
    active = Run.objects.filter(pk=run.pk, status=Run.Status.RUNNING)
    stopped = active.update(status=Run.Status.CANCELLED, reason="Stopped by hand.", finished_at=now)
    if stopped:
        stages = run.stages.filter(status__in=[Stage.Status.PENDING, Stage.Status.RUNNING])
        names = list(stages.values_list("name", flat=True))
        stages.update(status=Stage.Status.CANCELLED, finished_at=now, reason="The run was stopped.")
        events.record(bug, "run_cancelled", {"stage": names[0] if names else ""}, run=run.number)
    run.refresh_from_db()
    return bool(stopped)


@transaction.atomic
def run_again_from(run: Run, stage_name: str, user: User | None = None, until: str = "") -> Run:
    """Go on from `stage_name`. A stage that never ended well is tried again in its run, which keeps what it had;
    a stage that did is done anew in a new run, on the results of the stages before it."""
    _check_stage(stage_name)
    _check_stage(until, or_all=True)
    _lock(run.bug)
    run.refresh_from_db()
    earlier = pipeline.STAGES[: pipeline.STAGES.index(stage_name)]
    done = {stage.name: stage for stage in run.stages.filter(status=Stage.Status.SUCCEEDED).order_by("try_no")}
    missing = [name for name in earlier if name not in done]
    if missing:
        raise ReportProblem(
            f"This run cannot go on from {stage_name}: {missing[0]} has no result.",
            slug="stage-not-reached",
            hint=f"Run again from {missing[0]}.",
        )
    target = _reopened(run, until) if stage_name not in done else _new_run(run.bug, user, until, run.options)
    if target.pk != run.pk:
        Stage.objects.bulk_create([_copied(done[name], target) for name in earlier])
        if "fix" in earlier:
            Candidate.objects.bulk_create([_proposed_again(candidate, target) for candidate in run.candidates.all()])
    add_stage(target, stage_name)
    return target


def _lock(bug: Bug) -> Bug:
    return Bug.objects.select_for_update().get(pk=bug.pk)


def _new_run(bug: Bug, user: User | None, until: str, options: Mapping[str, Any]) -> Run:
    _check_idle(bug)
    last = bug.runs.order_by("-number").values_list("number", flat=True).first() or 0
    run = Run.objects.create(bug=bug, number=last + 1, until=until, options=dict(options), started_by=user)
    events.record(bug, "run_started", {"number": run.number, "until": until}, run=run.number)
    return run


def _reopened(run: Run, until: str) -> Run:
    _check_idle(run.bug)
    run.status, run.verdict, run.reason, run.finished_at, run.until = Run.Status.RUNNING, "", "", None, until
    run.save(update_fields=["status", "verdict", "reason", "finished_at", "until"])
    events.record(run.bug, "run_started", {"number": run.number, "until": until}, run=run.number)
    return run


def _check_idle(bug: Bug) -> None:
    active = bug.runs.filter(status=Run.Status.RUNNING).first()
    if active is not None:
        raise ReportProblem(
            f"Run {active.number} of this bug is still going.", slug="run-active", hint="Stop it first, or let it end."
        )


def _copied(stage: Stage, run: Run) -> Stage:
    """A stage's result, taken over into another run."""
    fields = {"name", "status", "verdict", "reason", "result", "started_at", "finished_at"}
    return Stage(run=run, **{name: getattr(stage, name) for name in fields})


def _proposed_again(candidate: Candidate, run: Run) -> Candidate:
    """A candidate as it was proposed, in another run: not tried there, and without a rank."""
    fields = {"key", "number", "origin", "diff", "why", "path", "line", "function", "prior"}
    return Candidate(run=run, **{name: getattr(candidate, name) for name in fields})


def _check_stage(name: str, or_all: bool = False) -> None:
    if name in pipeline.STAGES or (or_all and not name):
        return
    raise ReportProblem(
        f"There is no stage {name!r}.", slug="stage-unknown", hint=f"The stages are: {', '.join(pipeline.STAGES)}."
    )
