"""The one bridge from rows and settings to a stage: it reads rows, and what it says becomes rows and news."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TypeVar

import msgspec
from django.conf import settings
from django.db import connection

from agents import codec, report
from agents.context import Finished as SandboxFinished
from agents.context import Guest, Job, Memory, ModelReply, ModelRequest, Sandbox
from agents.events import Event, Progress, TokenDelta
from agents.llm import gateway as calls
from agents.results import Candidate, Chunk, ChunkScore, Trial
from agents.sandbox import ladder
from bugs import findings, gateway, options, telling
from bugs.live import LiveWriter
from bugs.models import Bug, Stage, Step, storable
from bugs.scatter import Scatter

T = TypeVar("T")


class Context:
    """`agents.context.StageContext` for a stage this worker holds; every write is fenced by the stage's lease."""

    def __init__(self, stage: Stage, live: LiveWriter, check: Callable[[], None]) -> None:
        self._stage = stage
        self._live = live
        self._teller = telling.Teller(stage, live)
        self.check = check
        self.report = report_of(stage.run.bug, stage.run.options.get("python", ""))
        self.findings = findings.of_run(stage.run)
        self.options = options.of_run(stage.run)
        self.offline = gateway.model().offline

    @cached_property
    def sandbox(self) -> Sandbox:
        return OutsideDatabase(
            ladder.best(opt_in_rlimits=settings.MODULO_ALLOW_RLIMITS, forced=settings.MODULO_SANDBOX)
        )

    @cached_property
    def memory(self) -> Memory:
        from bugs import memories  # numpy and mem0 come with it: only stages that remember pay for them

        return memories.of_project(self._stage.run.bug.project_id, self._stage.run.bug_id)

    @cached_property
    def scratch(self) -> Path:
        return _directory(f"runs/{self._stage.run_id}")

    @cached_property
    def cache(self) -> Path:
        return _directory("cache")

    def emit(self, event: Event) -> None:
        if isinstance(event, TokenDelta):
            self._live.delta(event.cell, event.offset, event.text)
        elif isinstance(event, Progress) and not self._teller.is_milestone(event):
            self._live.progress(codec.to_json(event))
        else:
            self._teller.keep(event)

    def keep(self, key: str, kind: type[T], produce: Callable[[], T]) -> T:
        """A step once kept is kept for all tries of this stage in this run."""
        steps = Step.objects.filter(stage__run=self._stage.run_id, stage__name=self._stage.name, key=key)
        for step in steps.order_by("-pk"):
            try:
                return codec.from_json(kind, step.value)
            except msgspec.ValidationError:  # kept by an older version of Modulo: made again
                step.delete()
        value = storable.json(codec.to_json(produce()))
        with self._stage.held():
            Step.objects.get_or_create(stage=self._stage, key=key, defaults={"value": value})
            self._stage.progressed()
        return codec.from_json(kind, value)

    def ask(self, requests: Sequence[ModelRequest]) -> Iterator[ModelReply]:
        """Replies that were paid for come first; the others are stored before they are handed out."""
        if self.offline:
            return
        known = gateway.known(self._stage)
        yield from (known[request.key, request.sample] for request in requests if _name(request) in known)
        sent = {_name(request): gateway.redacted(request) for request in requests if _name(request) not in known}
        with outside_db():
            replies = calls.ask(gateway.model(), list(sent.values()), self.options.slots, self._hear, self.check)
        for reply in replies:
            request = sent[reply.key, reply.sample]
            self._live.finish(gateway.cell(request))
            with self._stage.held():
                gateway.keep(self._stage, [(request, reply)])
                self._stage.progressed()
            connection.close()  # the next reply may be long in coming
            yield reply

    def scatter(self, chunks: Sequence[Chunk], question: str) -> Iterator[ChunkScore]:
        return iter(Scatter(self._stage, chunks, question, self.check))

    def candidates(self) -> tuple[Candidate, ...]:
        rows = self._stage.run.candidates.order_by("-prior", "number")
        return tuple(telling.candidate_of(row) for row in rows)

    def trials(self) -> tuple[Trial, ...]:
        rows = self._stage.run.candidates.exclude(trial=None).select_related("trial").order_by("trial__pk")
        return tuple(telling.trial_of(row) for row in rows)

    def _hear(self, request: ModelRequest, offset: int, text: str) -> None:
        self._live.delta(gateway.cell(request), offset, text)


@contextmanager
def outside_db() -> Iterator[None]:
    """Around what may take long: never inside a transaction, and without a database connection held meanwhile."""
    if connection.in_atomic_block:
        raise RuntimeError("a model or a sandbox was called inside a database transaction")
    connection.close()
    yield


class OutsideDatabase:
    """The sandbox it is given, each job outside the database."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self.level = sandbox.level
        self.isolated = sandbox.isolated

    def run(self, job: Job, check: Callable[[], None] | None = None) -> SandboxFinished:
        with outside_db():
            return self._sandbox.run(job, check)

    def start(self, job: Job) -> Guest:
        with outside_db():
            return self._sandbox.start(job)


def report_of(bug: Bug, python: str = "") -> report.Report:
    """The bug as the stages read it; `python` overrides the bug's interpreter."""
    comments = tuple(
        report.Comment(author=row.author_name, text=row.text, written_at=row.created_at) for row in bug.comments.all()
    )
    attachments = tuple(
        report.Attachment(name=row.name, path=str(settings.MODULO_DATA / row.path), size=row.size)
        for row in bug.artifacts.all()
    )
    return report.Report(
        title=bug.title,
        text=bug.text,
        comments=comments,
        attachments=attachments,
        source=_source(bug, python),
        created_at=bug.created_at,
        happened_at=bug.happened_at,
    )


def _source(bug: Bug, python: str) -> report.Source | None:
    if not bug.repository:
        return None
    return report.Source(
        location=bug.repository,
        commit=bug.commit,
        python=python or bug.python or settings.MODULO_PYTHON,
        test_command=bug.test_command,
    )


def _name(request: ModelRequest) -> tuple[str, int]:
    return request.key, request.sample


def _directory(name: str) -> Path:
    path: Path = settings.MODULO_DATA / name
    path.mkdir(parents=True, exist_ok=True)
    return path
