"""Whole runs as rows, made by the same actions the workers use: for pages that have everything to show."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from agents.events import (
    CandidatesProposed,
    CandidatesTried,
    ChunkScored,
    ChunksPlanned,
    EvidenceAdded,
    MemoryRetrieved,
    ReproductionTried,
    SuspectsRanked,
)
from agents.report import Signature
from agents.results import (
    Analysis,
    Candidate,
    Checkout,
    ChunkScore,
    Coverage,
    Digest,
    Environment,
    Evidence,
    Fix,
    LogSpan,
    LogTemplate,
    Missing,
    Outcome,
    Recollection,
    Reproduction,
    ReproductionTest,
    RootCause,
    Suspect,
    Trial,
    Validation,
)
from bugs import actions
from bugs.live import LiveWriter
from bugs.models import Bug, ModelCall, Run, Stage
from bugs.telling import Teller

NIGHT = datetime(2026, 2, 1, 2, 14, tzinfo=UTC)
DIFF = """\
--- a/tallybook/tiers.py
+++ b/tallybook/tiers.py
@@ -52,7 +52,7 @@ class Tiers:
     def tier_for(self, quantity):
         for tier in self.tiers:
-            if quantity < tier.up_to:
+            if quantity <= tier.up_to:
                 return tier
         raise NoTier(f"no tier for {quantity} units")
"""
EXCERPT = """\
    def tier_for(self, quantity):
        for tier in self.tiers:
            if quantity < tier.up_to:
                return tier
        raise NoTier(f"no tier for {quantity} units")
"""
TEST = """\
from tallybook.tiers import Tiers


def test_the_last_unit_of_a_tier_belongs_to_it():
    assert Tiers([(100, 4), (2000, 3)]).tier_for(2000).price == 3
"""


def take(run: Run) -> tuple[Stage, Teller]:
    """The run's waiting stage, held, and somebody to tell what it says."""
    waiting = run.stages.get(status=Stage.Status.PENDING)
    held = actions.start_stage(waiting.pk, "the test")
    assert held is not None
    return held, Teller(held, LiveWriter(run.bug_id, run.number, held.name))


def analyse(run: Run) -> None:
    stage, teller = take(run)
    teller.keep(
        EvidenceAdded(evidence=Evidence(claim="The traceback ends in tier_for.", source="report", locator="L12"))
    )
    recollection = Recollection(memory="m1", kind="fix", text="Tier limits are inclusive.", score=0.83, reason="words")
    teller.keep(MemoryRetrieved(query="NoTier", memories=(recollection,)))
    actions.finish_stage(stage, ANALYSIS)


def reproduce(run: Run) -> None:
    stage, teller = take(run)
    for test, accepted, reason in ((NAMED, False, "It passes at base."), (BUILT, True, "It fails as the report says.")):
        teller.keep(ReproductionTried(test=test, accepted=accepted, reason=reason))
    actions.finish_stage(stage, REPRODUCTION)


def find_cause(run: Run) -> None:
    stage, teller = take(run)
    cells = tuple((f"key-{n}", f"tallybook/module_{n}.py", 1, 80) for n in range(12))
    teller.keep(ChunksPlanned(cells=cells, scorer="offline scorer (words)", slots=4))
    for n in range(12):
        score = ChunkScore(key=f"key-{n}", score=n / 12, reason="says tier twice", scorer="offline", seconds=0.2)
        teller.keep(ChunkScored(index=n, score=score))
    teller.keep(SuspectsRanked(suspects=SUSPECTS))
    ModelCall.objects.create(
        stage=stage, key="key-1", purpose="score_chunk", model="simulated", text='{"score": 0.4}',
        messages=[{"role": "system", "text": "Judge the chunk.", "source": "prompt"},
                  {"role": "user", "text": "def tier_for(self): ...", "source": "code"}],
        tokens_in=812, tokens_out=40, cost_usd="0.0021", ttft_ms=210, latency_ms=900,
    )  # fmt: skip
    actions.finish_stage(stage, RootCause(verdict="suspects_ranked", reason="60 places ranked.", suspects=SUSPECTS))


def propose(run: Run, count: int = 48) -> None:
    stage, teller = take(run)
    teller.keep(CandidatesProposed(candidates=tuple(candidate(n) for n in range(count))))
    actions.finish_stage(stage, Fix(verdict="candidates_proposed", reason=f"{count} candidates.", proposed=count))


def validate(run: Run, verified: int = 2) -> None:
    stage, teller = take(run)
    count = run.candidates.count()
    teller.keep(CandidatesTried(trials=tuple(trial(n, n < verified) for n in range(count - 1))))
    ranking = tuple(f"candidate-{n}" for n in range(verified))
    verdict = "fix_verified" if verified else "no_candidate_survived"
    reason = f"{verified} of {count} candidates survived every test." if verified else "Every candidate failed a test."
    change = "" if verified else "A change larger than one line, or a model to propose one."
    actions.finish_stage(stage, Validation(verdict=verdict, reason=reason, would_change=change, ranking=ranking))


