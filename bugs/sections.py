"""The sections of a bug's page: for each, its template and what it shows, read fresh from the database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db.models import Case, Count, F, Q, QuerySet, Sum, Value, When

from agents import codec
from agents.results import Coverage, Evidence, RankedFile, Recollection, ReproductionTest, RootCause, Suspect
from bugs.models import Artifact, Candidate, Event, MemoryItem, ModelCall
from bugs.rendering import sentences, words
from bugs.rendering.words import Label
from bugs.story import Story

Asked = Mapping[str, str]  # the query string: the page's whole state
Context = dict[str, Any]

SHOWN_CANDIDATES = 20
OPEN_CANDIDATES = 3
SHOWN_SUSPECTS = 12
SHOWN_EVENTS = 300
SHOWN_CALLS = 100


@dataclass(frozen=True, slots=True)
class Section:
    """`kinds` are the events after which the section on an open page is out of date."""

    name: str
    title: str
    context: Callable[[Story, Asked], Context]
    kinds: tuple[str, ...] = ()

    @property
    def template(self) -> str:
        return f"bugs/sections/{self.name}.html"


def context_of(section: Section, story: Story, asked: Asked) -> Context:
    return {"section": section, "story": story, "bug": story.bug, "run": story.run, **section.context(story, asked)}


# --- what happened ---------------------------------------------------------------------------------------------------


def header(story: Story, asked: Asked) -> Context:
    return {"resumable": [card for card in story.cards if card.row]}


@dataclass(frozen=True, slots=True)
class Bar:
    """A stretch of time on a strip of 1000 units."""

    title: str
    tone: str
    x: float
    width: float


def pipeline(story: Story, asked: Asked) -> Context:
    return {"bars": time_bars(story), "would_change": _would_change(story)}


def _would_change(story: Story) -> str:
    """What the stage that ended the run says would change its verdict."""
    found = story.findings
    last = found.validate or found.fix or found.root_cause or found.reproduce or found.analysis
    return last.would_change if last else ""


def time_bars(story: Story) -> tuple[Bar, ...]:
    """One bar for each try of a stage, over the run's whole time; waiting shows as the space between."""
    if story.run is None or not story.seconds:
        return ()
    began, whole = story.run.created_at, max(story.seconds, 0.001)
    return tuple(_time_bar(row, began, whole) for row in story.rows if row.started_at)


def _time_bar(row: Any, began: datetime, whole: float) -> Bar:
    start = (row.started_at - began).total_seconds()
    end = (row.finished_at - began).total_seconds() if row.finished_at else whole
    x = min(max(start / whole * 1000, 0), 996)
    width = min(max((end - start) / whole * 1000, 4), 1000 - x)
    return Bar(words.stage_title(row.name), words.state(row.status).tone, round(x, 1), round(width, 1))


def activity(story: Story, asked: Asked) -> Context:
    """The bug's latest kept events, of all runs, oldest first."""
    before = int(asked["before"]) if asked.get("before", "").isdecimal() else story.bug.last_seq + 1
    newest = Event.objects.filter(bug=story.bug, seq__lt=before).order_by("-seq")[:SHOWN_EVENTS]
    events = list(newest)[::-1]
    rows = [(event, sentences.say(event.kind, event.payload, event.stage)) for event in events]
    return {"rows": rows, "earlier": events[0].seq - 1 if events else 0, "first": events[0].seq if events else 0}


# --- the report ------------------------------------------------------------------------------------------------------


def report(story: Story, asked: Asked) -> Context:
    analysis = story.findings.analysis
    return {
        "symptom": analysis.symptom if analysis else None,
        "comments": story.bug.comments.select_related("author"),
        "files": Artifact.objects.filter(bug=story.bug),
    }


def logs(story: Story, asked: Asked) -> Context:
    analysis = story.findings.analysis
    coverage = analysis.coverage if analysis else None
    return {
        "coverage": coverage,
        "label": words.coverage(coverage.verdict) if coverage else None,
        "digest": analysis.digest if analysis else None,
        "timeline": timeline(coverage) if coverage else None,
    }


@dataclass(frozen=True, slots=True)
class Timeline:
    """What time each log covers, on a strip of 1000 units; `incident` is the place of the incident on it."""

    first: datetime
    last: datetime
    bars: tuple[Bar, ...]
    incident: float | None


