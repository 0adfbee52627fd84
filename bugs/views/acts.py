"""What people do with a bug: run it, stop it, go on from a stage, comment, add files. Each a form, each one action."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from agents.errors import ModuloError
from bugs import actions
from bugs.actions import uploads
from bugs.forms import CommentForm, FilesForm
from bugs.models import Bug, Run
from bugs.views.access import signed_in, visible_bug


@login_required
@require_POST
def run(request: HttpRequest, bug_id: int) -> HttpResponse:
    bug = visible_bug(request, bug_id)
    until = request.POST.get("until", "")
    return _then(request, bug, lambda: actions.begin_run(bug, signed_in(request), until=until), "The run is queued.")


@login_required
@require_POST
def stop(request: HttpRequest, bug_id: int) -> HttpResponse:
    bug = visible_bug(request, bug_id)
    active = bug.runs.filter(status=Run.Status.RUNNING).last()
    if active is None:
        messages.info(request, "Nothing is running.")
        return redirect("bug", bug.pk)
    return _then(request, bug, lambda: actions.cancel_run(active), "The run was stopped.")


@login_required
@require_POST
def resume(request: HttpRequest, bug_id: int) -> HttpResponse:
    """Run again from a stage of the run that was shown."""
    bug = visible_bug(request, bug_id)
    number = request.POST.get("run", "")
    shown = get_object_or_404(bug.runs, number=int(number) if number.isdecimal() else 0)
    stage = request.POST.get("stage", "")
    again = lambda: actions.run_again_from(shown, stage, signed_in(request), until=shown.until)  # noqa: E731
    return _then(request, bug, again, "The run goes on.")


@login_required
@require_POST
def comment(request: HttpRequest, bug_id: int) -> HttpResponse:
    bug = visible_bug(request, bug_id)
    form = CommentForm(request.POST)
    if not form.is_valid():
        messages.error(request, "The comment is empty or too long.")
        return redirect("bug", bug.pk)
    text = form.cleaned_data["text"]
    return _then(request, bug, lambda: actions.add_comment(bug, text, author=signed_in(request)), "", "report")


@login_required
@require_POST
def add_files(request: HttpRequest, bug_id: int) -> HttpResponse:
    """Files sent with the form, or those whose parts have arrived."""
    bug = visible_bug(request, bug_id)
    form = FilesForm(request.POST, request.FILES)
    if not form.is_valid():
        messages.error(request, " ".join(map(str, form.errors.get("attachments", ["The files could not be read."]))))
        return redirect("bug", bug.pk)

    def keep() -> None:
        uploads.attach_uploads(bug, signed_in(request), request.POST.getlist("upload"))
        for file in form.cleaned_data["attachments"]:
            actions.attach(bug, file.name, file.read())

    return _then(request, bug, keep, "The files are kept. Run again to read them.", "report")


def _then(request: HttpRequest, bug: Bug, act: Callable[[], object], said: str, anchor: str = "") -> HttpResponse:
    """Do it, say how it went, and show the bug."""
    try:
        act()
    except ModuloError as error:
        messages.error(request, f"{error} {error.hint}".strip())
    else:
        if said:
            messages.success(request, said)
    target = redirect("bug", bug.pk)
    if anchor:
        target["Location"] += f"#{anchor}"
    return target