def finished(bug: Bug, user: Any = None, verified: int = 2) -> Run:
    """A run through all five stages."""
    run = actions.begin_run(bug, user)
    for step in (analyse, reproduce, find_cause, propose):
        step(run)
    validate(run, verified)
    run.refresh_from_db()
    return run


def rolled_over(bug: Bug, user: Any = None) -> Run:
    """A run that ends in Analysis, with something to ask."""
    run = actions.begin_run(bug, user)
    stage, _ = take(run)
    actions.finish_stage(stage, ROLLED_OVER)
    run.refresh_from_db()
    return run


def candidate(number: int) -> Candidate:
    return Candidate(
        key=f"candidate-{number}",
        origin="operator:compare_swap" if number % 3 else "model:large",
        diff=DIFF,
        why="The limit of a tier belongs to it.",
        path="tallybook/tiers.py",
        line=54,
        function="Tiers.tier_for",
        prior=1 / (number + 1),
    )


def trial(number: int, good: bool) -> Trial:
    return Trial(
        candidate=f"candidate-{number}",
        verdict="fix_verified" if good else ("fix_ineffective", "introduces_symptom")[number % 2],
        reason="All 47 tests pass." if good else "The reproduction still fails.",
        step="confirmed" if good else "reproduction",
        seconds=0.4,
        passed=47 if good else 0,
        failed=0 if good else 1,
        newly_failing=() if good else ("tests/test_tiers.py::test_volume",),
        output="" if good else "E   NoTier: no tier for 2000 units\n\x1b[31m1 failed\x1b[0m",
    )


SPANS = (
    LogSpan(name="app.log", first=NIGHT, last=NIGHT + timedelta(hours=3), lines=1204, size=155_648, covers=True),
    LogSpan(name="app.log.1", first=NIGHT - timedelta(hours=6), last=NIGHT, lines=9000, size=2 << 20, covers=False),
)
ANALYSIS = Analysis(
    verdict="actionable",
    reason="The report names an exception, and the logs cover the moment.",
    coverage=Coverage(
        verdict="covered",
        detail="app.log covers 02:14:07.",
        incident_at=NIGHT + timedelta(minutes=20),
        incident_how="report text",
        spans=SPANS,
    ),
    digest=Digest(
        text="ERROR no tier for 2000 units",
        lines=10_204,
        size=2_252_800,
        tokens=3914,
        templates=(LogTemplate(pattern="no tier for <*> units", count=3, level="ERROR", source="app.log", line=120),),
    ),
    evidence=(
        Evidence(
            claim="The error is logged at 02:14.", source="log:app.log", locator="L120", quote="NoTier", confidence=0.9
        ),
    ),
)
ROLLED_OVER = Analysis(
    verdict="logs_rolled_over",
    reason="The oldest line is from 15:10, the incident was at 14:02.",
    would_change="app.log of 30 January.",
    missing=(Missing(question="Can you send app.log of 30 January?", why="It is older.", how="scp host:app.log.2 ."),),
    coverage=Coverage(
        verdict="rolled_over", detail="app.log starts 15:10.", incident_at=NIGHT - timedelta(days=2), spans=SPANS
    ),
)
NAMED = ReproductionTest(id="tests/test_tiers.py::test_volume", origin="named")
BUILT = ReproductionTest(id="tests/test_reported.py::test_it", origin="snippet", files={"tests/test_reported.py": TEST})
SIGNATURE = Signature(
    exception="tallybook.errors.NoTier", message="no tier for <n> units", raw="no tier for 2000 units"
)
REPRODUCTION = Reproduction(
    verdict="reproduced",
    reason="The test fails 3 of 3 times with the exception of the report.",
    test=BUILT,
    signature=SIGNATURE,
    runs=tuple(Outcome(test=BUILT.id, passed=False, signature=SIGNATURE, output="E NoTier") for _ in range(3)),
    checkout=Checkout(root="/x", mirror="/y", commit="0123456789abcdef0123456789abcdef01234567"),
    environment=Environment(python="/usr/bin/python3", version="3.11.7", how="the interpreter given"),
    collected=47,
    suite_seconds=1.2,
    isolation="bwrap",
)
SUSPECTS = tuple(
    Suspect(
        path="tallybook/tiers.py",
        line=54 + n,
        function="Tiers.tier_for",
        score=1 / (n + 1),
        parts={"trace": 1, "spectrum": 3, "text": 0.4},
        excerpt=EXCERPT,
        reason="It raised the exception.",
    )
    for n in range(15)
)
