"""Everything at once: broker, database, pages, workers and the demo, in the order in which they need each other."""

import http.client
import os
import socket
import time
from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings

from agents.errors import SetupProblem
from modulo_web import listening
from modulo_web.children import Part
from modulo_web.claim import Holder
from modulo_web.demonstration import Demonstration
from modulo_web.installation import CHILD, FIRST_USER, Installation, first_user, manage

READY_SECONDS = 60.0


class Everything:
    """What `manage.py up` starts. `say(what, text)` gets a line for each step."""

    def __init__(self, say: Callable[[str, str], None]) -> None:
        self.say = say
        self.installation = Installation(say)
        self.supervisor = self.installation.supervisor

    def run(self) -> None:
        """Start all parts and watch over them until a signal asks to stop."""
        claim = self.installation.claim
        if not claim.take("up"):
            raise already_running(claim.holder())
        self.say("data", str(settings.MODULO_DATA))
        self.installation.start_broker()
        self.installation.prepare_database()
        password = first_user()
        if password:
            self.say("sign in", f"as {FIRST_USER} with the password {password} (shown this once)")
        with self._listen() as opened:
            address = self._start_web(opened)
            self.installation.start_workers()
            if not self._ready(address):
                return
            claim.tell(Holder(pid=os.getpid(), what="up", address=address))
            self.say("ready", address)
            demonstration = Demonstration(address, self.say)
            self.supervisor.run(demonstration.step)
            if not self.supervisor.asked_to_stop:
                self.supervisor.run()
        self.say("stopping", "")

    def close(self) -> None:
        self.installation.close()

    def _listen(self) -> socket.socket:
        try:
            return listening.listen(settings.MODULO_HOST, settings.MODULO_PORT)
        except OSError as error:
            raise SetupProblem(str(error), slug="port-taken") from error

    def _start_web(self, opened: socket.socket) -> str:
        address = listening.address(opened)
        environment = {**CHILD, "MODULO_PORT": str(urlsplit(address).port)}
        command = manage("serve", "--fd", str(opened.fileno()))
        self.supervisor.start(Part(name="web", command=command, pass_fds=(opened.fileno(),), environment=environment))
        return address

    def _ready(self, address: str) -> bool:
        """Wait until the pages answer; False when a signal came first."""
        until = time.monotonic() + READY_SECONDS
        self.supervisor.run(lambda: healthy(address) or time.monotonic() > until)
        if time.monotonic() > until:
            log = self.supervisor.logs / "web.log"
            raise SetupProblem(f"The pages do not answer after {READY_SECONDS:.0f} s; see {log}.", slug="web-not-ready")
        return not self.supervisor.asked_to_stop


def healthy(address: str, timeout_s: float = 2.0) -> bool:
    """Do the pages at `address` answer?"""
    parts = urlsplit(address)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=timeout_s)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def already_running(holder: Holder | None) -> SetupProblem:
    who = f"`{holder.what}` (process {holder.pid})" if holder else "another process"
    where = f" at {holder.address}" if holder and holder.address else ""
    return SetupProblem(
        f"Modulo is already running on {settings.MODULO_DATA}: {who}{where}.",
        slug="already-running",
        hint="Use that one, stop it, or set MODULO_DATA to another directory.",
    )
