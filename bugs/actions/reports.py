"""A report becomes a bug; people comment on it and attach files."""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
import shutil
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction

from agents.errors import ReportProblem, SetupProblem
from bugs import events
from bugs.models import Artifact, Bug, Comment, Project, storable

LONGEST_TEXT = 1 << 20  # a report on a page; logs are attached as files
LONGEST_TITLE = 300
LONGEST_FIELD = {"repository": 1000, "commit": 200, "python": 500, "test_command": 500}


def default_project() -> Project:
    """Where a bug goes when nobody names a project: the first one, made when there is none."""
    return Project.objects.order_by("pk").first() or Project.objects.get_or_create(name="Modulo")[0]


@transaction.atomic
def open_bug(
    *,
    title: str = "",
    text: str = "",
    project: Project | None = None,
    reporter: User | None = None,
    repository: str = "",
    commit: str = "",
    python: str = "",
    test_command: str = "",
    happened_at: datetime | None = None,
    demo: str = "",
) -> Bug:
    """Keep a report as a bug; `begin_run` sets the stages going. Raises `ReportProblem` when nobody could read it."""
    text = _readable(text, "The report")
    bug = Bug.objects.create(
        project=project or default_project(),
        title=_title(title, text),
        text=text,
        reporter=reporter,
        repository=_field("repository", repository),
        commit=_field("commit", commit),
        python=_field("python", python),
        test_command=_field("test_command", test_command),
        happened_at=happened_at,
        demo=demo,
    )
    events.record(bug, "bug_opened", {"title": bug.title})
    return bug


@transaction.atomic
def add_comment(
    bug: Bug, text: str, *, author: User | None = None, author_name: str = "", at: datetime | None = None
) -> Comment:
    """Keep what somebody said about the bug; `author_name` and `at` for comments that were written elsewhere."""
    text = _readable(text, "The comment")
    if not text:
        raise ReportProblem("The comment is empty.", slug="comment-empty", hint="Write something, then send it.")
    name = storable.cut(storable.text(author_name or (author.get_username() if author else "")), 120)
    Bug.objects.select_for_update().get(pk=bug.pk)
    comment = Comment.objects.create(bug=bug, author=author, author_name=name, text=text)
    if at is not None:
        Comment.objects.filter(pk=comment.pk).update(created_at=at)
        comment.created_at = at
    events.record(bug, "comment_added", {"comment": comment.pk, "author": name})
    return comment


def attach(bug: Bug, name: str, source: Path | bytes, *, move: bool = False) -> Artifact:
    """Keep a file with the bug; the same file under the same name is kept once. `move` takes `source` away.

    `name` is what the reporter calls it: shown, never used as a path. The file is on disk before the row is.
    """
    name = storable.cut(storable.text(Path(name).name or "file"), 255)
    staged, digest, size = _staged(source, move)
    path = f"artifacts/{bug.pk}/{hashlib.sha256(f'{digest} {name}'.encode()).hexdigest()[:32]}"
    target = settings.MODULO_DATA / path
    target.parent.mkdir(parents=True, exist_ok=True)
    staged.replace(target)
    with transaction.atomic():
        Bug.objects.select_for_update().get(pk=bug.pk)
        defaults = {"name": name, "size": size, "sha256": digest}
        artifact, fresh = Artifact.objects.get_or_create(bug=bug, path=path, defaults=defaults)
        if fresh:
            events.record(bug, "attachment_added", {"artifact": artifact.pk, "name": name, "size": size})
    return artifact


def _staged(source: Path | bytes, move: bool) -> tuple[Path, str, int]:
    """A private copy of `source` on the disk of the data directory, its SHA-256 and its size."""
    directory = settings.MODULO_DATA / "artifacts"
    directory.mkdir(parents=True, exist_ok=True)
    staged = directory / f"staged-{secrets.token_hex(16)}"
    try:
        _write(source, staged, move)
        with staged.open("rb+") as kept:
            digest = hashlib.file_digest(kept, "sha256").hexdigest()
            os.fsync(kept.fileno())
    except OSError as error:
        staged.unlink(missing_ok=True)
        raise SetupProblem(
            f"The file could not be kept: {error.strerror or error}.",
            slug="disk-full" if error.errno == errno.ENOSPC else "attachment-unreadable",
            hint=f"Look at the free space of {settings.MODULO_DATA}, then attach it again.",
        ) from error
    return staged, digest, staged.stat().st_size


def _write(source: Path | bytes, target: Path, move: bool) -> None:
    if isinstance(source, bytes):
        target.write_bytes(source)
    elif move:
        shutil.move(source, target)
    else:
        shutil.copyfile(source, target)


def _readable(text: str, what: str) -> str:
    """`text` fit to be kept, or a `ReportProblem` that says why it is not."""
    if len(text) > LONGEST_TEXT:
        raise ReportProblem(
            f"{what} has {len(text):,} characters; the most is {LONGEST_TEXT:,}.",
            slug="report-too-long",
            hint="Attach long logs as files: they are read whole, whatever their size.",
        )
    return storable.text(text).strip()


def _title(title: str, text: str) -> str:
    """The title given, else the first line of the report."""
    lines = (line.strip().lstrip("#").strip() for line in (storable.text(title), *text.splitlines()))
    found = next((line for line in lines if line), "")
    if not found:
        raise ReportProblem(
            "The report is empty.",
            slug="report-empty",
            hint="Give it a title or say what went wrong: what you did, what you expected, what happened.",
        )
    return storable.cut(found, LONGEST_TITLE)


def _field(name: str, value: str) -> str:
    """A one-line value that fits its column."""
    value = storable.text(value).strip()
    longest = LONGEST_FIELD[name]
    if len(value) > longest or any(sign in value for sign in "\r\n"):
        raise ReportProblem(
            f"The {name.replace('_', ' ')} must be one line of at most {longest} characters.", slug="report-field"
        )
    return value
