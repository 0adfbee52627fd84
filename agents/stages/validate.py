"""Validate: every candidate is run; only what passes in fresh processes is called verified, and nothing "the fix"."""

import os
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from agents.context import Limits, StageContext
from agents.events import CandidatesTried, Notice, Progress
from agents.mutation import operators
from agents.mutation.apply import apply
from agents.mutation.place import place_at
from agents.repair import strength, trials
from agents.repair.crew import Halt, side_by_side
from agents.repair.guard import Oracle
from agents.repair.rank import Weighed, rank, signs
from agents.repair.strength import Mutant, Strength
from agents.repair.trials import Case, Changes, Ran, TimedOut
from agents.reproduction import gate
from agents.results import Candidate, Checkout, Environment, Evidence, Reproduction, ReproductionTest, Trial, Validation
from agents.sandbox import testrun
from agents.sandbox.judge import Judge
from agents.sandbox.testrun import Collection
from agents.source import parse, read

BATCH = 20
EVERY_S = 0.5
NEAR = 200  # tests of the quick selection
BLESSED = 5  # verified candidates whose tests are mutation-tested
MUTANTS = 30
WARM_RUNS = 5
QUICK_SHARE = 0.7  # of the time for validation: the rest belongs to the fresh runs
SLOWER = 8  # a candidate may take so many times what the unchanged code takes
LONGER = 10

Outcome = Trial | TimedOut | Changes
Survivor = tuple[Candidate, Changes]  # nothing speaks against it so far
STRENGTH_S = 60.0


@dataclass
class Bench:
    """Runs tests of one project with files changed; the reproduction's own files are always laid over."""

    context: StageContext
    checkout: Checkout
    environment: Environment
    test: ReproductionTest
    judge: Judge
    halt: Halt
    quick_s: float = 60.0

    def quick(self, changes: Changes, tests: Sequence[str]) -> Ran:
        timeout = self.quick_s * (1 + len(tests) / 10)
        outcomes = self.judge.judge(changes, tests, timeout)
        return Ran(outcomes, tuple(tests), isolation=self.context.sandbox.level, stops_early=True)

    def fresh(self, changes: Changes, tests: Sequence[str], seed: int) -> Ran:
        limits = Limits(wall_s=max(self.context.options.suite_seconds, 60.0))
        ran = testrun.run_tests(
            self.context.sandbox, self.checkout, self.environment, tests, files={**self.test.files, **changes},
            limits=limits, check=self.halt.check, hash_seed=seed,
        )  # fmt: skip
        return Ran(ran.outcomes, tuple(tests), ran.output, ran.ended, ran.isolation)


@dataclass(frozen=True)
class Slow:
    """A bench whose quick runs are fresh ones: for when the warm runner cannot be trusted."""

    bench: Bench

    def quick(self, changes: Changes, tests: Sequence[str]) -> Ran:
        return self.bench.fresh(changes, tests, 0)

    def fresh(self, changes: Changes, tests: Sequence[str], seed: int) -> Ran:
        return self.bench.fresh(changes, tests, seed)


@dataclass
class Docket:
    """The candidates of this run: which have their verdict, which wait, and the batch not told yet."""

    context: StageContext
    total: int
    tried: dict[str, Trial]
    pending: list[Trial] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)
    told: float = field(default_factory=time.monotonic)
    judged: int = 0

    def late(self, share: float = 1.0) -> bool:
        """Is this share of the time for validation used up?"""
        return time.monotonic() - self.began > share * self.context.options.validate_seconds

    def add(self, trial: Trial) -> None:
        self.tried[trial.candidate] = trial
        self.pending.append(trial)
        if len(self.pending) >= BATCH or time.monotonic() - self.told > EVERY_S:
            self.tell()

    def tell(self) -> None:
        if self.pending:
            self.context.emit(CandidatesTried(trials=tuple(self.pending)))
        self.pending, self.told = [], time.monotonic()
        self.moved()

    def moved(self) -> None:
        rate = self.judged / max(time.monotonic() - self.began, 0.001)
        what = f"candidates tried ({rate:.0f} a second)"
        self.context.emit(Progress(what=what, done=len(self.tried), total=self.total, unit="candidates"))


