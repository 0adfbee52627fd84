"""Sixteen chunks of a repository scored in parallel by a model are gathered at least 14 times faster than one by one.

`ratio` is the time the sixteen calls take one after another (the sum of their measured latencies) over the time from
the click on "run again from root cause" to the last score in the database, in the same run: real broker, workers,
runner and database, a simulated model that answers 400 tokens at 40 ms each. It holds while it is at least 14. The
click is the moment the stage is asked for; what the stage does before it asks the model counts against it.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from agents.perf import simulated
from agents.perf.profile import Profile
from benchmarks import Measurement
from tests.modulo_web.running import MANAGE, Running

CHUNKS = 16
GOAL = 14.0
ANSWER = Profile(ttft=0.2, ttft_sigma=0.0, itl=0.04, itl_shape=1000.0, tokens=400)
REPORT = """The discount is wrong: 10 percent of 100 should leave 90.

```python
from shop.m0 import price


def test_discount():
    assert price(100, 10) == 90
```
"""
MODULE = '''"""Part {n} of a shop."""


def price(amount, percent):
    """The amount less a discount in percent."""
    rest = amount - amount * percent // 10
    return rest if rest > 0 else 0
'''
OPEN = """
import sys, time
from bugs import actions
from bugs.models import Run
bug = actions.open_bug(title="Discount", text=sys.argv[2], repository=sys.argv[1])
run = actions.begin_run(bug, until="reproduce")
while Run.objects.get(pk=run.pk).status == "running":
    time.sleep(0.2)
again = actions.run_again_from(run, "root_cause", until="root_cause")
while (ended := Run.objects.get(pk=again.pk)).status == "running":
    time.sleep(0.2)
stage = ended.stages.get(name="root_cause", status="succeeded")
told = {event.kind: event.created_at for event in bug.events.filter(stage="root_cause").order_by("seq")}
moments = [told[kind] for kind in ("stage_pending", "stage_started", "chunks_planned", "chunk_scored")]
steps = [step.created_at for step in stage.steps.filter(key__startswith="chunk:")]
print(__import__("json").dumps({
    "calls": [call.latency_ms / 1000 for call in stage.calls.all()],
    "errors": [call.error for call in stage.calls.exclude(error="")],
    "picked_up_s": (moments[1] - moments[0]).total_seconds(),
    "planned_s": (moments[2] - moments[0]).total_seconds(),
    "gathered_s": (max([*steps, moments[3]]) - moments[0]).total_seconds(),
}))
"""


def measure() -> Measurement:
    with tempfile.TemporaryDirectory(prefix="modulo-bench-") as place, simulated.serve(ANSWER) as model:
        shop = repository(Path(place) / "shop")
        settings = {"MODULO_DEMO": "false", "OPENAI_BASE_URL": model.url, "MODULO_MODEL": "simulated"}
        with Running(Path(place) / "data", **settings) as running:
            running.until("ready http")
            program = f"import sys; sys.argv[1:] = {[str(shop), REPORT]!r}{OPEN}"
            command = [sys.executable, str(MANAGE), "shell", "-v0", "-c", program]
            done = subprocess.run(command, env=running.environment, capture_output=True, text=True, check=True)
        most = model.most_in_flight
    found = json.loads(done.stdout.splitlines()[-1])
    one_by_one = sum(found["calls"])
    figures = {
        "chunks": len(found["calls"]),
        "failed": len(found["errors"]),
        "one_by_one_s": round(one_by_one, 3),
        "slowest_call_s": round(max(found["calls"]), 3),
        "most_in_flight": most,
        **{name: round(found[name], 3) for name in ("picked_up_s", "planned_s", "gathered_s")},
        "scatter_alone": round(one_by_one / (found["gathered_s"] - found["planned_s"]), 3),
    }
    ratio = one_by_one / found["gathered_s"]
    holds = ratio >= GOAL and len(found["calls"]) == CHUNKS and not found["errors"]
    return Measurement(ratio=ratio, goal=GOAL, holds=holds, figures=figures)


def repository(root: Path) -> Path:
    """A project of sixteen modules of one size, one of them with a fault its suite does not notice."""
    (root / "shop").mkdir(parents=True)
    (root / "tests").mkdir()
    (root / "shop" / "__init__.py").touch()
    for number in range(CHUNKS):
        (root / "shop" / f"m{number}.py").write_text(MODULE.format(n=number))
    (root / "tests" / "test_shop.py").write_text(
        "from shop.m1 import price\n\n\ndef test_none():\n    assert price(5, 0) == 5\n"
    )
    author = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
    for words in (["init", "-q"], ["add", "-A"], [*author, "commit", "-qm", "A shop"]):
        subprocess.run(["git", "-C", str(root), *words], check=True)
    return root
