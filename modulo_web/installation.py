"""One Modulo on one data directory: claims it, brings up broker, database and workers, and hands it back."""

import os
import secrets
import signal
import sys
from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.db import connection

from agents.errors import SetupProblem
from modulo_web import broker
from modulo_web.children import Part
from modulo_web.claim import Claim
from modulo_web.supervisor import Supervisor

LOGS = "logs"
BROKER_SECONDS = 15.0  # a large append-only file takes a while to load
EXTERNAL_SECONDS = 5.0
FIRST_USER = "admin"


class Installation:
    """What `up` and `triage` share. `say` gets a line for each part that is ready."""

    def __init__(self, say: Callable[[str, str], None]) -> None:
        self.say = say
        self.claim = Claim(settings.MODULO_DATA)
        self.supervisor = Supervisor(settings.MODULO_DATA / LOGS, lambda text: say("restart", text))
        self.without_broker = not settings.REDIS_URL

    def start_broker(self) -> None:
        """Start or find the broker; without any, say so: then the web process does all the work."""
        if self.without_broker:
            self.say("broker", "none (REDIS_URL=none): the web process does the work itself")
        elif settings.BROKER_IS_OURS:
            self._start_own_broker()
        elif not broker.wait(settings.REDIS_URL, EXTERNAL_SECONDS):
            raise SetupProblem(
                f"The broker at {shown(settings.REDIS_URL)} does not answer.",
                slug="broker-unreachable",
                hint="Start it, correct REDIS_URL, or leave REDIS_URL empty for a broker of Modulo's own.",
            )
        else:
            self.say("broker", shown(settings.REDIS_URL))

    def _start_own_broker(self) -> None:
        server = broker.available()
        if server is None:
            self._go_without("no server program fits this machine")
            return
        broker.end_orphan(settings.REDIS_URL)
        directory = broker.prepare(server, settings.BROKER_SOCKET, settings.MODULO_DATA)
        command = broker.command(server, settings.BROKER_SOCKET, directory)
        child = self.supervisor.start(Part(name="broker", command=command, order=0, orphan=signal.SIGTERM))
        if not broker.wait(settings.REDIS_URL, BROKER_SECONDS):
            # Its file may be damaged. It holds hints only, the rows are the truth: start on an empty one.
            child.end_group()
            directory.rename(directory.with_name(f"{directory.name}-damaged-{secrets.token_hex(4)}"))
            directory.mkdir(mode=0o700)
            child.start()
            if not broker.wait(settings.REDIS_URL, BROKER_SECONDS):
                child.end_group()
                self.supervisor.children.remove(child)
                self._go_without(f"{server.name} does not start, see {child.log}")
                return
        self.say("broker", f"{server.name} on a unix socket")

    def _go_without(self, why: str) -> None:
        self.without_broker = True
        os.environ["REDIS_URL"] = "none"  # for the children
        self.say("broker", f"none ({why}): the web process does the work itself")

    def prepare_database(self) -> None:
        call_command("migrate", verbosity=0, interactive=False)
        self.say("database", f"{connection.display_name}, up to date")

    def start_workers(self) -> None:
        if self.without_broker:
            return
        counts = {"stages": settings.MODULO_STAGE_WORKERS, "chunks": settings.MODULO_CHUNK_WORKERS}
        for queue, count in counts.items():
            for number in range(1, count + 1):
                self.supervisor.start(Part(name=f"{queue}-{number}", command=manage("work", queue), environment=CHILD))
        self.say("workers", ", ".join(f"{count} x {queue}" for queue, count in counts.items() if count))

    def close(self) -> None:
        self.supervisor.stop()
        self.claim.release()


CHILD = {"MODULO_CHILD": "1", "PYTHONUNBUFFERED": "1"}


def manage(*words: str) -> list[str]:
    return [sys.executable, str(settings.BASE_DIR / "manage.py"), *words]


def first_user() -> str | None:
    """The password of the first user, made when there is none yet; it is shown once and kept only as a hash."""
    users = get_user_model()._default_manager
    if users.exists():
        return None
    password = secrets.token_urlsafe(12)
    users.create_superuser(FIRST_USER, password=password)
    return password


def shown(url: str) -> str:
    """A URL without its password."""
    parts = urlsplit(url)
    if parts.password is None:
        return url
    host = parts.netloc.rpartition("@")[2]
    return parts._replace(netloc=f"{parts.username or ''}:***@{host}").geturl()