def run(context: StageContext) -> Validation:
    reproduction = context.findings.reproduce
    candidates = context.candidates()
    if reproduction is None or reproduction.verdict != "reproduced" or reproduction.test is None:
        return _blocked("Without a test that fails for the right reason nothing can be validated.")
    if not candidates:
        return _blocked("There are no candidates to try.", "Run Fix first, or add your own diff.")
    assert reproduction.checkout
    assert reproduction.environment
    case = _case(context, reproduction)
    docket = Docket(context, len(candidates), {trial.candidate: trial for trial in context.trials()})
    with ExitStack() as stack:
        benches = [_bench(context, reproduction, halt, stack) for halt in [Halt(context.check)] * _side_by_side()]
        case, problem = _controlled(case, benches)
        if problem:
            return _blocked(problem, "Run again from Reproduce.")
        _try_all(context, case, benches, docket, candidates)
        return _verdict(context, case, benches, docket, candidates)


def _bench(context: StageContext, reproduction: Reproduction, halt: Halt, stack: ExitStack) -> Bench:
    assert reproduction.checkout
    assert reproduction.environment
    assert reproduction.test
    checkout, environment, test = reproduction.checkout, reproduction.environment, reproduction.test
    judge = Judge(context.sandbox, checkout, environment, files=test.files, check=halt.check)
    return Bench(context, checkout, environment, test, stack.enter_context(judge), halt)


def _side_by_side() -> int:
    """As many warm runners as there are processors for them, up to four."""
    return max(1, min(4, os.cpu_count() or 1))


# --- what is known beforehand ----------------------------------------------------------------------------------------


def _case(context: StageContext, reproduction: Reproduction) -> Case:
    """The oracle: the reproduction, the tests near the suspects, and the suite when a run of it fits its time."""
    assert reproduction.checkout
    assert reproduction.test
    assert reproduction.signature
    root, test = Path(reproduction.checkout.root), reproduction.test
    collection = _collected(context, reproduction)
    every = collection.tests
    failing = frozenset(reproduction.failing_at_base)
    cause = context.findings.root_cause
    near = (cause.related_tests if cause else ()) or every
    fits = reproduction.suite_seconds <= context.options.suite_seconds
    if not fits:
        text = f"The whole suite takes {reproduction.suite_seconds:.0f} s, longer than it may: only near tests run."
        context.emit(Notice(text=text, level="warning"))
    return Case(
        root=root,
        reproduction=test.id,
        signature=reproduction.signature,
        same=gate.same,
        selected=tuple(t for t in near if t not in failing and not trials.stands_for(t, test.id))[:NEAR],
        suite=every if fits else (),
        set_aside=failing,
        unjudged=_unjudged(collection),
        oracle=_oracle(root, test),
    )


def _collected(context: StageContext, reproduction: Reproduction) -> Collection:
    checkout, environment = reproduction.checkout, reproduction.environment
    assert checkout
    assert environment

    def collect() -> Collection:
        return testrun.collect(context.sandbox, checkout, environment, check=context.check)

    return context.keep("tests of the suite", Collection, collect)


def _unjudged(collection: Collection) -> str:
    """Why the project's own tests cannot judge a candidate, when there are some and none can be collected."""
    if collection.tests or not collection.errors:
        return ""
    first = collection.errors[0]
    why = first.signature.raw.split("\n")[0][:200] if first.signature else "it could not be imported"
    return f"It is not verified: the project's own tests could not be collected ({first.test}: {why})."


def _oracle(root: Path, test: ReproductionTest) -> Oracle:
    """What a candidate may not touch or know: the test's files, and the values written in them."""
    named = test.id.split("::")[0]
    texts = tuple(test.files.values()) or ((read(root, named) or "",))
    return Oracle(tests=texts, files=(*test.files, named))


def _controlled(case: Case, benches: Sequence[Bench]) -> tuple[Case, str]:
    """The unchanged code must fail as reported; near tests that fail on the warm runner are left out.

    How long it takes there says how long a candidate may take.
    """
    control = trials.judge(case, benches[0].fresh({}, (case.reproduction,), 0))
    if control.verdict != "fix_ineffective":
        return case, f"The unchanged code no longer fails as it did. {control.reason}"
    for bench in benches:
        bench.quick({}, (case.reproduction,))
        begun = time.monotonic()
        bench.quick({}, (case.reproduction,))
        bench.quick_s = max(2.0, SLOWER * (time.monotonic() - begun))
    return replace(case, selected=_passing_warm(benches[0], case.selected)), ""


