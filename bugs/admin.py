"""The back office: every row can be found; what is history can be read and not changed."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from bugs import models

admin.site.site_header = "Modulo"
admin.site.site_title = "Modulo"
admin.site.index_title = "Everything that is remembered"


class ReadOnly(admin.ModelAdmin[Any]):
    """History: shown, searched, never changed by hand."""

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(models.Project)
class ProjectAdmin(admin.ModelAdmin[models.Project]):
    list_display = ("name", "created_at")
    search_fields = ("name",)
    filter_horizontal = ("members",)


@admin.register(models.Bug)
class BugAdmin(admin.ModelAdmin[models.Bug]):
    list_display = ("pk", "title", "project", "reporter", "repository", "created_at")
    list_display_links = ("pk", "title")
    list_filter = ("project", "demo", "created_at")
    search_fields = ("title", "text", "repository")
    list_select_related = ("project", "reporter")
    readonly_fields = ("last_seq", "created_at", "demo")
    autocomplete_fields = ("project",)
    raw_id_fields = ("reporter",)


@admin.register(models.Comment)
class CommentAdmin(admin.ModelAdmin[models.Comment]):
    list_display = ("pk", "bug", "author_name", "created_at")
    list_filter = ("created_at",)
    search_fields = ("text", "author_name", "bug__title")
    list_select_related = ("bug",)
    raw_id_fields = ("bug", "author")


@admin.register(models.Artifact)
class ArtifactAdmin(ReadOnly):
    list_display = ("name", "bug", "size", "sha256", "created_at")
    list_filter = ("created_at",)
    search_fields = ("name", "sha256", "bug__title")
    list_select_related = ("bug",)


@admin.register(models.Upload)
class UploadAdmin(ReadOnly):
    list_display = ("name", "owner", "received", "size", "completed_at", "created_at")
    list_filter = ("completed_at",)
    search_fields = ("name", "owner__username")
    list_select_related = ("owner",)
    exclude = ("token",)  # whoever knows it may write


@admin.register(models.Run)
class RunAdmin(ReadOnly):
    list_display = ("bug", "number", "status", "verdict", "started_by", "created_at", "finished_at")
    list_filter = ("status", "verdict", "created_at")
    search_fields = ("bug__title", "reason")
    list_select_related = ("bug", "started_by")


@admin.register(models.Stage)
class StageAdmin(ReadOnly):
    list_display = ("run", "name", "try_no", "status", "verdict", "attempts", "started_at", "finished_at")
    list_filter = ("name", "status", "verdict")
    search_fields = ("run__bug__title", "reason", "owner")
    list_select_related = ("run__bug",)


@admin.register(models.Step)
class StepAdmin(ReadOnly):
    list_display = ("key", "stage", "created_at")
    list_filter = ("stage__name", "created_at")
    search_fields = ("key", "stage__run__bug__title")
    list_select_related = ("stage__run",)


@admin.register(models.Candidate)
class CandidateAdmin(ReadOnly):
    list_display = ("run", "number", "origin", "path", "line", "verdict", "rank", "created_at")
    list_filter = ("trial__verdict", "origin", "created_at")
    search_fields = ("diff", "why", "path", "function", "run__bug__title")
    list_select_related = ("run", "trial")

    @admin.display(ordering="trial__verdict")
    def verdict(self, candidate: models.Candidate) -> str:
        trial = getattr(candidate, "trial", None)
        return trial.verdict if trial else ""


@admin.register(models.Trial)
class TrialAdmin(ReadOnly):
    list_display = ("candidate", "verdict", "step", "passed", "failed", "seconds", "created_at")
    list_filter = ("verdict", "step", "created_at")
    search_fields = ("reason", "output", "candidate__path", "candidate__run__bug__title")
    list_select_related = ("candidate__run",)


@admin.register(models.ModelCall)
class ModelCallAdmin(ReadOnly):
    list_display = ("pk", "purpose", "model", "stage", "tokens_in", "tokens_out", "cost_usd", "latency_ms", "error")
    list_filter = ("purpose", "model", "error", "created_at")
    search_fields = ("key", "text", "stage__run__bug__title")
    list_select_related = ("stage__run",)


@admin.register(models.Event)
class EventAdmin(ReadOnly):
    list_display = ("bug", "seq", "kind", "run", "stage", "created_at")
    list_filter = ("kind", "stage", "created_at")
    search_fields = ("bug__title", "kind")
    list_select_related = ("bug",)


@admin.register(models.MemoryItem)
class MemoryItemAdmin(admin.ModelAdmin[models.MemoryItem]):
    list_display = ("text", "kind", "project", "bug", "pinned", "created_at")
    list_filter = ("kind", "pinned", "project", "created_at")
    search_fields = ("text", "bug__title")
    list_select_related = ("project", "bug")
    fields = ("project", "bug", "kind", "text", "pinned", "payload", "created_at", "updated_at")
    readonly_fields = ("project", "bug", "kind", "text", "payload", "created_at", "updated_at")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False


@admin.register(models.MemoryChange)
class MemoryChangeAdmin(ReadOnly):
    list_display = ("uid", "action", "project", "created_at")
    list_filter = ("action", "project", "created_at")
    search_fields = ("uid", "old_text", "new_text")
    list_select_related = ("project",)


@admin.register(models.MemoryEdge)
class MemoryEdgeAdmin(ReadOnly):
    list_display = ("relation", "kind", "identifier", "item")
    list_filter = ("relation", "kind")
    search_fields = ("identifier", "item__text")
    list_select_related = ("item",)


@admin.register(models.MemoryUse)
class MemoryUseAdmin(ReadOnly):
    list_display = ("item", "bug", "run", "purpose", "score", "created_at")
    list_filter = ("purpose", "created_at")
    search_fields = ("query", "item__text", "bug__title")
    list_select_related = ("item", "bug")
