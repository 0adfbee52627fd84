"""`manage.py serve`: the web process alone, for installations that start their parts themselves."""

import asyncio
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from bugs.announce import courier
from modulo_web import listening


class Command(BaseCommand):
    help = "Serve pages and websockets until told to stop; `up` starts this and the workers."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--fd", type=int, help="an open listening socket to serve on (default: open one)")

    def handle(self, *args: Any, fd: int | None, **options: Any) -> None:
        if fd is not None:
            serve(fd)
            return
        with listening.listen(settings.MODULO_HOST, settings.MODULO_PORT) as opened:
            self.stdout.write(f"serving {listening.address(opened)}")
            serve(opened.fileno())


def serve(fd: int) -> None:
    from modulo_web import web  # here: it installs Twisted's reactor, which no other command needs
    from modulo_web.asgi import application

    if not settings.REDIS_URL:
        work_here(web.loop)
    web.serve(application, fd)


def work_here(loop: asyncio.AbstractEventLoop) -> None:
    """Without a broker there are no workers: this process does the work, and tells its own pages on its own loop."""
    from bugs import jobs  # here: with a broker, the web process has no use for what workers import

    courier.attach(loop)
    jobs.serve_here()
