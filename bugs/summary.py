"""A run on one page for machines: what `triage --json` writes, whose schema is docs/reference/triage.schema.json."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Sum

from agents import codec
from agents.report import Signature
from agents.results import (
    Analysis,
    Coverage,
    Evidence,
    Missing,
    Outcome,
    Recollection,
    Reproduction,
    RootCause,
    Suspect,
)
from bugs import findings
from bugs.models import Candidate, ModelCall, Run, Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class StageSummary:
    """`status` is the machinery's word, `verdict` what was found; `error` is set when the stage failed."""

    name: str
    status: str
    verdict: str
    reason: str
    seconds: float
    error: dict[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AnalysisSummary:
    coverage: Coverage | None
    evidence: tuple[Evidence, ...]
    missing: tuple[Missing, ...]
    memories: tuple[Recollection, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestSummary:
    """The logs on a page: `text`, made of `lines` lines of `size` bytes."""

    text: str
    lines: int
    size: int
    tokens: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReproductionSummary:
    """`test` is the failing test as the runner names it, "" when there is none; `files` are its own files."""

    test: str
    command: str
    origin: str
    files: dict[str, str]
    signature: Signature | None
    runs: tuple[Outcome, ...]
    commit: str
    isolation: str
    rejected: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidateSummary:
    """`verdict` is "" for a candidate that was never run; `rank` is its place among the verified, 1 is best."""

    id: int
    rank: int | None
    origin: str
    diff: str
    why: str
    path: str
    line: int
    function: str
    verdict: str
    reason: str
    evidence: tuple[Evidence, ...]
    passed: int
    failed: int
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSummary:
    """`verdict` is the run's; while it has none (it runs, failed or was stopped) it is its status.

    `files` are paths, most suspicious first. `cost_usd` is null when a price is unknown.
    """

    bug: int
    run: int
    title: str
    status: str
    verdict: str
    reason: str
    seconds: float
    stages: tuple[StageSummary, ...]
    analysis: AnalysisSummary | None
    digest: DigestSummary | None
    reproduction: ReproductionSummary | None
    suspects: tuple[Suspect, ...]
    files: tuple[str, ...]
    candidates: tuple[CandidateSummary, ...]
    model_calls: int
    tokens: int
    cost_usd: float | None


def of_run(run: Run) -> dict[str, Any]:
    """The run's summary as JSON."""
    summary: dict[str, Any] = codec.to_json(summarise(run))
    return summary


def summarise(run: Run) -> RunSummary:
    found = findings.of_run(run)
    causes = found.root_cause or RootCause(verdict="nothing_to_rank", reason="")
    calls = ModelCall.objects.filter(stage__run=run)
    return RunSummary(
        bug=run.bug_id,
        run=run.number,
        title=run.bug.title,
        status=run.status,
        verdict=run.verdict or run.status,
        reason=run.reason,
        seconds=_seconds(run.created_at, run.finished_at),
        stages=tuple(_stage(stage) for stage in run.stages.order_by("pk")),
        analysis=_analysis(found.analysis),
        digest=_digest(found.analysis),
        reproduction=_reproduction(found.reproduce),
        suspects=causes.suspects,
        files=tuple(file.path for file in causes.files),
        candidates=tuple(_candidate(row) for row in run.candidates.select_related("trial").order_by("number")),
        model_calls=calls.count(),
        tokens=sum(calls.aggregate(sent=Sum("tokens_in", default=0), got=Sum("tokens_out", default=0)).values()),
        cost_usd=_cost(calls.values_list("cost_usd", flat=True)),
    )


def _cost(costs: Any) -> float | None:
    """The sum; unknown as soon as one call's cost is."""
    listed = list(costs)
    return None if None in listed else float(sum(listed))


def _seconds(start: Any, end: Any) -> float:
    return round((end - start).total_seconds(), 3) if start and end else 0.0


def _stage(stage: Stage) -> StageSummary:
    error = stage.error and {name: stage.error.get(name, "") for name in ("slug", "message", "hint")}
    return StageSummary(
        name=stage.name,
        status=stage.status,
        verdict=stage.verdict,
        reason=stage.reason,
        seconds=_seconds(stage.started_at, stage.finished_at),
        error=error or None,
    )


def _analysis(found: Analysis | None) -> AnalysisSummary | None:
    if found is None:
        return None
    return AnalysisSummary(
        coverage=found.coverage, evidence=found.evidence, missing=found.missing, memories=found.memories
    )


def _digest(found: Analysis | None) -> DigestSummary | None:
    if found is None or found.digest is None:
        return None
    digest = found.digest
    return DigestSummary(text=digest.text, lines=digest.lines, size=digest.size, tokens=digest.tokens)


def _reproduction(found: Reproduction | None) -> ReproductionSummary | None:
    if found is None:
        return None
    test = found.test
    return ReproductionSummary(
        test=test.id if test else "",
        command=test.command if test else "",
        origin=test.origin if test else "",
        files=test.files if test else {},
        signature=found.signature,
        runs=found.runs,
        commit=found.checkout.commit if found.checkout else "",
        isolation=found.isolation,
        rejected=found.rejected,
    )


def _candidate(row: Candidate) -> CandidateSummary:
    trial = getattr(row, "trial", None)
    told = trial.detail.get("evidence", ()) if trial else ()
    return CandidateSummary(
        id=row.number,
        rank=row.rank,
        origin=row.origin,
        diff=row.diff,
        why=row.why,
        path=row.path,
        line=row.line,
        function=row.function,
        verdict=trial.verdict if trial else "",
        reason=trial.reason if trial else "",
        evidence=codec.from_json(tuple[Evidence, ...], told),
        passed=trial.passed if trial else 0,
        failed=trial.failed if trial else 0,
        seconds=trial.seconds if trial else 0.0,
    )
