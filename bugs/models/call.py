"""One logical model call: exactly what was sent, what came back, what it cost."""

from __future__ import annotations

from django.db import models

from bugs.models.run import Stage


class ModelCall(models.Model):
    """UNIQUE (stage, key, sample): stored before it is used, so that a crash never pays twice for a finished call."""

    stage = models.ForeignKey(Stage, on_delete=models.CASCADE, related_name="calls")
    key = models.CharField(max_length=100)
    sample = models.PositiveIntegerField(default=0)
    purpose = models.CharField(max_length=60)
    model = models.CharField(max_length=120)
    prompt = models.CharField(max_length=120, blank=True)
    messages = models.JSONField()
    text = models.TextField(blank=True)
    finish_reason = models.CharField(max_length=30, blank=True)
    tokens_in = models.PositiveIntegerField(default=0)
    tokens_out = models.PositiveIntegerField(default=0)
    tokens_cached = models.PositiveIntegerField(default=0)
    cost_usd = models.DecimalField(max_digits=12, decimal_places=6, null=True, blank=True)
    ttft_ms = models.FloatField(default=0.0)
    latency_ms = models.FloatField(default=0.0)
    attempts = models.PositiveIntegerField(default=1)
    error = models.CharField(max_length=60, blank=True)
    error_text = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["stage", "key", "sample"], name="call_once")]

    def __str__(self) -> str:
        return f"{self.purpose} {self.key}"
