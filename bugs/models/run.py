"""A run drives one bug through the stages, a stage is what a worker leases, a step is what survives a crash."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.conf import settings
from django.db import models, transaction
from django.db.models import Case, F, Q, When
from django.db.models.functions import Coalesce
from django.utils import timezone

from agents.errors import Cancelled, LeaseLost
from bugs.models.bug import Bug

MAX_CRASHES = 3  # a stage whose worker died that often without keeping anything new is poison


class Run(models.Model):
    class Status(models.TextChoices):
        RUNNING = "running"
        SUCCEEDED = "succeeded"
        FAILED = "failed"
        CANCELLED = "cancelled"

    bug = models.ForeignKey(Bug, on_delete=models.CASCADE, related_name="runs")
    number = models.PositiveIntegerField()
    status = models.CharField(max_length=12, choices=Status, default=Status.RUNNING, db_index=True)
    verdict = models.CharField(max_length=40, blank=True)
    reason = models.TextField(blank=True)
    until = models.CharField(max_length=20, blank=True, help_text="last stage to run; empty runs all")
    options = models.JSONField(default=dict, blank=True)
    started_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL)
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    lesson_due_at = models.DateTimeField(
        null=True, blank=True, db_index=True, help_text="memory is still to be written"
    )
    lesson_tries = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["bug", "number"], name="run_number_once")]

    def __str__(self) -> str:
        return f"run {self.number} of #{self.bug_id}"


class StageQuerySet(models.QuerySet["Stage"]):
    def takeable(self, now: datetime) -> StageQuerySet:
        """Stages a worker may take at `now`: due, or abandoned by a worker whose lease ran out; never poisoned ones."""
        due = Q(status=Stage.Status.PENDING, due_at__lte=now)
        abandoned = Q(status=Stage.Status.RUNNING, lease_until__lt=now, crashes__lt=MAX_CRASHES - 1)
        in_time = Q(deadline_at=None) | Q(deadline_at__gt=now)
        return self.filter(due | abandoned).filter(in_time)

    def hopeless(self, now: datetime) -> StageQuerySet:
        """Stages nobody holds and nobody may take again: poisoned, or out of time."""
        unheld = Q(status=Stage.Status.PENDING, due_at__lte=now) | Q(status=Stage.Status.RUNNING, lease_until__lt=now)
        return self.filter(unheld).filter(
            Q(status=Stage.Status.RUNNING, crashes__gte=MAX_CRASHES - 1) | Q(deadline_at__lte=now)
        )


class Stage(models.Model):
    """One stage of one run. Every move is a guarded UPDATE: of two workers one wins, a stale token writes nothing."""

    class Status(models.TextChoices):
        PENDING = "pending"
        RUNNING = "running"
        SUCCEEDED = "succeeded"
        FAILED = "failed"
        CANCELLED = "cancelled"

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="stages")
    name = models.CharField(max_length=20)
    try_no = models.PositiveIntegerField(default=1)
    status = models.CharField(max_length=12, choices=Status, default=Status.PENDING)
    verdict = models.CharField(max_length=40, blank=True)
    reason = models.TextField(blank=True)
    result = models.JSONField(null=True, blank=True)
    error = models.JSONField(null=True, blank=True, help_text="slug, message, hint, traceback of a failed stage")
    due_at = models.DateTimeField(null=True, blank=True, db_index=True)
    lease_until = models.DateTimeField(null=True, blank=True, db_index=True)
    lease_token = models.PositiveIntegerField(default=0)
    owner = models.CharField(max_length=100, blank=True)
    attempts = models.PositiveIntegerField(default=0)
    crashes = models.PositiveIntegerField(default=0)
    deadline_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = StageQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["run", "name", "try_no"], name="stage_once")]

    def __str__(self) -> str:
        return f"{self.name} of run {self.run_id}"

    def start(self, owner: str) -> bool:
        """Take the stage for `owner`: of all workers one wins, and its `lease_token` fences its writes."""
        now = timezone.now()
        with transaction.atomic():
            won = (
                Stage.objects.takeable(now)
                .filter(pk=self.pk)
                .update(
                    status=Stage.Status.RUNNING,
                    lease_token=F("lease_token") + 1,
                    lease_until=now + lease(),
                    owner=owner,
                    attempts=F("attempts") + 1,
                    crashes=Case(
                        When(status=Stage.Status.RUNNING, then=F("crashes") + 1),
                        default=F("crashes"),
                        output_field=models.PositiveIntegerField(),
                    ),
                    started_at=Coalesce("started_at", now),
                    deadline_at=Coalesce("deadline_at", now + timedelta(seconds=settings.MODULO_STAGE_SECONDS)),
                )
            )
            if won:
                self.refresh_from_db()
        return won == 1

    def renew(self) -> bool:
        """Keep the lease; False when this worker no longer holds the stage."""
        held = Stage.objects.filter(pk=self.pk, status=Stage.Status.RUNNING, lease_token=self.lease_token)
        return held.update(lease_until=timezone.now() + lease()) == 1

    def is_held(self) -> bool:
        """Does this worker still hold the stage? Its lease is left as it is."""
        return Stage.objects.filter(pk=self.pk, status=Stage.Status.RUNNING, lease_token=self.lease_token).exists()

    @contextmanager
    def held(self, renew: bool = True) -> Iterator[None]:
        """One transaction in which this worker provably holds the stage; otherwise it raises and nothing is written.

        The bug's row is locked first, here and in every action: one order of locks, so no deadlock. Who works for the
        holder without being it passes `renew=False`: it must not keep the lease of a dead worker alive.
        """
        with transaction.atomic():
            Bug.objects.select_for_update().get(pk=self.run.bug_id)
            if not (self.renew() if renew else self.is_held()):
                raise self.lost()
            yield

    def progressed(self) -> None:
        """Something new was kept: the crashes so far were not in vain, so they no longer count towards poison."""
        if self.crashes:
            Stage.objects.filter(pk=self.pk).update(crashes=0)
            self.crashes = 0

    def lost(self) -> Cancelled | LeaseLost:
        """Why this worker no longer holds the stage, as an error to raise."""
        cancelled = Run.objects.filter(pk=self.run_id, status=Run.Status.CANCELLED).exists()
        if cancelled:
            return Cancelled("The run was stopped.")
        return LeaseLost(f"Another worker took over {self.name} of run {self.run.number}.")


def lease() -> timedelta:
    """How long a worker may be silent before another takes its stage."""
    return timedelta(seconds=settings.MODULO_LEASE_SECONDS)


class Step(models.Model):
    """A kept sub-step: found by its key when the stage runs again after a crash."""

    stage = models.ForeignKey(Stage, on_delete=models.CASCADE, related_name="steps")
    key = models.CharField(max_length=200)
    value = models.JSONField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["stage", "key"], name="step_once")]

    def __str__(self) -> str:
        return self.key
