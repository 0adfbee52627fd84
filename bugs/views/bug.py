"""A bug's page, each of its sections alone, and what can be downloaded from it."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.template.loader import render_to_string
from django.views.decorators.http import require_GET

from bugs import sections, story
from bugs.models import Artifact, Bug, Candidate, ModelCall
from bugs.sections import SECTIONS, Section
from bugs.story import Story
from bugs.views.access import visible_bug

MAIN = ("report", "candidates", "reproduction", "suspects", "chunks", "evidence", "logs", "calls", "memory", "cost")


def story_of(request: HttpRequest, bug: Bug) -> Story:
    """The run the address asks for with `?run=`, else the latest."""
    number = request.GET.get("run", "")
    if number and not number.isdecimal():
        raise Http404("A run is named by its number.")
    return story.tell(bug, int(number) if number else None)


@login_required
@require_GET
def bug_page(request: HttpRequest, bug_id: int) -> HttpResponse:
    told = story_of(request, visible_bug(request, bug_id))
    parts = {name: (part, _render(request, part, told)) for name, part in SECTIONS.items()}
    context = {"bug": told.bug, "story": told, "parts": parts, "main": [parts[name] for name in MAIN]}
    return render(request, "bugs/bug.html", context)


@login_required
@require_GET
def section(request: HttpRequest, bug_id: int, name: str) -> HttpResponse:
    """One section as it is now, for an open page."""
    part = SECTIONS.get(name)
    if part is None:
        raise Http404("There is no such section.")
    return HttpResponse(_render(request, part, story_of(request, visible_bug(request, bug_id))))


def _render(request: HttpRequest, part: Section, told: Story) -> str:
    return render_to_string(part.template, sections.context_of(part, told, request.GET.dict()), request)


@login_required
@require_GET
def candidate(request: HttpRequest, bug_id: int, pk: int) -> HttpResponse:
    """One candidate in full: as a page, or as the fragment an open board puts in its place."""
    found = get_object_or_404(Candidate.objects.select_related("trial", "run"), pk=pk, run__bug=_bug(request, bug_id))
    template = "bugs/candidate_body.html" if "fragment" in request.GET else "bugs/candidate.html"
    return render(request, template, {"candidate": found, "bug": found.run.bug})


@login_required
@require_GET
def patch(request: HttpRequest, bug_id: int, pk: int) -> HttpResponse:
    """A candidate as a file for `git apply`."""
    found = get_object_or_404(Candidate, pk=pk, run__bug=_bug(request, bug_id))
    answer = HttpResponse(found.diff, content_type="text/x-patch; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="bug-{bug_id}-candidate-{found.number}.patch"'
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


@login_required
@require_GET
def model_call(request: HttpRequest, bug_id: int, pk: int) -> HttpResponse:
    """One model call: exactly what was sent, and what came back."""
    found = get_object_or_404(ModelCall.objects.select_related("stage"), pk=pk, stage__run__bug=_bug(request, bug_id))
    template = "bugs/call_body.html" if "fragment" in request.GET else "bugs/call.html"
    return render(request, template, {"call": found, "bug": found.stage.run.bug})


@login_required
@require_GET
def artifact(request: HttpRequest, bug_id: int, pk: int) -> FileResponse:
    """A file as it came, always as a download: its content is the reporter's, and never shown as a page of ours."""
    found = get_object_or_404(Artifact, pk=pk, bug=_bug(request, bug_id))
    path = Path(settings.MODULO_DATA) / found.path
    if not path.is_file():
        raise Http404("The file is gone from the data directory.")
    answer = FileResponse(path.open("rb"), as_attachment=True, filename=found.name)
    answer["Content-Type"] = "application/octet-stream"
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


def _bug(request: HttpRequest, bug_id: int) -> Bug:
    return visible_bug(request, bug_id)
