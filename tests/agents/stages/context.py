"""A stage context built from dicts, for tests: real sandbox, real git, no database, no queue."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from agents.codec import from_json, to_json
from agents.context import Fact, Memory, ModelReply, ModelRequest, Options, Sandbox
from agents.events import CandidatesProposed, CandidatesTried, Event
from agents.report import Report
from agents.results import Candidate, Chunk, ChunkScore, Findings, Recollection, Trial

T = TypeVar("T")


@dataclass
class PlainMemory:
    """Remembers texts in a list; a search finds those that share a word with the query."""

    texts: list[str] = field(default_factory=list)

    def search(self, query: str, limit: int = 5) -> tuple[Recollection, ...]:
        words = set(query.lower().split())
        hits = [text for text in self.texts if words & set(text.lower().split())]
        return tuple(Recollection(memory=str(n), kind="fix", text=t, score=1.0) for n, t in enumerate(hits[:limit]))

    def remember(self, facts: Sequence[Fact]) -> tuple[str, ...]:
        new = [fact.text for fact in facts if fact.text not in self.texts]
        self.texts.extend(new)
        return tuple(new)


@dataclass
class PlainContext:
    """`agents.context.StageContext` on dicts. `root` is a directory of the test's own.

    Hand `kept` of one context to the next to play a crash between two runs of a stage; `answer` is a model's side of
    the talk (none: offline); `stop` is raised by the next `check`.
    """

    report: Report
    root: Path
    findings: Findings = field(default_factory=Findings)
    options: Options = field(default_factory=Options)
    memory: Memory = field(default_factory=PlainMemory)
    answer: Callable[[ModelRequest], str] | None = None
    kept: dict[str, Any] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    asked: list[ModelRequest] = field(default_factory=list)
    stop: Exception | None = None

    @property
    def offline(self) -> bool:
        return self.answer is None

    @property
    def scratch(self) -> Path:
        return self._directory("scratch")

    @property
    def cache(self) -> Path:
        return self._directory("cache")

    @cached_property
    def sandbox(self) -> Sandbox:
        from agents.sandbox import ladder

        return ladder.best()

    def emit(self, event: Event) -> None:
        self.events.append(event)

    def check(self) -> None:
        if self.stop:
            raise self.stop

    def keep(self, key: str, kind: type[T], produce: Callable[[], T]) -> T:
        if key not in self.kept:
            self.kept[key] = to_json(produce())
        return from_json(kind, self.kept[key])

    def ask(self, requests: Sequence[ModelRequest]) -> Iterator[ModelReply]:
        for request in requests if self.answer else ():
            self.asked.append(request)
            yield ModelReply(key=request.key, sample=request.sample, text=self.answer(request), finish_reason="stop")

    def scatter(self, chunks: Sequence[Chunk], question: str) -> Iterator[ChunkScore]:
        from agents.localization import offline

        for chunk in chunks:
            self.check()
            yield offline.score(chunk, question)

    def candidates(self) -> tuple[Candidate, ...]:
        batches = [event.candidates for event in self.events if isinstance(event, CandidatesProposed)]
        found = {candidate.key: candidate for batch in batches for candidate in batch}
        return tuple(sorted(found.values(), key=lambda candidate: -candidate.prior))

    def trials(self) -> tuple[Trial, ...]:
        batches = [event.trials for event in self.events if isinstance(event, CandidatesTried)]
        return tuple({trial.candidate: trial for batch in batches for trial in batch}.values())

    def seen(self, kind: type[T]) -> list[T]:
        """The events of `kind` emitted so far."""
        return [event for event in self.events if isinstance(event, kind)]

    def _directory(self, name: str) -> Path:
        path = self.root / name
        path.mkdir(parents=True, exist_ok=True)
        return path
