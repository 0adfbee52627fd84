"""Is every part of this installation well? For each one its state, what was seen, and for each fault its fix."""

from __future__ import annotations

import asyncio
import http.client
import os
import platform
import shutil
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from importlib.metadata import version
from importlib.util import find_spec
from typing import Literal
from urllib.parse import SplitResult, urlsplit

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.conf import settings
from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone
from redis import Redis, RedisError
from rq import Worker

from agents.sandbox import ladder
from bugs import streams
from bugs.models import Stage
from bugs.rendering.words import Label

State = Literal["ok", "off", "warning", "fault"]
LABELS = {
    "ok": Label("ok", "ok"),
    "off": Label("not in use", "idle"),
    "warning": Label("look at it", "waiting"),
    "fault": Label("fault", "failed"),
}
BEAT_LIMIT = timedelta(seconds=90)  # workers beat each 30 s
WAITED_LONG = timedelta(seconds=30)
ENOUGH_DISK, LITTLE_DISK = 5 << 30, 1 << 30
CLOCK_LIMIT_S = 2.0  # leases last 30 s: hosts whose clocks differ more take stages from each other
TIMEOUT_S = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One row of the System page and of `manage.py doctor`. `fix` is empty when there is nothing to do."""

    name: str
    state: State
    detail: str
    fix: str = ""

    @property
    def label(self) -> Label:
        return LABELS[self.state]


def survey() -> tuple[Part, ...]:
    """Look at every part, now."""
    looks: tuple[Callable[[], Part], ...] = (
        database,
        broker,
        workers,
        waiting,
        live_updates,
        sandbox,
        git,
        projects_python,
        model,
        memory,
        disk,
        clock,
        versions,
    )
    return tuple(look() for look in looks)


def database() -> Part:
    kind = connection.display_name
    try:
        executor = MigrationExecutor(connection)
        pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except Error as error:
        fix = "Start the server, or correct DATABASE_URL; empty is SQLite in the data directory."
        return Part(name="database", state="fault", detail=f"{kind} does not answer: {error}", fix=fix)
    if pending:
        detail = f"{kind}: {len(pending)} migrations are not applied"
        return Part(name="database", state="fault", detail=detail, fix="Run `python manage.py migrate`.")
    return Part(name="database", state="ok", detail=f"{kind}, all migrations applied")


def broker() -> Part:
    redis = streams.broker()
    if redis is None:
        detail = "none: the web process does the work itself, one bug at a time"
        return Part(name="broker", state="warning", detail=detail, fix="Leave REDIS_URL empty or name a Redis server.")
    whose = "Modulo's own" if settings.BROKER_IS_OURS else "the one REDIS_URL names"
    started = time.perf_counter()
    try:
        redis.ping()
        took_ms = (time.perf_counter() - started) * 1000
        seen = redis.info("server")
    except RedisError as error:
        fix = "Start `python manage.py up`." if settings.BROKER_IS_OURS else "Start it, or correct REDIS_URL."
        return Part(name="broker", state="fault", detail=f"{whose} does not answer: {error}", fix=fix)
    program = seen.get("server_name", "redis")
    release = seen.get(f"{program}_version") or seen.get("redis_version", "")
    return Part(name="broker", state="ok", detail=f"{whose}: {program} {release}, answers in {took_ms:.1f} ms")


def workers() -> Part:
    redis = streams.broker()
    if redis is None:
        return Part(name="workers", state="off", detail="none: the web process does the work itself")
    try:
        beating = heartbeats(redis)
    except RedisError as error:
        fix = "See the broker above."
        return Part(name="workers", state="fault", detail=f"unknown: the broker does not answer ({error})", fix=fix)
    detail = ", ".join(f"{count} on {queue}" for queue, count in sorted(beating.items())) or "none is alive"
    silent = [queue for queue in ("stages", "chunks") if not beating[queue]]
    if silent:
        fix = "Start `python manage.py up`, or " + " and ".join(f"`python manage.py work {name}`" for name in silent)
        return Part(name="workers", state="fault", detail=detail, fix=f"{fix}.")
    return Part(name="workers", state="ok", detail=detail)


def heartbeats(redis: Redis) -> Counter[str]:
    """How many workers of each queue gave a sign of life lately; a killed worker's entry stays, but grows old."""
    now = timezone.now()
    beating: Counter[str] = Counter()
    for worker in Worker.all(connection=redis, serializer="rq.serializers.JSONSerializer"):
        beat = worker.last_heartbeat
        if beat is not None and now - beat < BEAT_LIMIT:
            beating.update(worker.queue_names())
    return beating


