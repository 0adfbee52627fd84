"""Doors for machines: a bug as JSON, its events over HTTP, and large files in raw parts."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from agents.errors import ModuloError
from bugs import replay, story, summary
from bugs.actions import uploads
from bugs.models import Bug, Upload

View = Callable[..., HttpResponse]


def refusal(error: ModuloError, status: int = 400, **more: Any) -> JsonResponse:
    return JsonResponse(
        {"error": {"slug": error.slug, "message": str(error), "hint": error.hint}, **more}, status=status
    )


def signed_in(view: View) -> View:
    """Machines get 401 and a sentence instead of the login page."""

    @wraps(view)
    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not isinstance(request.user, User):
            return refusal(ModuloError("You are signed out.", hint="Sign in again.", slug="signed-out"), 401)
        return view(request, *args, **kwargs)

    return checked


@signed_in
@require_GET
def bug_json(request: HttpRequest, bug_id: int) -> HttpResponse:
    """The bug and its latest run, in the shape of docs/reference/triage-json.md."""
    bug = get_object_or_404(Bug.objects.for_user(request.user), pk=bug_id)
    run = story.tell(bug).run
    said = {"id": bug.pk, "title": bug.title, "seq": bug.last_seq, "run": run.number if run else None}
    return JsonResponse({**said, **(summary.of_run(run) if run else {})})


@signed_in
@require_GET
def bug_events(request: HttpRequest, bug_id: int) -> HttpResponse:
    """The kept events after `since`: what the socket replays, for where sockets are blocked."""
    bug = get_object_or_404(Bug.objects.for_user(request.user), pk=bug_id)
    since = request.GET.get("since", "0")
    listed = replay.since(bug.pk, int(since) if since.isdecimal() else 0)
    return JsonResponse({"events": listed, "last": bug.last_seq})


@signed_in
@require_POST
def begin_upload(request: HttpRequest) -> HttpResponse:
    """{"name", "size"} -> {"token", "received", "part"}: where to send the parts, and how large they may be."""
    try:
        asked = json.loads(request.body)
        name, size = str(asked["name"]), int(asked["size"])
    except (ValueError, KeyError, TypeError):
        return refusal(ModuloError("Send {name, size} as JSON.", slug="upload-refused"))
    assert isinstance(request.user, User)
    try:
        upload = uploads.begin_upload(request.user, name, size)
    except ModuloError as error:
        return refusal(error)
    return JsonResponse(_state(upload), status=201)


@signed_in
@require_http_methods(["GET", "PUT", "DELETE"])
def upload(request: HttpRequest, token: str) -> HttpResponse:
    """GET says how much has arrived, PUT ?offset= appends a raw part with its SHA-256, DELETE forgets it."""
    found = get_object_or_404(Upload, token=token, owner=request.user)
    if request.method == "DELETE":
        uploads.cancel_upload(found)
        return HttpResponse(status=204)
    return _part(request, found) if request.method == "PUT" else JsonResponse(_state(found))


def _part(request: HttpRequest, found: Upload) -> HttpResponse:
    offset, digest = request.GET.get("offset", ""), request.headers.get("X-Part-Sha256", "")
    if not offset.isdecimal():
        return refusal(ModuloError("Say where the part begins: ?offset=.", slug="upload-refused"))
    if int(request.headers.get("Content-Length") or 0) > uploads.PART:
        return refusal(ModuloError("A part may have 8 MiB.", slug="upload-refused"), 413)
    try:
        return JsonResponse(_state(uploads.add_part(found, int(offset), request.body, digest)))
    except uploads.WrongOffset as wrong:
        error = ModuloError("The file does not end there.", hint="Go on at the offset given.", slug="upload-offset")
        return refusal(error, 409, received=wrong.right)
    except ModuloError as error:
        return refusal(error, 422)


def _state(found: Upload) -> dict[str, Any]:
    whole = found.completed_at is not None
    return {"token": found.token, "received": found.received, "size": found.size, "part": uploads.PART, "whole": whole}
