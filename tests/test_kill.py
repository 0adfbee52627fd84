"""Ten bugs, thirty kills: supervisor, pages, workers, their forks and the broker die; nothing is lost or doubled."""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from agents.perf import simulated
from agents.perf.profile import Profile

BUGS = 10
LEASE_S = 8  # the default is 30 s: the test would only wait longer
STUCK_S = 35.0
LIMIT_S = 230.0
WORKERS = 2
VICTIMS = {"horse": 10, "stages": 6, "chunks": 4, "broker": 4, "web": 3, "supervisor": 3}
KILLS = sum(VICTIMS.values())

MODULE = '''"""Prices of a small shop."""


def total(prices, discount=0):
    """The sum of the prices, less a discount in percent."""
    whole = sum(prices)
    return whole - whole * discount // 10


def cheapest(prices):
    """The lowest price, None when there is none."""
    if not prices:
        return None
    return min(prices)


def dearest(prices):
    """The highest price, None when there is none."""
    if not prices:
        return None
    return max(prices)
'''
SUITE = """from shop import cheapest, dearest, total


def test_total_adds_up():
    assert total([10, 20]) == 30


def test_the_cheapest_is_found():
    assert cheapest([3, 1, 2]) == 1
    assert cheapest([]) is None


def test_the_dearest_is_found():
    assert dearest([3, 1, 2]) == 3
    assert dearest([]) is None
"""
REPORT = """With a discount of 10 percent a total of 100 should be 90, but it is 0.

```python
from shop import total


def test_discount():
    assert total([60, 40], discount=10) == 90
```
"""
OPEN = """
import sys
from bugs import actions
options = {"max_candidates": 3, "fix_seconds": 8, "validate_seconds": 20, "max_chunks": 4, "samples": 1}
for number in range(int(sys.argv[2])):
    bug = actions.open_bug(title=f"Discount is wrong {number}", text=sys.argv[3], repository=sys.argv[1])
    actions.begin_run(bug, options=options, until="" if number % 2 else "fix")
"""


@dataclass
class Modulo:
    """An installation under attack. `up` is started again when it dies, as a service manager would."""

    data: Path
    environment: dict[str, str]
    log: Path
    process: subprocess.Popen[bytes] | None = None
    killed: Counter[str] = field(default_factory=Counter)

    def start(self) -> None:
        with self.log.open("ab") as out:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "up"],
                cwd=settings.BASE_DIR,
                env=self.environment,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def keep_up(self) -> None:
        if self.process is None or self.process.poll() is not None:
            self.start()

    def manage(self, *words: str) -> None:
        command = [sys.executable, "manage.py", *words]
        subprocess.run(command, cwd=settings.BASE_DIR, env=self.environment, check=True, timeout=60)

    def open_bugs(self, repository: Path, count: int) -> None:
        words = [str(repository), str(count), REPORT]
        self.manage("shell", "-v0", "-c", f"import sys; sys.argv[1:] = {words!r}{OPEN}")

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(f"file:{self.data}/modulo.sqlite3?mode=ro", uri=True, timeout=10)) as database:
            return database.execute(query).fetchall()

    def processes(self) -> dict[str, list[int]]:
        """The living processes of the installation, by role."""
        assert self.process is not None
        found: dict[str, list[int]] = {"supervisor": [self.process.pid]}
        for child, command in children(self.process.pid):
            role = role_of(command)
            found.setdefault(role, []).append(child)
            if role == "stages":
                found.setdefault("horse", []).extend(pid for pid, _ in children(child))
        return found

    def kill_one(self, plan: list[str]) -> None:
        """Kill the first of `plan` that is there to be killed."""
        alive = self.processes()
        role = next((role for role in plan if alive.get(role)), None)
        if role is None or not alive.get("stages"):  # still starting after the last blow
            return
        with suppress(ProcessLookupError):
            os.kill(alive[role][-1], signal.SIGKILL)
            self.killed[role] += 1
            plan.remove(role)

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(30)


def children(parent: int) -> Iterator[tuple[int, str]]:
    """The child processes of `parent`, each with its command line."""
    for listed in Path(f"/proc/{parent}/task").glob("*/children"):
        try:
            pids = [int(pid) for pid in listed.read_text().split()]
        except OSError:
            continue
        for pid in pids:
            try:
                yield pid, Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
            except OSError:
                continue