def _passing_warm(bench: Bench, tests: tuple[str, ...]) -> tuple[str, ...]:
    """The tests that pass on the unchanged code there; a run stops at its first failure, so it takes several."""
    for _ in range(WARM_RUNS):
        failing = {o.test for o in bench.quick({}, tests).outcomes if not o.passed and not o.skipped} if tests else ()
        if not failing:
            return tests
        tests = tuple(test for test in tests if test not in failing)
    return ()


# --- trying ----------------------------------------------------------------------------------------------------------


def _try_all(
    context: StageContext, case: Case, benches: Sequence[Bench], docket: Docket, candidates: Sequence[Candidate]
) -> None:
    """First the quick runs of all, which reject; then the fresh runs of what is left, the most promising first."""
    waiting = [candidate for candidate in candidates if candidate.key not in docket.tried]
    left: list[Survivor] = []
    slow: list[tuple[Candidate, TimedOut]] = []
    while waiting and not docket.late(QUICK_SHARE):
        batch, waiting = waiting[:BATCH], waiting[BATCH:]
        for candidate, outcome in _batch(context, case, benches, docket, batch):
            if isinstance(outcome, TimedOut):
                slow.append((candidate, outcome))
            elif not isinstance(outcome, Trial):
                left.append((candidate, outcome))
    left += _longer(case, benches, docket, slow, needed=not left)
    for candidate, changes in _promising(case, left):
        if docket.late():
            break
        context.check()
        docket.add(_with_evidence(case, trials.confirm(candidate, changes, case, benches[0]), changes))
        docket.tell()
    docket.tell()


def _batch(
    context: StageContext, case: Case, benches: Sequence[Bench], docket: Docket, batch: Sequence[Candidate]
) -> list[tuple[Candidate, Outcome]]:
    """Quick runs of a batch, and what they found; rejected candidates get their verdict here."""
    quickly = partial(_quickly, case)
    tried = side_by_side(batch, benches, quickly, benches[0].halt)
    if not all(_canary_sings(case, bench) for bench in benches):
        text = "The warm runner no longer fails on the unchanged code: these candidates run in fresh processes."
        context.emit(Notice(text=text, level="warning"))
        tried = side_by_side(batch, [Slow(bench) for bench in benches], quickly, benches[0].halt)
    docket.judged += len(batch)
    for _, outcome in tried:
        if isinstance(outcome, Trial):
            docket.add(outcome)
    docket.moved()
    return tried


def _quickly(case: Case, bench: trials.Bench, candidate: Candidate) -> tuple[Candidate, Outcome]:
    prepared = trials.prepare(candidate, case)
    if isinstance(prepared, Trial):
        return candidate, prepared
    return candidate, trials.reject(candidate, prepared, case, bench) or prepared


def _longer(
    case: Case, benches: Sequence[Bench], docket: Docket, slow: list[tuple[Candidate, TimedOut]], *, needed: bool
) -> list[Survivor]:
    """What ran out of time gets more of it when nothing else is left; otherwise that is its verdict."""
    survivors: list[Survivor] = []
    for candidate, timed_out in slow:
        outcome: Trial | TimedOut | None = timed_out
        if needed and not docket.late(QUICK_SHARE):
            bench = replace(benches[0], quick_s=benches[0].quick_s * LONGER)
            outcome = trials.reject(candidate, timed_out.changes, case, bench)
        if outcome is None:
            survivors.append((candidate, timed_out.changes))
        else:
            docket.add(outcome.trial if isinstance(outcome, TimedOut) else outcome)
    return survivors


def _canary_sings(case: Case, bench: Bench) -> bool:
    """Does the unchanged code still fail as before, at the end of a batch?"""
    return trials.judge(case, bench.quick({}, (case.reproduction,))).verdict == "fix_ineffective"


def _promising(case: Case, left: list[Survivor]) -> list[Survivor]:
    changes = {candidate.key: changes for candidate, changes in left}
    weighed = [Weighed(c, signs(trials.changes_of(case.root, changed), case.oracle)) for c, changed in left]
    return [(found.candidate, changes[found.candidate.key]) for found in rank(weighed)]


def _with_evidence(case: Case, trial: Trial, changes: Changes) -> Trial:
    """What speaks for the candidate, and what makes one doubt it, each with its place."""
    if trial.verdict != "fix_verified":
        return trial
    doubts = signs(trials.changes_of(case.root, changes), case.oracle)
    failed = f"The unchanged code fails with {case.signature.exception}."
    claims = [
        Evidence(claim=failed, source="test", locator=case.reproduction, quote=case.signature.raw[:300]),
        Evidence(claim=trial.reason, source="test", locator=case.reproduction),
        *(Evidence(claim=f"A sign of overfitting: {doubt}.", source="patch", confidence=0.5) for doubt in doubts),
    ]
    return replace(trial, evidence=tuple(claims))


