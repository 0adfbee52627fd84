"""What earlier bugs taught: items, their history, their edges, and where each was used."""

from __future__ import annotations

from django.db import models

from bugs.models.bug import Bug, Project


class MemoryItem(models.Model):
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="memories")
    bug = models.ForeignKey(Bug, null=True, blank=True, on_delete=models.SET_NULL, related_name="memories")
    uid = models.CharField(max_length=36, unique=True)
    kind = models.CharField(max_length=20)
    text = models.TextField()
    text_hash = models.CharField(max_length=64)
    vector = models.BinaryField(null=True, blank=True)
    payload = models.JSONField(default=dict)
    pinned = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "text_hash"], name="memory_once")]

    def __str__(self) -> str:
        return self.text[:80]


class MemoryChange(models.Model):
    uid = models.CharField(max_length=36, db_index=True)
    project = models.ForeignKey(Project, on_delete=models.CASCADE)
    action = models.CharField(max_length=10)
    old_text = models.TextField(blank=True)
    new_text = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.action} {self.uid}"


class MemoryEdge(models.Model):
    """A fact's link into the graph bug - file - symbol - commit - exception."""

    item = models.ForeignKey(MemoryItem, on_delete=models.CASCADE, related_name="edges")
    relation = models.CharField(max_length=40)
    kind = models.CharField(max_length=20)
    identifier = models.CharField(max_length=300, db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["item", "relation", "kind", "identifier"], name="memory_edge_once")
        ]

    def __str__(self) -> str:
        return f"{self.relation} {self.kind}:{self.identifier}"


class MemoryUse(models.Model):
    """One memory retrieved for one purpose, with the parts of its score."""

    item = models.ForeignKey(MemoryItem, on_delete=models.CASCADE, related_name="uses")
    bug = models.ForeignKey(Bug, on_delete=models.CASCADE)
    run = models.PositiveIntegerField(default=0)
    purpose = models.CharField(max_length=60)
    query = models.TextField(blank=True)
    score = models.FloatField()
    parts = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.item_id} for {self.purpose}"