def timeline(coverage: Coverage) -> Timeline | None:
    dated = [(span, span.first, span.last) for span in coverage.spans if span.first and span.last]
    moments = [moment for _, first, last in dated for moment in (first, last)]
    if not moments:
        return None
    moments += [coverage.incident_at] if coverage.incident_at else []
    start, whole = min(moments), max((max(moments) - min(moments)).total_seconds(), 1)

    def place(moment: datetime) -> float:
        return round((moment - start).total_seconds() / whole * 1000, 1)

    bars = tuple(
        Bar(span.name, "ok" if span.covers else "waiting", place(first), max(place(last) - place(first), 3))
        for span, first, last in dated
    )
    return Timeline(start, max(moments), bars, place(coverage.incident_at) if coverage.incident_at else None)


def evidence(story: Story, asked: Asked) -> Context:
    """Claims from the events while the stages work, and from their results once they ended; each once."""
    told = [codec.from_json(Evidence, payload["evidence"]) for payload in story.payloads("evidence_added")]
    analysis = story.findings.analysis
    claims = dict.fromkeys([*told, *(analysis.evidence if analysis else ())])
    return {"claims": list(claims), "analysis": analysis, "missing": analysis.missing if analysis else ()}


# --- what the stages found -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Attempt:
    test: ReproductionTest
    accepted: bool
    reason: str


def reproduction(story: Story, asked: Asked) -> Context:
    attempts = [
        Attempt(codec.from_json(ReproductionTest, payload["test"]), payload["accepted"], payload["reason"])
        for payload in story.payloads("reproduction_tried")
    ]
    found = story.findings.reproduce
    failing = sum(1 for run in found.runs if not run.passed and not run.skipped) if found else 0
    return {"found": found, "attempts": attempts, "failing": failing, "label": _label(story, "reproduce")}


@dataclass(frozen=True, slots=True)
class Cell:
    """A chunk in the grid; `width` of 1000 is its score as a bar."""

    index: int
    key: str
    path: str
    line: int
    end_line: int
    score: Mapping[str, Any] | None

    @property
    def tone(self) -> str:
        if self.score is None:
            return "idle"
        return "failed" if self.score.get("error") else "ok"

    @property
    def width(self) -> int:
        return round(float((self.score or {}).get("score") or 0) * 1000)


def chunks(story: Story, asked: Asked) -> Context:
    plans = story.payloads("chunks_planned")
    if not plans:
        return {"planned": None, "cells": ()}
    planned = plans[-1]
    scored = {payload["score"]["key"]: payload["score"] for payload in story.payloads("chunk_scored")}
    cells = tuple(
        Cell(index, key, path, line, end, scored.get(key))
        for index, (key, path, line, end) in enumerate(planned["cells"])
    )
    done = [cell.score for cell in cells if cell.score]
    alone = sum(float(score.get("seconds") or 0) for score in done)
    return {"planned": planned, "cells": cells, "done": len(done), "alone_s": alone, "many": len(cells) > 64}


@dataclass(frozen=True, slots=True)
class Ranked:
    """A suspect and its score's parts; `width` of 1000 is its score beside the best one's."""

    place: int
    suspect: Suspect
    width: int
    parts: tuple[tuple[str, float, int], ...]


def suspects(story: Story, asked: Asked) -> Context:
    cause = story.findings.root_cause or _cause_so_far(story)
    listed = cause.suspects if cause else ()
    shown = listed if asked.get("suspects") == "all" else listed[:SHOWN_SUSPECTS]
    best = max((suspect.score for suspect in listed), default=0) or 1
    ranked = [
        Ranked(place, suspect, round(max(suspect.score, 0) / best * 1000), _parts(suspect.parts))
        for place, suspect in enumerate(shown, 1)
    ]
    return {"cause": cause, "ranked": ranked, "more": len(listed) - len(shown), "label": _label(story, "root_cause")}


def _cause_so_far(story: Story) -> RootCause | None:
    said = story.payloads("suspects_ranked")
    if not said:
        return None
    listed = tuple(codec.from_json(Suspect, item) for item in said[-1].get("suspects", ()))
    files = tuple(codec.from_json(RankedFile, item) for item in said[-1].get("files", ()))
    return RootCause(verdict="suspects_ranked", reason="", suspects=listed, files=files)


def _parts(parts: Mapping[str, float]) -> tuple[tuple[str, float, int], ...]:
    """(voter, value, width of 1000): a value up to 1 is a score, a larger one a rank, of which 1 is best."""
    return tuple((voter, value, round((value if value <= 1 else 1 / value) * 1000)) for voter, value in parts.items())


# --- candidates ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Tab:
    name: str
    label: Label
    count: int
    chosen: bool


