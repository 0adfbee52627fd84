"""From `manage.py up` on an empty data directory to a validated demo in 180 s; a second start is ready within 10 s.

`ratio` is the largest one of demo seconds / 180, seconds of the second start / 10, memory of the idle web process /
150 MB and memory of all processes / 512 MB; it holds while it is at most 1. Memory is the proportional set size: pages
that processes share are counted once.
"""

import tempfile
import time
from pathlib import Path

from benchmarks import Measurement
from tests.modulo_web.running import Running

DEMO_SECONDS, SECOND_START_SECONDS = 180.0, 10.0
WEB_MB, ALL_MB = 150.0, 512.0


def measure() -> Measurement:
    with tempfile.TemporaryDirectory(prefix="modulo-bench-") as place:
        data = Path(place) / "data"
        first = start(data, "demo validated", 600)
        second = start(data, "demo validated", 120)
    figures = {
        "ready_s": first["ready_s"],
        "demo_s": first["said_s"],
        "second_ready_s": second["ready_s"],
        "stop_s": max(first["stop_s"], second["stop_s"]),
        "web_mb": second["web_mb"],
        "all_mb": second["all_mb"],
    }
    ratio = max(
        first["said_s"] / DEMO_SECONDS,
        second["ready_s"] / SECOND_START_SECONDS,
        second["web_mb"] / WEB_MB,
        second["all_mb"] / ALL_MB,
    )
    return Measurement(ratio=ratio, goal=1.0, holds=ratio <= 1.0, figures=figures)


def start(data: Path, text: str, seconds: float) -> dict[str, float]:
    """One start: seconds until it is ready, until it says `text` and until it has ended, and its memory meanwhile."""
    begun = time.monotonic()
    with Running(data, MODULO_DEMO="true") as running:
        running.until("ready http")
        ready_s = time.monotonic() - begun
        running.until(text, seconds)
        said_s = time.monotonic() - begun
        time.sleep(3)
        web_mb, all_mb = memory_mb(running.pids(" serve ")), memory_mb(running.pids())
        asked = time.monotonic()
        running.process.terminate()
        running.process.wait(30)
    figures = {"ready_s": ready_s, "said_s": said_s, "stop_s": time.monotonic() - asked}
    return {name: round(value, 1) for name, value in {**figures, "web_mb": web_mb, "all_mb": all_mb}.items()}


def memory_mb(pids: list[int]) -> float:
    """The proportional set size of `pids` together."""
    return sum(pss_kb(Path(f"/proc/{pid}/smaps_rollup")) for pid in pids) / 1024


def pss_kb(rollup: Path) -> int:
    try:
        lines = rollup.read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)
