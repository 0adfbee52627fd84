"""One stream of candidates in order of promise, whoever thought of them; twins fall together."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from agents.repair.difference import Change, key
from agents.repair.patch import unified
from agents.results import Candidate


@dataclass(frozen=True)
class Idea:
    """A change somebody thought of: an operator, a model, history, a human. `promise` orders the queue."""

    changes: tuple[Change, ...]
    origin: str
    why: str
    promise: float
    line: int = 0
    function: str = ""


@dataclass
class Pool:
    """Takes ideas, gives out each distinct one once, and counts what it left out."""

    limit: int
    known: set[str] = field(default_factory=set)
    twins: int = 0
    by_origin: dict[str, int] = field(default_factory=dict)

    @property
    def full(self) -> bool:
        return self.proposed >= self.limit

    @property
    def proposed(self) -> int:
        return sum(self.by_origin.values())

    def take(self, ideas: Iterable[Idea]) -> Iterator[Candidate]:
        """The candidates among `ideas` that are Python, change something and are not known yet, up to the limit."""
        for idea in ideas:
            if self.full:
                return
            found = candidate(idea)
            if found and found.key in self.known:
                self.twins += 1
            elif found:
                self.known.add(found.key)
                self.by_origin[found.origin] = self.by_origin.get(found.origin, 0) + 1
                yield found


def candidate(idea: Idea) -> Candidate | None:
    """The idea as a diff under its key; None when it is not Python or changes nothing."""
    identity = key(list(idea.changes))
    if identity is None:
        return None
    diff = "".join(unified(change.path, change.old, change.new) for change in idea.changes)
    return Candidate(
        key=identity, origin=idea.origin, diff=diff, why=idea.why, path=idea.changes[0].path,
        line=idea.line, function=idea.function, prior=round(idea.promise, 6),
    )  # fmt: skip


def promise(*, suspicion: float, prior: float, weight: float, nth: int, size: int) -> float:
    """How soon a change is tried: suspicion of the place x how often its operator is right / size of the edit.

    `nth` counts the operator's edits in the same function: its twentieth idea is worth less than another's first, so
    no operator and no function can take all places.
    """
    return suspicion * prior * weight / (math.sqrt(1 + nth) * (1 + size / 80))
