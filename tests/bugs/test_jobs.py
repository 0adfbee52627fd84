"""A worker sees a stage through, or says why not; what it is asked twice it does once."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from typing import Any

import pytest
from django.conf import settings
from django.db import connection

from agents.results import Analysis, Checkout, Environment, Reproduction, RootCause
from bugs import actions, jobs
from bugs.models import Bug, MemoryItem, Run, Stage, Step

pytestmark = pytest.mark.storage


def worker(*words: str) -> subprocess.Popen[str]:
    """A process of its own on the database of the test."""
    database = connection.settings_dict
    url = f"sqlite://{database['NAME']}"
    if connection.vendor == "postgresql":
        host = database["HOST"] or database["OPTIONS"].get("host", "")
        url = "postgresql://{USER}:{PASSWORD}@/{NAME}?host=".format(**database) + host
        url += f"&port={database['PORT']}" if database["PORT"] else ""
    environment = {
        "DATABASE_URL": url,
        "MODULO_DATA": str(settings.MODULO_DATA),
        "REDIS_URL": "none",
        "DJANGO_SETTINGS_MODULE": "modulo_web.settings",
        "PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
    }
    program = f"import django; django.setup(); from bugs import jobs; jobs.{' '.join(words)}"
    return subprocess.Popen(
        [sys.executable, "-c", program], cwd=settings.BASE_DIR, env=environment, stderr=subprocess.PIPE, text=True
    )


def wait_for(claim: Any, seconds: float = 30.0) -> None:
    until = time.monotonic() + seconds
    while not claim():
        assert time.monotonic() < until, "it never came true"
        time.sleep(0.05)


@pytest.fixture
def slow(run: Run, bug: Bug, tmp_path: Any) -> Stage:
    """A stage that waits for a test that takes for ever."""
    root = tmp_path / "slow"
    root.mkdir()
    (root / "test_slow.py").write_text("import time\n\ndef test_slow():\n    time.sleep(600)\n")
    author = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
    for words in (["init", "-q"], ["add", "-A"], [*author, "commit", "-qm", "slow"]):
        subprocess.run(["git", "-C", str(root), *words], check=True)
    Bug.objects.filter(pk=bug.pk).update(repository=str(root))
    taken = actions.start_stage(run.stages.get().pk, "the test")
    assert taken is not None
    following = actions.finish_stage(taken, Analysis(verdict="actionable", reason="r"))
    assert following is not None
    return following


def test_a_stage_is_seen_through_and_the_next_one_waits(stage: Stage) -> None:
    jobs.run_stage(stage.pk)
    stage.refresh_from_db()
    assert (stage.status, stage.attempts) == ("succeeded", 1)
    assert stage.verdict in ("actionable", "actionable_with_gaps", "needs_info")


def test_a_stage_that_is_asked_for_twice_is_done_once(stage: Stage, bug: Bug) -> None:
    jobs.run_stage(stage.pk)
    events = bug.events.count()
    jobs.run_stage(stage.pk)
    assert bug.events.count() == events


def test_a_stage_that_is_gone_is_no_error(transactional_db: None) -> None:
    jobs.run_stage(4711)
    jobs.remember_run(4711)
    jobs.run_chunks(4711, 1)


def test_a_mistake_of_ours_becomes_a_failed_stage_with_its_traceback(stage: Stage) -> None:
    Stage.objects.filter(pk=stage.pk).update(name="nonsense")
    jobs.run_stage(stage.pk)
    stage.refresh_from_db()
    assert (stage.status, stage.error["slug"]) == ("failed", "internal-error")
    assert "ModuleNotFoundError" in stage.error["traceback"]
    assert "Run again" in stage.error["hint"]


def test_a_full_disk_is_said_to_be_full() -> None:
    with open("/dev/full", "w") as full:  # noqa: PTH123 -- the device that is always full
        full.write("x")
        with pytest.raises(OSError, match="No space") as problem:
            full.flush()
        error = jobs._explained(problem.value)
        with pytest.raises(OSError, match="No space"):
            full.close()
    assert error.slug == "disk-full"


def test_a_run_without_a_repository_ends_with_what_would_help(run: Run) -> None:
    while stage := run.stages.filter(status="pending").first():
        jobs.run_stage(stage.pk)
    run.refresh_from_db()
    assert run.status == "succeeded"
    assert run.verdict in ("needs_info", "environment_failed")


def test_a_worker_killed_in_mid_stage_leaves_it_to_the_next(slow: Stage, settings: Any) -> None:
    settings.MODULO_LEASE_SECONDS = 2
    process = worker(f"run_stage({slow.pk})")
    wait_for(lambda: Step.objects.filter(stage=slow).exists() or Stage.objects.get(pk=slow.pk).status == "running")
    process.send_signal(signal.SIGKILL)
    process.communicate()
    Stage.objects.filter(pk=slow.pk).update(lease_until="2020-01-01T00:00:00Z")
    again = actions.start_stage(slow.pk, "the next")
    assert again is not None
    assert again.crashes == 1


def test_a_worker_asked_to_end_hands_its_stage_back_within_seconds(slow: Stage) -> None:
    process = worker(f"run_stage({slow.pk})")
    wait_for(lambda: Stage.objects.get(pk=slow.pk).status == "running")
    time.sleep(1.0)
    process.terminate()
    process.communicate(timeout=15)
    slow.refresh_from_db()
    assert (slow.status, slow.crashes) == ("pending", 0)


def test_a_stopped_run_stops_a_hanging_test_within_seconds(slow: Stage) -> None:
    process = worker(f"run_stage({slow.pk})")
    wait_for(lambda: Stage.objects.get(pk=slow.pk).status == "running")
    time.sleep(2.0)
    actions.cancel_run(slow.run)
    began = time.monotonic()
    process.communicate(timeout=15)
    assert time.monotonic() - began < 5


def test_what_a_run_taught_is_remembered_once(run: Run, bug: Bug, settings: Any) -> None:
    settings.MODULO_MEMORY = "local"
    checkout = Checkout(root="/r", mirror="/m", commit="c")
    found = [
        Analysis(verdict="actionable", reason="r"),
        Reproduction(verdict="reproduced", reason="r", checkout=checkout, environment=Environment(python="python3")),
        RootCause(verdict="nothing_to_rank", reason="r"),
    ]
    for result in found:
        taken = actions.start_stage(run.stages.get(status="pending").pk, "the test")
        assert taken is not None
        actions.finish_stage(taken, result)
    jobs.remember_run(run.pk)
    remembered = MemoryItem.objects.count()
    jobs.remember_run(run.pk)
    run.refresh_from_db()
    assert remembered > 0
    assert MemoryItem.objects.count() == remembered
    assert run.lesson_due_at is None
    assert bug.events.filter(kind="memory_written").count() == 1
