"""What happened to a bug, in order: history and outbox at once."""

from __future__ import annotations

from django.db import models

from bugs.models.bug import Bug


class Event(models.Model):
    """`seq` counts within the bug without gaps; it is allocated in the transaction of the change it tells."""

    bug = models.ForeignKey(Bug, on_delete=models.CASCADE, related_name="events")
    seq = models.PositiveIntegerField()
    run = models.PositiveIntegerField(default=0, help_text="the run's number; 0 when it concerns the bug")
    stage = models.CharField(max_length=20, blank=True)
    kind = models.CharField(max_length=40)
    payload = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["seq"]
        constraints = [models.UniqueConstraint(fields=["bug", "seq"], name="event_seq_once")]

    def __str__(self) -> str:
        return f"{self.kind} ({self.bug_id}/{self.seq})"