def candidates(story: Story, asked: Asked) -> Context:
    rows = board_of(story)
    chosen = asked.get("verdict", "")
    picked = _with_verdict(rows, chosen)
    limit = None if asked.get("candidates") == "all" else SHOWN_CANDIDATES
    shown = list(picked[:limit])
    counts: Counter[str | None] = Counter(rows.values_list("trial__verdict", flat=True))
    validation = story.findings.validate
    return {
        "tabs": _tabs(counts, chosen),
        "shown": shown,
        "open_first": OPEN_CANDIDATES,
        "more": picked.count() - len(shown),
        "total": sum(counts.values()),
        "verified": counts["fix_verified"],
        "tried": sum(count for name, count in counts.items() if name),
        "fix": story.findings.fix,
        "validation": validation,
        "label": _label(story, "validate"),
    }


def board_of(story: Story) -> QuerySet[Candidate]:
    """The run's candidates: the verified first by rank, then what was tried, then the rest as they were proposed."""
    order = Case(
        When(trial__verdict="fix_verified", then=Value(0)),
        When(trial__isnull=False, then=Value(1)),
        default=Value(2),
    )
    rows = Candidate.objects.filter(run=story.run) if story.run else Candidate.objects.none()
    return rows.select_related("trial", "run").order_by(order, F("rank").asc(nulls_last=True), "number")


def _with_verdict(rows: QuerySet[Candidate], verdict: str) -> QuerySet[Candidate]:
    if verdict == "untried":
        return rows.filter(trial=None)
    return rows.filter(trial__verdict=verdict) if verdict else rows


def _tabs(counts: Counter[str | None], chosen: str) -> list[Tab]:
    named = {name or "untried": count for name, count in counts.items()}
    order = ["fix_verified", "test_does_not_guard", "introduces_symptom", "fix_ineffective", "blocked", "untried"]
    listed = [name for name in order if name in named] + sorted(set(named) - set(order))
    every = Tab("", Label("all"), sum(named.values()), chosen == "")
    return [every, *(Tab(name, words.verdict(name), named[name], chosen == name) for name in listed)]


# --- the model, memory, cost -----------------------------------------------------------------------------------------


def calls(story: Story, asked: Asked) -> Context:
    made = ModelCall.objects.filter(stage__run=story.run) if story.run else ModelCall.objects.none()
    return {"calls": made.select_related("stage").order_by("pk")[:SHOWN_CALLS], "total": made.count()}


def memory(story: Story, asked: Asked) -> Context:
    retrieved = [
        codec.from_json(Recollection, item)
        for payload in story.payloads("memory_retrieved")
        for item in payload.get("memories", ())
    ]
    return {"retrieved": retrieved, "written": MemoryItem.objects.filter(bug=story.bug)}


def cost(story: Story, asked: Asked) -> Context:
    made = ModelCall.objects.filter(stage__run=story.run) if story.run else ModelCall.objects.none()
    rows = (
        made.order_by()
        .values("stage__name", "model")
        .annotate(
            calls=Count("pk"),
            tokens_in=Sum("tokens_in"),
            tokens_out=Sum("tokens_out"),
            tokens_cached=Sum("tokens_cached"),
            cost=Sum("cost_usd"),
            waited_ms=Sum("latency_ms"),
            failed=Count("pk", filter=~Q(error="")),
        )
    )
    return {"rows": rows}


def _label(story: Story, stage: str) -> Label | None:
    row = story.latest.get(stage)
    return words.verdict(row.verdict) if row and row.verdict else None


RUNS = ("run_started", "run_finished", "run_cancelled", "run_failed")
MOVES = ("stage_pending", "stage_started", "stage_finished", "stage_failed")

SECTIONS: Final[dict[str, Section]] = {
    section.name: section
    for section in (
        Section("header", "State", header, (*RUNS, *MOVES, "model_called")),
        Section("pipeline", "Pipeline", pipeline, (*RUNS, *MOVES)),
        Section(
            "candidates", "Candidates", candidates, (*RUNS, "candidate_added", "candidate_tried", "stage_finished")
        ),
        Section("reproduction", "Reproduction", reproduction, ("run_started", "reproduction_tried", "stage_finished")),
        Section("suspects", "Suspects", suspects, ("run_started", "suspects_ranked", "stage_finished")),
        Section("chunks", "Chunks", chunks, ("run_started", "chunks_planned", "stage_finished")),
        Section("evidence", "Evidence", evidence, ("run_started", "evidence_added", "stage_finished")),
        Section("logs", "Logs", logs, ("run_started", "stage_finished", "attachment_added")),
        Section("calls", "What the model saw", calls, ("run_started", "model_called")),
        Section("memory", "Memory", memory, ("run_started", "memory_retrieved", "memory_written")),
        Section("cost", "Cost", cost, ("run_started", "model_called")),
        Section("report", "Report", report, ("run_finished",)),
        Section("facts", "Facts", report, ("comment_added", "attachment_added", "stage_finished")),
        Section("activity", "Activity", activity),
    )
}
