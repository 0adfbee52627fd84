"""Large files come in raw parts, in order, and can go on after a break; a complete one is attached to a bug."""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Iterable
from pathlib import Path

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from agents.errors import ReportProblem
from bugs.actions.reports import attach
from bugs.models import Artifact, Bug, Upload, storable

PART = 8 << 20
LONGEST_FILE = 64 << 30


class WrongOffset(Exception):
    """A part did not begin where the file ends; `right` is where the next one must."""

    def __init__(self, right: int) -> None:
        super().__init__(f"the next part begins at {right}")
        self.right = right


def begin_upload(owner: User, name: str, size: int) -> Upload:
    """A place for a file of `size` bytes; its token names it from now on."""
    if not 0 <= size <= LONGEST_FILE:
        raise ReportProblem("A file may have up to 64 GiB.", slug="upload-refused", hint="Attach a shorter span of it.")
    name = storable.cut(storable.text(Path(name).name or "file"), 255)
    upload = Upload.objects.create(token=secrets.token_urlsafe(32), owner=owner, name=name, size=size)
    place(upload).parent.mkdir(parents=True, exist_ok=True)
    place(upload).touch(mode=0o600)
    if size == 0:
        _complete(upload)
    return upload


@transaction.atomic
def add_part(upload: Upload, offset: int, part: bytes, sha256: str) -> Upload:
    """Append `part` at `offset`; raises `WrongOffset` when the file does not end there, so that the sender can go on.

    `sha256` is "" from browsers that cannot compute it (pages that came over plain HTTP from another machine).
    """
    if sha256 and hashlib.sha256(part).hexdigest() != sha256:
        raise ReportProblem(
            "The part arrived damaged: its SHA-256 differs.", slug="upload-damaged", hint="Send it again."
        )
    locked = Upload.objects.select_for_update().get(pk=upload.pk)
    if offset != locked.received:
        raise WrongOffset(locked.received)
    if offset + len(part) > locked.size:
        raise ReportProblem("The file is longer than announced.", slug="upload-refused", hint="Start the upload again.")
    with place(locked).open("r+b") as file:
        file.truncate(offset)  # what a part that was cut off left behind
        file.seek(offset)
        file.write(part)
        file.flush()
        os.fsync(file.fileno())
    locked.received = offset + len(part)
    locked.save(update_fields=["received"])
    if locked.received == locked.size:
        _complete(locked)
    return locked


def cancel_upload(upload: Upload) -> None:
    place(upload).unlink(missing_ok=True)
    upload.delete()


def attach_uploads(bug: Bug, owner: User, tokens: Iterable[str]) -> list[Artifact]:
    """The complete uploads of `owner` become files of `bug`; one that is unknown or unfinished is an error."""
    wanted = list(dict.fromkeys(tokens))
    found = {upload.token: upload for upload in Upload.objects.filter(owner=owner, token__in=wanted)}
    missing = [token for token in wanted if token not in found or found[token].completed_at is None]
    if missing:
        raise ReportProblem(
            "A file has not arrived whole.", slug="upload-unfinished", hint="Wait for its upload to end, or remove it."
        )
    return [_attach(bug, found[token]) for token in wanted]


def _attach(bug: Bug, upload: Upload) -> Artifact:
    artifact = attach(bug, upload.name, place(upload), move=True)
    upload.delete()
    return artifact


def place(upload: Upload) -> Path:
    """Where the parts are gathered; the name is the token's, never the one the file came with."""
    return Path(settings.MODULO_DATA) / "uploads" / upload.token


def _complete(upload: Upload) -> None:
    upload.completed_at = timezone.now()
    upload.save(update_fields=["completed_at"])
