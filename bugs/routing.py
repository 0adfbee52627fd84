"""Which websocket is at which address."""

from __future__ import annotations

from django.urls import path

from bugs.consumers import BugConsumer, ListConsumer

websocket_urlpatterns = [
    path("ws/bugs/", ListConsumer.as_asgi()),
    path("ws/bugs/<int:bug_id>/", BugConsumer.as_asgi()),
]
