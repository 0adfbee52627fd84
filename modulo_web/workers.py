"""Worker processes: each takes hints from one queue; stages run in a fork that may crash, the others in the process."""

import ctypes
import logging
import os
import secrets
import signal
import socket
import sys
from importlib import import_module

from django.conf import settings
from django.db import connections
from redis import Redis
from rq import Queue, SimpleWorker, Worker
from rq.job import Job
from rq.serializers import JSONSerializer
from rq.worker.base import BaseWorker

from agents.memory import engine
from bugs import sweeper
from modulo_web.children import PR_SET_PDEATHSIG

HEARTBEAT_S = 30
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None

log = logging.getLogger(__name__)


class StageWorker(Worker):
    """Forks for each stage. Asked to end, it ends its stage too: what was kept is kept, another worker goes on.

    It imports what is slow to import while its first stage runs: later forks have it for nothing, none waits for it.
    """

    warm = False

    def fork_work_horse(self, job: Job, queue: Queue) -> None:
        with sweeper.quiet():
            connections.close_all()
            super().fork_work_horse(job, queue)
        if not self.warm:
            preload(memory=True)
            self.warm = True

    def main_work_horse(self, job: Job, queue: Queue) -> None:
        if _libc is not None:
            _libc.prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL))
        super().main_work_horse(job, queue)

    def handle_warm_shutdown_request(self) -> None:
        if self.horse_pid:
            self.kill_horse(signal.SIGTERM)


class RunnerWorker(SimpleWorker):
    """Does its jobs itself: many model calls in flight, nothing that crashes a process."""


KINDS: dict[str, type[BaseWorker]] = {"stages": StageWorker, "chunks": RunnerWorker, "chat": RunnerWorker}


def work(queue: str) -> None:
    """Take hints from `queue` until SIGTERM."""
    if queue != "stages":
        preload()
    redis = Redis.from_url(settings.REDIS_URL, socket_connect_timeout=2)
    name = f"{queue}-{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(3)}"
    worker = KINDS[queue](
        [Queue(queue, connection=redis, serializer=JSONSerializer)],
        name=name,
        connection=redis,
        serializer=JSONSerializer,
        worker_ttl=HEARTBEAT_S + 15,  # RQ beats 15 s before its entry would expire
    )
    sweeper.start()
    worker.work(logging_level=settings.MODULO_LOG_LEVEL)


def preload(memory: bool = False) -> None:
    """Import the packages that take seconds, as far as the settings call for them."""
    wanted = ["openai"] if settings.OPENAI_API_KEY or settings.OPENAI_BASE_URL else []
    if memory and settings.MODULO_MEMORY == "mem0":
        engine.quiet(settings.MODULO_DATA / "mem0")
        wanted.append("agents.memory.mem0")
    for name in wanted:
        import_module(name)
