"""`manage.py up`: everything, in one terminal, until Ctrl-C."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from agents.errors import ModuloError
from modulo_web.everything import Everything


class Command(BaseCommand):
    help = "Start the broker, the pages and the workers, and keep them running until Ctrl-C."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        self.check()
        everything = Everything(self._say)
        try:
            everything.run()
        except ModuloError as error:
            raise CommandError(f"{error} {error.hint}") from error
        finally:
            everything.close()

    def _say(self, what: str, text: str) -> None:
        self.stdout.write(f"{what or ' '} {text}".rstrip())
        self.stdout.flush()
