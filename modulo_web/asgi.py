"""The door of the web process: HTTP goes to Django, websockets to the consumers, foreign origins nowhere."""

import os
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "modulo_web.settings")


def build() -> Any:
    http = get_asgi_application()  # first: what follows needs Django to be set up
    from channels.auth import AuthMiddlewareStack
    from channels.routing import ProtocolTypeRouter, URLRouter
    from channels.security.websocket import OriginValidator
    from django.conf import settings

    patterns = import_module("bugs.routing").websocket_urlpatterns if find_spec("bugs.routing") else []
    sockets = OriginValidator(AuthMiddlewareStack(URLRouter(patterns)), settings.MODULO_ORIGINS)
    return ProtocolTypeRouter({"http": http, "websocket": sockets})


application = build()
