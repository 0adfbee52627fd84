"""After a run: what it taught is written into memory, once, and never at the cost of the run."""

from __future__ import annotations

from django.db import transaction
from django.db.models import F

from agents.memory import facts
from bugs import events, findings, memories, telling
from bugs.context import report_of
from bugs.models import Bug, Run


def remember(run_id: int) -> None:
    """Write the facts of a finished run. A worker that dies over it leaves it due: the sweeper hints it again."""
    run = Run.objects.select_related("bug").filter(pk=run_id).exclude(lesson_due_at=None).first()
    if run is None:
        return
    Run.objects.filter(pk=run_id).update(lesson_tries=F("lesson_tries") + 1)
    verified = [telling.candidate_of(row) for row in run.candidates.exclude(rank=None).order_by("rank")]
    learned = facts.learned(report_of(run.bug), findings.of_run(run), verified)
    written = memories.of_project(run.bug.project_id, run.bug_id).remember(learned)
    with transaction.atomic():
        Bug.objects.select_for_update().get(pk=run.bug_id)
        first = Run.objects.filter(pk=run_id).exclude(lesson_due_at=None).update(lesson_due_at=None)
        if first and written:
            events.record(run.bug, "memory_written", {"memories": list(written)}, run=run.number)
