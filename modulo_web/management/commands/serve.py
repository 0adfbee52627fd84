"""`manage.py serve`: the web process alone, for installations that start their parts themselves."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from modulo_web import listening


class Command(BaseCommand):
    help = "Serve pages and websockets until told to stop; `up` starts this and the workers."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--fd", type=int, help="an open listening socket to serve on (default: open one)")

    def handle(self, *args: Any, fd: int | None, **options: Any) -> None:
        if fd is None:
            with listening.listen(settings.MODULO_HOST, settings.MODULO_PORT) as opened:
                self.stdout.write(f"serving {listening.address(opened)}")
                self._serve(opened.fileno())
        else:
            self._serve(fd)

    def _serve(self, fd: int) -> None:
        from modulo_web import web  # here: it installs Twisted's reactor, which no other command needs
        from modulo_web.asgi import application

        if not settings.REDIS_URL:
            from bugs import jobs  # with a broker the workers do the work, and this process stays light

            jobs.serve_here()
        web.serve(application, fd)