def waiting() -> Part:
    """Stages that are due and that nobody takes."""
    now = timezone.now()
    try:
        due = Stage.objects.filter(status=Stage.Status.PENDING, due_at__lte=now)
        late, count = due.filter(due_at__lte=now - WAITED_LONG).count(), due.count()
        running = Stage.objects.filter(status=Stage.Status.RUNNING).count()
    except Error as error:
        return Part(name="queue", state="fault", detail=f"unknown: {error}", fix="See the database above.")
    detail = f"{running} stages run, {count} wait"
    if late:
        fix = "See the workers above; MODULO_STAGE_WORKERS sets how many stages run at once."
        return Part(name="queue", state="warning", detail=f"{detail}, {late} for over 30 s", fix=fix)
    return Part(name="queue", state="ok", detail=detail)


def live_updates() -> Part:
    """Send a message through the channel layer and wait for it."""
    started = time.perf_counter()
    try:
        async_to_sync(_round_trip)()
    except (RedisError, OSError, TimeoutError) as error:
        fix = "Pages refresh every 10 s meanwhile. See the broker above."
        return Part(name="live updates", state="fault", detail=f"no message came through: {error!r}", fix=fix)
    took_ms = (time.perf_counter() - started) * 1000
    return Part(name="live updates", state="ok", detail=f"a message went round in {took_ms:.1f} ms")


async def _round_trip() -> None:
    layer = get_channel_layer()
    if layer is None:
        raise OSError("no channel layer is set up")
    async with asyncio.timeout(TIMEOUT_S):
        channel = await layer.new_channel()
        await layer.send(channel, {"type": "health.ping"})
        await layer.receive(channel)


def sandbox() -> Part:
    rungs = ladder.survey()
    forced = settings.MODULO_SANDBOX
    wanted = [rung for rung in rungs if rung.name == forced] if forced else list(rungs)
    allowed = [rung for rung in wanted if rung.isolated or forced or settings.MODULO_ALLOW_RLIMITS]
    usable = next((rung for rung in allowed if rung.usable), None)
    problems = "; ".join(f"{rung.name}: {rung.reason}" for rung in rungs if rung.reason)
    fix = " ".join(dict.fromkeys(rung.fix for rung in rungs if rung.fix))
    if usable is None:
        return Part(name="sandbox", state="fault", detail=f"no tests can run. {problems}", fix=fix)
    if not usable.isolated:
        detail = f"{usable.name}: limits only, not isolated. {problems}"
        return Part(name="sandbox", state="warning", detail=detail, fix=fix)
    others = f" ({problems})" if problems and usable is not rungs[0] else ""
    return Part(name="sandbox", state="ok", detail=f"{usable.name}, isolated{others}")


def git() -> Part:
    program = shutil.which("git")
    if program is None:
        return Part(name="git", state="fault", detail="not found on the PATH", fix="Install git.")
    told = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=10, check=False)
    return Part(name="git", state="ok", detail=told.stdout.strip())


def projects_python() -> Part:
    name, given = "projects' Python", settings.MODULO_PYTHON
    if not given:
        detail = "an environment is built for each project (MODULO_PYTHON is empty)"
        return Part(name=name, state="ok", detail=detail)
    if shutil.which(given) is None:
        fix = "Set MODULO_PYTHON to an interpreter that exists, or leave it empty."
        return Part(name=name, state="fault", detail=f"{given} is not a program", fix=fix)
    return Part(name=name, state="ok", detail=given)


