"""Which files change often and lately? Churn, weighted by age; it only breaks ties."""

import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

HALF_LIFE_DAYS = 180.0

LOG_FORMAT = ("--no-merges", "--no-renames", "--max-count=500", "--name-only", "--format=%x01%ct")


@dataclass(frozen=True, slots=True)
class Touch:
    """A commit changed `path` at `when` (seconds since the epoch)."""

    path: str
    when: float


def touches(log: str) -> list[Touch]:
    """Read what `git log` with `LOG_FORMAT` prints."""
    found = []
    for entry in log.split("\x01")[1:]:
        when, _, paths = entry.partition("\n")
        found += [Touch(path, float(when)) for path in paths.splitlines() if path]
    return found


def churn(changes: Iterable[Touch], now: float | None = None) -> dict[str, float]:
    """How much each path changed before `now` (the latest change by default), recent changes counting more."""
    known = list(changes)
    if not known:
        return {}
    now = max(touch.when for touch in known) if now is None else now
    scores: dict[str, float] = defaultdict(float)
    for touch in known:
        days = max(now - touch.when, 0.0) / 86_400
        scores[touch.path] += math.exp2(-days / HALF_LIFE_DAYS)
    return dict(scores)
