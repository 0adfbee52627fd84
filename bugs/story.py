"""One run of one bug as its page tells it: the five stages, where each stands, and what they found."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from django.db.models import Count, Q, Sum
from django.http import Http404
from django.utils import timezone

from agents.pipeline import STAGES
from agents.results import Findings
from bugs import findings
from bugs.models import Bug, Event, ModelCall, Run, Stage
from bugs.rendering import words
from bugs.rendering.words import Label


@dataclass(frozen=True, slots=True)
class Card:
    """A stage as the pipeline shows it; `row` is its latest try, None while it has not been reached."""

    name: str
    title: str
    state: Label
    row: Stage | None = None

    @property
    def verdict(self) -> Label | None:
        return words.verdict(self.row.verdict) if self.row and self.row.verdict else None

    @property
    def seconds(self) -> float | None:
        """How long it worked; None before it started. A stage at work is measured up to now."""
        if self.row is None or self.row.started_at is None:
            return None
        return ((self.row.finished_at or timezone.now()) - self.row.started_at).total_seconds()

    @property
    def running_since(self) -> datetime | None:
        running = self.row is not None and self.row.status == Stage.Status.RUNNING
        return self.row.started_at if self.row and running else None


@dataclass(frozen=True)
class Story:
    bug: Bug
    runs: tuple[Run, ...]
    run: Run | None
    rows: tuple[Stage, ...]

    @cached_property
    def latest(self) -> dict[str, Stage]:
        """The latest try of each stage that was reached."""
        return {row.name: row for row in self.rows}

    @cached_property
    def cards(self) -> tuple[Card, ...]:
        return tuple(self._card(name) for name in STAGES)

    def _card(self, name: str) -> Card:
        row = self.latest.get(name)
        over = self.run is not None and self.run.status != Run.Status.RUNNING
        state = row_state(row) if row else "skipped" if over else "waiting"
        return Card(name, words.stage_title(name), words.state(state), row)

    @cached_property
    def findings(self) -> Findings:
        return findings.of_run(self.run) if self.run else Findings()

    @property
    def state(self) -> Label:
        return words.state(self.run.status if self.run else "new")

    @property
    def verdict(self) -> Label | None:
        return words.verdict(self.run.verdict) if self.run and self.run.verdict else None

    @property
    def running(self) -> bool:
        return self.run is not None and self.run.status == Run.Status.RUNNING

    @property
    def is_latest(self) -> bool:
        return not self.runs or self.run == self.runs[-1]

    @property
    def seconds(self) -> float | None:
        if self.run is None:
            return None
        return ((self.run.finished_at or timezone.now()) - self.run.created_at).total_seconds()

    @cached_property
    def failed(self) -> Card | None:
        return next((card for card in self.cards if card.row and card.row.status == Stage.Status.FAILED), None)

    @cached_property
    def spent(self) -> dict[str, Any]:
        """Calls, tokens and cost of the run's model calls; the cost is None when a price is unknown."""
        calls = ModelCall.objects.filter(stage__run=self.run) if self.run else ModelCall.objects.none()
        return calls.aggregate(
            calls=Count("pk"),
            tokens_in=Sum("tokens_in", default=0),
            tokens_out=Sum("tokens_out", default=0),
            cost=Sum("cost_usd"),
            unpriced=Count("pk", filter=Q(cost_usd=None)),
        )

    def payloads(self, kind: str) -> list[dict[str, Any]]:
        """What the run's stages said as `kind`, in order; of a stage taken over, in the run it worked in."""
        events = Event.objects.filter(self._said, bug=self.bug, kind=kind) if self.run else Event.objects.none()
        return list(events.order_by("seq").values_list("payload", flat=True))

    @cached_property
    def _said(self) -> Q:
        taken_over = [row.name for row in self.rows if row.status == Stage.Status.SUCCEEDED and not row.attempts]
        said = Q(run=self.run.number if self.run else 0)
        for name in taken_over:
            said |= Q(run=self._worked_in(name), stage=name)
        return said

    def _worked_in(self, name: str) -> int:
        """The number of the run in which a stage that was taken over did its work."""
        done = Stage.objects.filter(run__in=self.runs, name=name, status=Stage.Status.SUCCEEDED, attempts__gt=0)
        before = done.filter(run__number__lt=self.run.number if self.run else 0).order_by("-run__number")
        return before.values_list("run__number", flat=True).first() or 0


def tell(bug: Bug, number: int | None = None) -> Story:
    """The story of run `number`, or of the latest one; raises Http404 for a run the bug does not have."""
    runs = tuple(bug.runs.all())
    run = next((run for run in runs if run.number == number), None) if number is not None else (runs or (None,))[-1]
    if number is not None and run is None:
        raise Http404(f"Bug {bug.pk} has no run {number}.")
    rows = tuple(run.stages.order_by("try_no", "pk")) if run else ()
    return Story(bug, runs, run, rows)


def row_state(row: Stage) -> str:
    """The name of the state a stage is shown in: its status, told apart when it took more than one attempt."""
    again = row.attempts > 1 or row.try_no > 1
    return "retried" if row.status == Stage.Status.SUCCEEDED and again else row.status