def role_of(command: str) -> str:
    roles = {"serve": "web", "work stages": "stages", "work chunks": "chunks", "work chat": "chat"}
    return next((role for words, role in roles.items() if f"manage.py {words}" in command), "broker")


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A tiny project with one fault and its history."""
    root = tmp_path / "shop"
    (root / "tests").mkdir(parents=True)
    (root / "shop.py").write_text(MODULE)
    (root / "tests" / "test_shop.py").write_text(SUITE)
    author = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
    for words in (["init", "-q"], ["add", "-A"], [*author, "commit", "-qm", "A shop"]):
        subprocess.run(["git", "-C", str(root), *words], check=True)
    return root


@contextmanager
def installed(tmp_path: Path, model: str) -> Iterator[Modulo]:
    data = tmp_path / "data"
    dropped = ("PYTEST", "DATABASE_URL", "REDIS_URL", "DJANGO", "MODULO_", "OPENAI_")
    clean = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
    ours = {
        "MODULO_DATA": str(data),
        "MODULO_DEMO": "false",
        "MODULO_LEASE_SECONDS": str(LEASE_S),
        "MODULO_MEMORY": "local",
        "OPENAI_BASE_URL": model,
        "MODULO_MODEL": "simulated",
    }
    modulo = Modulo(data, {**clean, **ours}, tmp_path / "up.log")
    try:
        modulo.manage("migrate", "-v0")
        modulo.start()
        yield modulo
    finally:
        modulo.stop()


@dataclass
class Neglect:
    """For how long, at most, a stage waited while a worker had nothing to do."""

    since: float | None = None
    worst: float = 0.0

    def look(self, modulo: Modulo) -> None:
        held = "status = 'running' AND julianday(lease_until) > julianday('now')"
        free = "(status = 'running' AND julianday(lease_until) <= julianday('now')) OR status = 'pending'"
        ((busy, waiting),) = modulo.rows(
            f"SELECT count(*) FILTER (WHERE {held}), count(*) FILTER (WHERE {free}) FROM bugs_stage"
        )
        if busy >= WORKERS or not waiting:
            self.since = None
            return
        self.since = self.since or time.monotonic()
        self.worst = max(self.worst, time.monotonic() - self.since)


@pytest.mark.kill
def test_ten_bugs_survive_thirty_kills(tmp_path: Path, shop: Path) -> None:
    chance = random.Random(20260101)
    plan = chance.sample([*VICTIMS], counts=[*VICTIMS.values()], k=KILLS)
    began, neglect, opened = time.monotonic(), Neglect(), BUGS
    with simulated.serve(Profile(ttft=0.05, itl=0.002)) as model, installed(tmp_path, model.url) as modulo:
        modulo.open_bugs(shop, BUGS)
        next_kill = time.monotonic() + 2
        while (plan or open_runs(modulo)) and time.monotonic() - began < LIMIT_S:
            if not open_runs(modulo):  # a fast machine is done before all blows have fallen
                modulo.open_bugs(shop, 2)
                opened += 2
            if plan and time.monotonic() >= next_kill:
                modulo.kill_one(plan)
                next_kill = time.monotonic() + chance.uniform(1.0, 4.0)
            modulo.keep_up()
            neglect.look(modulo)
            time.sleep(0.2)
        seconds = round(time.monotonic() - began, 1)
        print(json.dumps({"killed": modulo.killed, "worst_neglect_s": round(neglect.worst, 1), "seconds": seconds}))
        assert (open_runs(modulo), plan) == (0, [])
        assert neglect.worst <= STUCK_S
        assert_nothing_lost_or_doubled(modulo, opened)


def open_runs(modulo: Modulo) -> int:
    ((count,),) = modulo.rows("SELECT count(*) FROM bugs_run WHERE status = 'running'")
    return int(count)


def assert_nothing_lost_or_doubled(modulo: Modulo, bugs: int) -> None:
    runs = modulo.rows("SELECT status, verdict, reason FROM bugs_run")
    assert len(runs) == bugs
    assert {status for status, _, _ in runs} == {"succeeded"}, runs
    gaps = modulo.rows("SELECT bug_id, count(*), max(seq) FROM bugs_event GROUP BY bug_id HAVING count(*) <> max(seq)")
    assert gaps == []
    once = "'run_started','run_finished','stage_finished','chunks_planned','suspects_ranked','memory_written'"
    doubled = modulo.rows(
        f"SELECT bug_id, run, stage, kind, count(*) FROM bugs_event WHERE kind IN ({once})"
        " GROUP BY 1, 2, 3, 4 HAVING count(*) > 1"
    )
    assert doubled == []
    same = modulo.rows(
        "SELECT bug_id, kind, payload, count(*) FROM bugs_event"
        " WHERE kind IN ('chunk_scored', 'candidate_added', 'candidate_tried') GROUP BY 1, 2, 3 HAVING count(*) > 1"
    )
    assert same == []
    untried = modulo.rows(
        "SELECT count(*) FROM bugs_candidate c JOIN bugs_run r ON r.id = c.run_id"
        " WHERE r.until = '' AND c.id NOT IN (SELECT candidate_id FROM bugs_trial)"
    )
    assert untried == [(0,)]
