"""Patches that were proposed, and what running them showed."""

from __future__ import annotations

from django.db import models

from bugs.models.run import Run


class Candidate(models.Model):
    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="candidates")
    key = models.CharField(max_length=64)
    number = models.PositiveIntegerField(help_text="order of proposal within the run")
    origin = models.CharField(max_length=60)
    diff = models.TextField()
    why = models.TextField(blank=True)
    path = models.CharField(max_length=500, blank=True)
    line = models.PositiveIntegerField(default=0)
    function = models.CharField(max_length=200, blank=True)
    prior = models.FloatField(default=0.0)
    rank = models.PositiveIntegerField(null=True, blank=True, help_text="place among the verified, 1 is best")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["run", "key"], name="candidate_once")]

    def __str__(self) -> str:
        return f"candidate {self.number} of run {self.run_id}"


class Trial(models.Model):
    candidate = models.OneToOneField(Candidate, on_delete=models.CASCADE, related_name="trial")
    verdict = models.CharField(max_length=40, db_index=True)
    reason = models.TextField(blank=True)
    step = models.CharField(max_length=20)
    seconds = models.FloatField(default=0.0)
    passed = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    output = models.TextField(blank=True)
    detail = models.JSONField(
        default=dict, blank=True, help_text="newly failing tests, evidence, score, isolation level"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.verdict} ({self.candidate})"
