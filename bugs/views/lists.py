"""The bugs list, its rows one by one, and the demo bugs it offers while it is empty."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from bugs import board
from bugs.demo.catalogue import DEMOS, Demo
from bugs.demo.opening import open_demo
from bugs.models import Bug
from bugs.views.access import signed_in, visible_bug

FEW = 6  # a list this short still has room for the demo bugs


@login_required
@require_GET
def bug_list(request: HttpRequest) -> HttpResponse:
    name = request.GET.get("tab", "all")
    if name not in board.TABS:
        raise Http404("There is no such tab.")
    asked = request.GET.get("q", "").strip()[:200]
    bugs = board.search(Bug.objects.for_user(request.user), asked)
    before = request.GET.get("before", "")
    rows, following = board.page(bugs, name, int(before) if before.isdecimal() else None)
    counts = board.counts(bugs)
    context = {
        "tabs": [(tab, counts[tab.name]) for tab in board.TABS.values()],
        "chosen": board.TABS[name],
        "rows": rows,
        "following": following,
        "asked": asked,
        "demos": _unopened() if name == "all" and not asked and len(rows) < FEW else (),
    }
    return render(request, "bugs/list.html", context)


@login_required
@require_GET
def bug_row(request: HttpRequest, bug_id: int) -> HttpResponse:
    """One row as it is now, for an open list; 404 once the bug is not to be seen."""
    found = board.with_last_run(Bug.objects.for_user(request.user)).filter(pk=visible_bug(request, bug_id).pk)
    return render(request, "bugs/row.html", {"row": board.rows(list(found))[0]})


@login_required
@require_GET
def tab_counts(request: HttpRequest) -> HttpResponse:
    """The tabs with their counts as they are now, for an open list."""
    counts = board.counts(board.search(Bug.objects.for_user(request.user), request.GET.get("q", "")[:200]))
    tabs = [(tab, counts[tab.name]) for tab in board.TABS.values()]
    chosen = board.TABS.get(request.GET.get("tab", "all"), board.TABS["all"])
    return render(request, "bugs/tabs.html", {"tabs": tabs, "chosen": chosen, "asked": request.GET.get("q", "")})


@login_required
@require_POST
def start_demo(request: HttpRequest, slug: str) -> HttpResponse:
    """Open a demo bug and set it going; one that is there already is shown instead."""
    if slug not in DEMOS:
        raise Http404("There is no such demo.")
    known = Bug.objects.for_user(request.user).filter(demo=slug).last()
    if known is not None:
        return redirect("bug", known.pk)
    bug, _ = open_demo(slug, signed_in(request))
    messages.info(request, "The demo bug is on its way through the stages.")
    return redirect("bug", bug.pk)


def _unopened() -> list[Demo]:
    opened = set(Bug.objects.exclude(demo="").values_list("demo", flat=True))
    return [demo for demo in DEMOS.values() if demo.slug not in opened]
