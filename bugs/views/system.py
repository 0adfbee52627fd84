"""The System page: every part of the installation, whether it works, and for each fault its fix."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from bugs import health


@login_required
@require_GET
def system_page(request: HttpRequest) -> HttpResponse:
    return render(request, "system.html", {"parts": health.survey()})
