"""A stage is taken, ends with a verdict or with an error, and the next one waits: each move told as it is made."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from agents import codec, pipeline
from agents.errors import ModuloError
from agents.results import Result, Validation
from bugs import events, findings, queues
from bugs.models import MAX_CRASHES, Bug, Run, Stage, storable

STAGE_JOB = "bugs.jobs.run_stage"
LESSON_JOB = "bugs.jobs.remember_run"


def add_stage(run: Run, name: str) -> Stage:
    """A stage of `run` waits for a worker; call it inside the transaction of what makes it due."""
    tries = run.stages.filter(name=name).count()
    stage = Stage.objects.create(run=run, name=name, try_no=tries + 1, due_at=timezone.now())
    _tell(stage, "stage_pending")
    queues.enqueue("stages", STAGE_JOB, stage.pk, name=hint_name(STAGE_JOB, stage.pk))
    return stage


def hint_name(job: str, pk: int) -> str:
    """The name of the hint to do `job` for the row `pk`: one that waits need not be given again."""
    return f"{job.rpartition('.')[2]}-{pk}"


def start_stage(stage_id: int, owner: str) -> Stage | None:
    """Take the stage for `owner`; None when another worker has it, it ended or it was stopped."""
    with transaction.atomic():
        stage = Stage.objects.select_related("run__bug").filter(pk=stage_id).first()
        if stage is None:
            return None
        Bug.objects.select_for_update().get(pk=stage.run.bug_id)
        if not stage.start(owner):
            return None
        _tell(stage, "stage_started", attempt=stage.attempts)
    return stage


def finish_stage(stage: Stage, result: Result) -> Stage | None:
    """Keep what a held stage found; returns the stage that follows, or None when the run has its verdict."""
    with stage.held():
        now = _end(stage, Stage.Status.SUCCEEDED, verdict=result.verdict, reason=result.reason, result=result)
        _tell(stage, "stage_finished", verdict=result.verdict, reason=result.reason, seconds=_seconds(stage, now))
        if isinstance(result, Validation):
            _rank(stage.run, result.ranking)
        following = pipeline.following(stage.name, result)  # type: ignore[arg-type]
        if following is not None and stage.run.until != stage.name:
            return add_stage(stage.run, following)
        _finish_run(stage, result)
    return None


def fail_stage(stage: Stage, error: ModuloError, traceback: str = "") -> None:
    """A held stage cannot go on: keep what happened and what to do; its run stops there."""
    with stage.held():
        _fail(stage, error, traceback)


def release_stage(stage: Stage) -> None:
    """The worker of a held stage is asked to end: the stage waits for another, and no crash is counted."""
    with stage.held():
        Stage.objects.filter(pk=stage.pk).update(
            status=Stage.Status.PENDING, due_at=timezone.now(), lease_until=None, owner=""
        )
        _tell(stage, "stage_pending", reason="its worker was asked to end")
        queues.enqueue("stages", STAGE_JOB, stage.pk, name=hint_name(STAGE_JOB, stage.pk))


def end_hopeless(stage_id: int) -> bool:
    """Fail a stage nobody holds and nobody may take again: it was poison, or its time is used up."""
    with transaction.atomic():
        stage = Stage.objects.select_related("run__bug").get(pk=stage_id)
        Bug.objects.select_for_update().get(pk=stage.run.bug_id)
        if not Stage.objects.hopeless(timezone.now()).select_for_update().filter(pk=stage_id).exists():
            return False
        stage.refresh_from_db()
        _fail(stage, _hopeless(stage), "")
    return True


def _hopeless(stage: Stage) -> ModuloError:
    if stage.deadline_at is not None and stage.deadline_at <= timezone.now():
        return ModuloError(
            f"{_title(stage)} used up its time.",
            slug="deadline-passed",
            hint="Raise MODULO_STAGE_SECONDS, or narrow the report, then run again from this stage.",
        )
    return ModuloError(
        f"{_title(stage)} ended its worker {MAX_CRASHES} times without a result.",
        slug="poison",
        hint="The worker's log says where; what was kept is kept. Run again from this stage when the cause is gone.",
    )


def _fail(stage: Stage, error: ModuloError, traceback: str) -> None:
    said = {"slug": error.slug, "message": str(error), "hint": error.hint}
    kept = storable.json({**said, "traceback": traceback})
    now = _end(stage, Stage.Status.FAILED, reason=str(error), error=kept)
    _tell(stage, "stage_failed", seconds=_seconds(stage, now), error=said)
    reason = f"{_title(stage)} could not go on: {error}"
    _end_run(stage.run, Run.Status.FAILED, "", reason, now)
    events.record(stage.run.bug, "run_failed", {"stage": stage.name, "reason": reason}, run=stage.run.number)


def _end(stage: Stage, status: Stage.Status, *, verdict: str = "", reason: str, **kept: Any) -> datetime:
    now = timezone.now()
    if "result" in kept:
        kept["result"] = storable.json(codec.to_json(kept["result"]))
    values = {"status": status, "verdict": verdict, "reason": storable.text(reason), "finished_at": now, **kept}
    for name, value in values.items():
        setattr(stage, name, value)
    stage.save(update_fields=[*values])
    return now


def _finish_run(stage: Stage, result: Result) -> None:
    verdict, reason = findings.run_verdict(findings.of_run(stage.run), result)
    now = timezone.now()
    _end_run(stage.run, Run.Status.SUCCEEDED, verdict, reason, now)
    Run.objects.filter(pk=stage.run_id).update(lesson_due_at=now)
    told = {"verdict": verdict, "reason": reason}
    events.record(stage.run.bug, "run_finished", told, run=stage.run.number)
    queues.enqueue("stages", LESSON_JOB, stage.run_id, name=hint_name(LESSON_JOB, stage.run_id))


def _end_run(run: Run, status: Run.Status, verdict: str, reason: str, now: datetime) -> None:
    run.status, run.verdict, run.reason, run.finished_at = status, verdict, storable.text(reason), now
    run.save(update_fields=["status", "verdict", "reason", "finished_at"])


def _rank(run: Run, ranking: tuple[str, ...]) -> None:
    """Give the verified candidates their places; all others have none."""
    run.candidates.exclude(rank=None).update(rank=None)
    for rank, key in enumerate(ranking, start=1):
        run.candidates.filter(key=key).update(rank=rank)


def _tell(stage: Stage, kind: str, **more: Any) -> None:
    told = {"name": stage.name, "try_no": stage.try_no, **more}
    events.record(stage.run.bug, kind, told, run=stage.run.number, stage=stage.name)


def _seconds(stage: Stage, now: datetime) -> float:
    return round((now - (stage.started_at or now)) / timedelta(seconds=1), 3)


def _title(stage: Stage) -> str:
    return stage.name.replace("_", " ").capitalize()