# --- the verdict -----------------------------------------------------------------------------------------------------


def _verdict(
    context: StageContext, case: Case, benches: Sequence[Bench], docket: Docket, candidates: Sequence[Candidate]
) -> Validation:
    by_verdict = Counter[str](trial.verdict for trial in docket.tried.values())
    verified = [c for c in candidates if c.key in docket.tried and docket.tried[c.key].verdict == "fix_verified"]
    prepared = [(candidate, trials.prepare(candidate, case)) for candidate in verified]
    left = [(candidate, changes) for candidate, changes in prepared if not isinstance(changes, Trial)]
    ranking = _promising(case, left)
    strengths = _strengths(context, case, benches, ranking[:BLESSED])
    return Validation(
        verdict="fix_verified" if ranking else "no_candidate_survived",
        reason=_reason(docket, len(ranking)),
        would_change="" if ranking else _would_change(context, case, docket),
        ranking=tuple(candidate.key for candidate, _ in ranking),
        tried=len(docket.tried),
        by_verdict=dict(by_verdict),
        strength={key: found.score for key, found in strengths.items() if found.tried},
        unnoticed={key: found.unnoticed for key, found in strengths.items() if found.tried},
    )


def _reason(docket: Docket, verified: int) -> str:
    untried = docket.total - len(docket.tried)
    rest = f" {untried} were not tried: the time for it was used up." if untried else ""
    if verified:
        which = "1 candidate is" if verified == 1 else f"{verified} candidates are"
        return f"{which} verified of {len(docket.tried)} tried; each is plausible, none is proven correct.{rest}"
    return f"None of the {len(docket.tried)} candidates tried passes all its runs.{rest}"


def _would_change(context: StageContext, case: Case, docket: Docket) -> str:
    if case.unjudged:
        return "Give the tests what they miss (a submodule, data, a dependency), then run again from Reproduce."
    if len(docket.tried) < docket.total:
        return "More time for validation, or your own diff."
    model = "a model widens the pool (set OPENAI_API_KEY), or " if context.offline else ""
    return f"The change may be larger than one operator makes: {model}add your own diff."


def _blocked(reason: str, would_change: str = "A test or snippet that shows the failure.") -> Validation:
    return Validation(verdict="blocked", reason=reason, would_change=would_change)


# --- what the tests would notice -------------------------------------------------------------------------------------


def _strengths(
    context: StageContext, case: Case, benches: Sequence[Bench], best: Sequence[tuple[Candidate, Changes]]
) -> dict[str, Strength]:
    deadline = time.monotonic() + STRENGTH_S
    found: dict[str, Strength] = {}
    for number, (candidate, changes) in enumerate(best):
        context.emit(Progress(what="mutation score", done=number, total=len(best), unit="candidates"))
        measure = partial(_strength, case, benches, changes, deadline)
        found[candidate.key] = context.keep(f"strength {candidate.key}", Strength, measure)
    return found


def _strength(case: Case, benches: Sequence[Bench], changes: Changes, deadline: float) -> Strength:
    """Mutants of the patched lines, then of the rest of their function, until the time is up."""
    path, patched = next(iter(changes.items()))
    tests = (case.reproduction, *case.selected)

    def kills(bench: Bench, mutant: Mutant) -> bool | None:
        if time.monotonic() > deadline:
            return None
        return trials.judge(case, bench.quick({**changes, path: mutant.text}, tests)).verdict != "fix_verified"

    mutants = strength.distinct(_mutants(path, read(case.root, path) or "", patched), patched, MUTANTS)
    return strength.measured(mutants, side_by_side(mutants, benches, kills, benches[0].halt))


def _mutants(path: str, old: str, patched: str) -> Iterator[Mutant]:
    source = parse(path, patched)
    if source is None:
        return
    lines = strength.changed_lines(old, patched)
    edits = [edit for _, edit in operators.propose(place_at(source, lines[0]), operators.JUDGES)]
    edits.sort(key=lambda edit: (edit.line not in lines, -edit.weight, edit.start))
    for edit in edits:
        if text := apply(patched, edit):
            yield Mutant(path, text, patched[edit.start : edit.end], edit.text, edit.line)
