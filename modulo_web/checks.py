"""What is misconfigured, and the hint: run by `manage.py check` and before every start."""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core import checks


def register() -> None:
    checks.register(broker_address)
    checks.register(reachable_from_outside)
    checks.register(prices)


def broker_address(**_: Any) -> list[checks.CheckMessage]:
    scheme = urlsplit(settings.REDIS_URL).scheme
    if scheme in ("", "redis", "rediss", "unix"):
        return []
    hint = "Use redis://, rediss:// or unix://, leave it empty for a broker of Modulo's own, or set it to none."
    return [checks.Error(f"REDIS_URL begins with {scheme!r}.", hint=hint, id="modulo.E001")]


def reachable_from_outside(**_: Any) -> list[checks.CheckMessage]:
    if settings.MODULO_HOST in ("127.0.0.1", "::1", "localhost") or settings.MODULO_HOSTS:
        return []
    hint = "Set MODULO_HOSTS to the names people will use, and MODULO_HTTPS=true behind a proxy that speaks HTTPS."
    message = f"Modulo listens on {settings.MODULO_HOST}, but answers only to this machine's own names."
    return [checks.Warning(message, hint=hint, id="modulo.W001")]


def prices(**_: Any) -> list[checks.CheckMessage]:
    if (settings.MODULO_PRICE_INPUT is None) == (settings.MODULO_PRICE_OUTPUT is None):
        return []
    hint = "Set both MODULO_PRICE_INPUT and MODULO_PRICE_OUTPUT, or neither."
    return [checks.Warning("Only one of the two prices is set: no cost can be shown.", hint=hint, id="modulo.W002")]
