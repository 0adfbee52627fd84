"""Which address leads where."""

from importlib.util import find_spec

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from modulo_web import probes

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", probes.healthz),
    path("readyz", probes.readyz),
    path("admin/", admin.site.urls),
]
if find_spec("bugs.urls"):
    urlpatterns.append(path("", include("bugs.urls")))
