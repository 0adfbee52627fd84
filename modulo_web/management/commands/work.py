"""`manage.py work QUEUE`: one worker process, for as long as it is wanted."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from redis import RedisError

from modulo_web import workers


class Command(BaseCommand):
    help = "Work on one queue until told to stop; `up` starts these, more may run on other machines."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("queue", choices=sorted(workers.KINDS))

    def handle(self, *args: Any, queue: str, **options: Any) -> None:
        try:
            workers.work(queue)
        except RedisError as error:
            raise CommandError(f"The broker does not answer: {error}. Start it, or see `manage.py doctor`.") from error
