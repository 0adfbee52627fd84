"""Two addresses for machines: `/healthz`, is this process alive; `/readyz`, can it do its work."""

from django.conf import settings
from django.db import Error, connection
from django.http import HttpRequest, JsonResponse

from modulo_web import broker


def healthz(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "alive"})


def readyz(request: HttpRequest) -> JsonResponse:
    """200 when database and broker answer, else 503: without the broker work goes on, but slower."""
    parts = {"database": _database_answers(), "broker": not settings.REDIS_URL or broker.answers(settings.REDIS_URL)}
    ready = all(parts.values())
    return JsonResponse({"status": "ready" if ready else "not ready", **parts}, status=200 if ready else 503)


def _database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error:
        return False
    return True