def model() -> Part:
    """Ask the model server for its list of models; nothing is sent anywhere while no key or address is set."""
    if not (settings.OPENAI_API_KEY or settings.OPENAI_BASE_URL):
        detail = "none: all stages run without; chunks are scored by words"
        return Part(name="model", state="off", detail=detail, fix="Set OPENAI_API_KEY or OPENAI_BASE_URL to add one.")
    address = urlsplit(f"{(settings.OPENAI_BASE_URL or 'https://api.openai.com/v1').rstrip('/')}/models")
    started = time.perf_counter()
    try:
        status = _status(address)
    except (OSError, http.client.HTTPException) as error:
        fix = "Check OPENAI_BASE_URL and that the server is up."
        return Part(name="model", state="fault", detail=f"{address.netloc} does not answer: {error}", fix=fix)
    detail = (
        f"{settings.MODULO_MODEL} at {address.hostname}, answers in {(time.perf_counter() - started) * 1000:.0f} ms"
    )
    if status in (401, 403):
        return Part(
            name="model", state="fault", detail=f"{detail}: the key is refused", fix="Set a valid OPENAI_API_KEY."
        )
    return Part(name="model", state="ok", detail=detail)


def _status(address: SplitResult) -> int:
    kind = http.client.HTTPSConnection if address.scheme == "https" else http.client.HTTPConnection
    server = kind(address.hostname or "", address.port, timeout=TIMEOUT_S)
    try:
        server.request("GET", address.path, headers={"Authorization": f"Bearer {settings.OPENAI_API_KEY}"})
        return server.getresponse().status
    finally:
        server.close()


def memory() -> Part:
    engine = settings.MODULO_MEMORY
    if engine == "mem0" and find_spec("mem0") is None:
        fix = "Run `make install`, or set MODULO_MEMORY=local."
        return Part(name="memory", state="fault", detail="mem0 is not installed", fix=fix)
    return Part(name="memory", state="ok", detail=f"{engine}, in Modulo's own database")


def disk() -> Part:
    data = settings.MODULO_DATA
    free = shutil.disk_usage(data).free
    detail = f"{free / (1 << 30):.1f} GiB free in {data}"
    fix = "Free some space, or set MODULO_DATA to a larger disk."
    if not os.access(data, os.W_OK):
        return Part(
            name="disk", state="fault", detail=f"{data} cannot be written", fix="Correct its owner or its mode."
        )
    if free < LITTLE_DISK:
        return Part(name="disk", state="fault", detail=detail, fix=fix)
    return Part(
        name="disk", state="warning" if free < ENOUGH_DISK else "ok", detail=detail, fix=fix * (free < ENOUGH_DISK)
    )


def clock() -> Part:
    """Compare this machine's clock with the broker's: leases compare times that different hosts wrote."""
    redis = streams.broker()
    shown = f"{timezone.now():%Y-%m-%d %H:%M:%S} UTC"
    if redis is None:
        return Part(name="clock", state="ok", detail=shown)
    try:
        seconds, micros = redis.time()
    except RedisError:
        return Part(name="clock", state="ok", detail=f"{shown}; the broker's is unknown")
    apart_s = abs(time.time() - seconds - micros / 1e6)
    if apart_s > CLOCK_LIMIT_S:
        fix = "Keep the hosts' clocks together with NTP."
        return Part(name="clock", state="fault", detail=f"{shown}, {apart_s:.1f} s from the broker's", fix=fix)
    return Part(name="clock", state="ok", detail=f"{shown}, the same as the broker's")


def versions() -> Part:
    python = platform.python_version()
    parts = " ".join(f"{name} {version(name)}" for name in ("django", "channels", "rq", "redis", "mem0ai", "openai"))
    return Part(name="versions", state="ok", detail=f"Modulo {settings.MODULO_VERSION}, Python {python}, {parts}")
