"""Who may see what: every view gets its bug from here, and nobody learns that a bug of another project exists."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from bugs.models import Bug


def visible_bug(request: HttpRequest, bug_id: int) -> Bug:
    """The bug if the user may see it; else the same 404 as for one that does not exist."""
    return get_object_or_404(Bug.objects.for_user(request.user).select_related("project", "reporter"), pk=bug_id)


def signed_in(request: HttpRequest) -> User:
    """The user behind a view that `login_required` guards."""
    assert isinstance(request.user, User)
    return request.user
