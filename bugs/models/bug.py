"""A project, its bugs, what people said of them and the files they gave."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.models import AnonymousUser, User
from django.db import models


class ProjectQuerySet(models.QuerySet["Project"]):
    def for_user(self, user: User | AnonymousUser) -> ProjectQuerySet:
        """The projects `user` may see: all for a superuser, else those they are a member of."""
        if user.is_superuser:
            return self
        return self.filter(members=user) if user.is_authenticated else self.none()


class Project(models.Model):
    """Where bugs belong, and the wall nothing crosses: memory, caches and access are per project."""

    name = models.CharField(max_length=120, unique=True)
    members = models.ManyToManyField(settings.AUTH_USER_MODEL, blank=True, related_name="projects")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ProjectQuerySet.as_manager()

    def __str__(self) -> str:
        return self.name


class BugQuerySet(models.QuerySet["Bug"]):
    def for_user(self, user: User | AnonymousUser) -> BugQuerySet:
        if user.is_superuser:
            return self
        return self.filter(project__members=user).distinct() if user.is_authenticated else self.none()


class Bug(models.Model):
    """A report or alert. `last_seq` numbers its events; it only grows, under this row's lock."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="bugs")
    title = models.CharField(max_length=300)
    text = models.TextField(blank=True)
    reporter = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL)
    repository = models.CharField(max_length=1000, blank=True, help_text="URL or absolute path of a git repository")
    commit = models.CharField(max_length=200, blank=True)
    python = models.CharField(max_length=500, blank=True, help_text="interpreter that has the project's dependencies")
    test_command = models.CharField(max_length=500, blank=True)
    happened_at = models.DateTimeField(null=True, blank=True)
    demo = models.CharField(max_length=40, blank=True, db_index=True, help_text="which demo bug this is, if one")
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)
    last_seq = models.PositiveIntegerField(default=0)

    objects = BugQuerySet.as_manager()

    def __str__(self) -> str:
        return f"#{self.pk} {self.title}"


class Comment(models.Model):
    bug = models.ForeignKey(Bug, on_delete=models.CASCADE, related_name="comments")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL)
    author_name = models.CharField(max_length=120, blank=True)
    text = models.TextField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["created_at", "pk"]

    def __str__(self) -> str:
        return f"comment on #{self.bug_id}"


class Upload(models.Model):
    """A file on its way in, in raw parts; it becomes an Artifact when it is complete and belongs to a bug."""

    token = models.CharField(max_length=43, unique=True)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE)
    name = models.CharField(max_length=255)
    size = models.BigIntegerField()
    received = models.BigIntegerField(default=0)
    sha256 = models.CharField(max_length=64, blank=True)
    completed_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name


class Artifact(models.Model):
    """A file the reporter attached. `path` is relative to the data directory and never a name somebody gave."""

    bug = models.ForeignKey(Bug, on_delete=models.CASCADE, related_name="artifacts")
    name = models.CharField(max_length=255)
    path = models.CharField(max_length=200)
    size = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["bug", "path"], name="artifact_once")]

    def __str__(self) -> str:
        return self.name
