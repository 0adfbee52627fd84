"""A run drives one bug through the stages; a stage is the unit of work a worker leases; a step is what survives a crash."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from bugs.models.bug import Bug


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

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["bug", "number"], name="run_number_once")]

    def __str__(self) -> str:
        return f"run {self.number} of #{self.bug_id}"


class Stage(models.Model):
    """One stage of one run. Every move is one guarded UPDATE: of two workers one wins, and a stale token writes nothing."""

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

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["run", "name", "try_no"], name="stage_once")]

    def __str__(self) -> str:
        return f"{self.name} of run {self.run_id}"


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
