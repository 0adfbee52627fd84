"""A new bug: what happened, the files that show it, and the repository under suspicion."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from agents.errors import ModuloError
from bugs import actions
from bugs.actions import uploads
from bugs.forms import ReportForm
from bugs.models import Bug, Project, Upload
from bugs.views.access import signed_in


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new_bug(request: HttpRequest) -> HttpResponse:
    form = ReportForm(request.POST or None, request.FILES or None)
    tokens = request.POST.getlist("upload")
    if request.method == "POST" and form.is_valid():
        try:
            bug = _open(request, form, tokens)
        except ModuloError as error:
            form.add_error(None, f"{error} {error.hint}".strip())
        else:
            return redirect("bug", bug.pk)
    kept = Upload.objects.filter(owner=signed_in(request), token__in=tokens)
    status = 422 if form.is_bound else 200
    return render(request, "bugs/new.html", {"form": form, "uploads": kept, "part": uploads.PART}, status=status)


def _open(request: HttpRequest, form: ReportForm, tokens: list[str]) -> Bug:
    user, said = signed_in(request), form.cleaned_data
    project = Project.objects.for_user(user).order_by("pk").first()
    if project is None and not request.user.is_superuser:
        raise ModuloError("You are not a member of any project.", hint="Ask an administrator to add you to one.")
    fields = {name: said[name] for name in ("title", "text", "repository", "commit", "python", "test_command")}
    with transaction.atomic():  # a bug whose files did not arrive is not opened at all
        bug = actions.open_bug(project=project, reporter=user, **fields)
        uploads.attach_uploads(bug, user, tokens)
        for file in said["attachments"]:
            actions.attach(bug, file.name, file.read())
        actions.begin_run(bug, user, until=said["until"])
    messages.info(request, "The bug is in the queue.")
    return bug
