"""The bugs list: its tabs with their counts, and one row for each bug."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery

from agents.pipeline import STAGES
from bugs.models import Bug, Candidate, Run, Stage
from bugs.rendering import words
from bugs.rendering.words import Label
from bugs.story import row_state

PAGE = 100
ASKING = ("needs_info", "logs_rolled_over", "environment_failed")


@dataclass(frozen=True, slots=True)
class Tab:
    name: str
    title: str
    empty: str
    holds: Q


TABS: Final[dict[str, Tab]] = {
    tab.name: tab
    for tab in (
        Tab("all", "All", "No bug yet.", Q()),
        Tab(
            "triage",
            "Triage",
            "Nothing waits for a decision: every bug has been run.",
            Q(last_status=None) | Q(last_status__in=[Run.Status.FAILED, Run.Status.CANCELLED]),
        ),
        Tab("running", "Running", "Nothing is running.", Q(last_status=Run.Status.RUNNING)),
        Tab(
            "needs-info",
            "Needs info",
            "No bug waits for its reporter.",
            Q(last_status=Run.Status.SUCCEEDED, last_verdict__in=ASKING),
        ),
        Tab(
            "review",
            "Ready for review",
            "No verified candidate waits for a review.",
            Q(last_status=Run.Status.SUCCEEDED, last_verdict="validated"),
        ),
        Tab(
            "done",
            "Done",
            "No run has ended with another verdict yet.",
            Q(last_status=Run.Status.SUCCEEDED) & ~Q(last_verdict__in=[*ASKING, "validated"]),
        ),
    )
}


@dataclass(frozen=True, slots=True)
class Row:
    bug: Bug
    run: Run | None
    ticks: tuple[tuple[str, Label], ...]
    proposed: int = 0
    verified: int = 0

    @property
    def state(self) -> Label:
        return words.state(self.run.status if self.run else "new")

    @property
    def verdict(self) -> Label | None:
        return words.verdict(self.run.verdict) if self.run and self.run.verdict else None


def with_last_run(bugs: QuerySet[Bug]) -> QuerySet[Any]:
    last = Run.objects.filter(bug=OuterRef("pk")).order_by("-number")
    return bugs.annotate(
        last_run=Subquery(last.values("pk")[:1]),
        last_status=Subquery(last.values("status")[:1]),
        last_verdict=Subquery(last.values("verdict")[:1]),
    )


def counts(bugs: QuerySet[Bug]) -> dict[str, int]:
    """How many bugs each tab holds, in one query."""
    wanted = {name.replace("-", "_"): Count("pk", filter=tab.holds) for name, tab in TABS.items() if name != "all"}
    found = with_last_run(bugs).aggregate(all=Count("pk"), **wanted)
    return {name.replace("_", "-"): number for name, number in found.items()}


def search(bugs: QuerySet[Bug], text: str) -> QuerySet[Bug]:
    """Bugs whose title or text holds every word; "#41" or "41" also finds the bug of that number."""
    for word in text.split()[:8]:
        number = word.removeprefix("#")
        match = Q(title__icontains=word) | Q(text__icontains=word)
        bugs = bugs.filter(match | Q(pk=int(number)) if number.isdecimal() and len(number) < 10 else match)
    return bugs


def page(bugs: QuerySet[Bug], tab: str, before: int | None = None) -> tuple[list[Row], int | None]:
    """The newest rows of `tab` older than bug `before`, and where the next page begins, if there is one."""
    picked = with_last_run(bugs).filter(TABS[tab].holds).order_by("-pk")
    found = list(picked.filter(pk__lt=before)[: PAGE + 1] if before else picked[: PAGE + 1])
    following = found[PAGE - 1].pk if len(found) > PAGE else None
    return rows(found[:PAGE]), following


def rows(found: Sequence[Any]) -> list[Row]:
    """One row for each bug of `with_last_run`, in three queries however many there are."""
    ids = [bug.last_run for bug in found if bug.last_run]
    runs = Run.objects.in_bulk(ids)
    stages = _latest_stages(Stage.objects.filter(run__in=ids).defer("result").order_by("try_no", "pk"))
    tallies: dict[int, Any] = {
        tally["run"]: tally
        for tally in Candidate.objects.filter(run__in=ids)
        .order_by()
        .values("run")
        .annotate(proposed=Count("pk"), verified=Count("pk", filter=Q(trial__verdict="fix_verified")))
    }
    return [_row(bug, runs.get(bug.last_run), stages, tallies.get(bug.last_run, {})) for bug in found]


def _latest_stages(stages: Iterable[Stage]) -> dict[tuple[int, str], Stage]:
    return {(stage.run_id, stage.name): stage for stage in stages}


def _row(bug: Bug, run: Run | None, stages: dict[tuple[int, str], Stage], tally: Any) -> Row:
    ticks = tuple((words.stage_title(name), _tick(run, stages.get((run.pk if run else 0, name)))) for name in STAGES)
    return Row(bug, run, ticks, tally.get("proposed", 0), tally.get("verified", 0))


def _tick(run: Run | None, stage: Stage | None) -> Label:
    if stage is None:
        return words.state("waiting" if run is None or run.status == Run.Status.RUNNING else "skipped")
    return words.state(row_state(stage))
