"""The door of the workers: run a stage, score chunks, remember what a run taught."""

from __future__ import annotations

import errno
import logging
import os
import signal
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any, cast

from django.conf import settings
from django.db import DatabaseError, connection
from rq.timeouts import JobTimeoutException

from agents import pipeline
from agents.errors import AgentError, DeadlinePassed, ModuloError, SetupProblem, Stopped
from agents.results import StageName
from bugs import actions, context, owners, queues, runner, sweeper
from bugs.announce import courier
from bugs.keeper import Keeper
from bugs.live import LiveWriter
from bugs.models import Stage

log = logging.getLogger(__name__)


class Interrupted(BaseException):
    """The worker is asked to end; what its stage kept is kept, another worker goes on at once."""


def run_stage(stage_id: int) -> None:
    """Take the stage and see it through. Of any number of workers that are asked, one does it."""
    stage = actions.start_stage(stage_id, owners.me())
    if stage is None:
        return
    try:
        with _interruptible():
            _see_through(stage)
    except Interrupted:
        with suppress(Stopped):
            actions.release_stage(stage)
    finally:
        courier.flush()
        connection.close()


def run_chunks(stage_id: int, token: int) -> None:
    """Score chunks of a stage, many at a time, until none is left."""
    try:
        with _interruptible():
            runner.run(stage_id, token)
    except Interrupted:
        os.kill(os.getpid(), signal.SIGTERM)  # the worker's own handler has its place back and ends the worker
    finally:
        courier.flush()
        connection.close()


def remember_run(run_id: int) -> None:
    """Write what a finished run taught into memory."""
    from bugs import lessons  # numpy and mem0 come with it

    try:
        lessons.remember(run_id)
    finally:
        courier.flush()
        connection.close()


def serve_here() -> None:
    """Without a broker, the one serving process does what workers do elsewhere."""
    queues.in_process.serve()
    sweeper.start()


def _see_through(stage: Stage) -> None:
    try:
        with Keeper(stage) as keeper, LiveWriter(stage.run.bug_id, stage.run.number, stage.name) as live:
            result = pipeline.run(cast(StageName, stage.name), context.Context(stage, live, keeper.check))
            actions.finish_stage(stage, result)
    except DeadlinePassed as late:
        _fail(stage, late)
    except Stopped as stopped:
        log.info("%s was given up: %s", stage, stopped)
    except ModuloError as error:
        _fail(stage, error, traceback.format_exc())
    except JobTimeoutException:
        _fail(stage, DeadlinePassed(f"The stage used up its {settings.MODULO_STAGE_SECONDS:.0f} seconds."))
    except DatabaseError:
        log.exception("%s lost its database; it is tried again when its lease runs out", stage)
        connection.close()
    except Exception as error:  # the door of the workers: whatever a stage raises becomes a failed stage
        log.exception("%s failed", stage)
        _fail(stage, _explained(error), traceback.format_exc())


def _fail(stage: Stage, error: ModuloError, trace: str = "") -> None:
    with suppress(Stopped):
        actions.fail_stage(stage, error, trace)


def _explained(error: Exception) -> ModuloError:
    """An error nobody expected, as a sentence to its reader."""
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return SetupProblem(
            f"The disk is full: {error.strerror}.",
            slug="disk-full",
            hint=f"Free some space in {settings.MODULO_DATA}, then run again from this stage.",
        )
    return AgentError(
        f"Modulo made a mistake: {type(error).__name__}: {error}",
        hint="The traceback is kept with the stage; please report it. Run again from this stage to try once more.",
    )


@contextmanager
def _interruptible() -> Iterator[None]:
    """While a stage runs in a process of its own, SIGTERM ends it as an exception, not in mid-air."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _interrupt(number: int, frame: FrameType | None) -> Any:
    raise Interrupted
