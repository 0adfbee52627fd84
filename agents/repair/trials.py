"""Try a candidate: guard, apply, quick runs that may only reject, then fresh runs that alone may bless."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, Protocol

from agents.errors import ReportProblem
from agents.repair import guard, patch
from agents.repair.difference import Change
from agents.repair.guard import Oracle
from agents.repair.verdicts import Base, Head, verdict
from agents.report import Signature
from agents.results import Candidate, CandidateVerdict, Outcome, Trial
from agents.source import read

Step = Literal["guard", "apply", "reproduction", "selected", "suite", "confirmed"]
Changes = dict[str, str]
NAMED = 5
MOST_AGAIN = 30
MOST_NAMED = 50
TAIL = 4000


@dataclass(frozen=True)
class Ran:
    """What one run of tests showed. `wanted` are the tests it was asked for; () is the whole suite.

    `stops_early`: the run ended at the first failure, so tests without an outcome mean nothing.
    """

    outcomes: tuple[Outcome, ...]
    wanted: tuple[str, ...] = ()
    output: str = ""
    ended: str = "exited"
    isolation: str = ""
    stops_early: bool = False


class Bench(Protocol):
    """Where candidates run. `quick` is a warm process whose word counts only against a candidate."""

    def quick(self, changes: Changes, tests: Sequence[str]) -> Ran: ...
    def fresh(self, changes: Changes, tests: Sequence[str], seed: int) -> Ran: ...


@dataclass(frozen=True)
class Case:
    """What every candidate is measured against.

    `selected` are the tests near the change, `suite` the tests that must still pass in a whole run (empty: the suite
    takes too long and only `selected` runs); `set_aside` fail on the unchanged code already. `unjudged` says why the
    project's own tests cannot speak: then nothing is verified by the reproduction alone.
    """

    root: Path
    reproduction: str
    signature: Signature
    same: Callable[[Signature, Signature], bool]
    base: Base = "right_reason"
    selected: tuple[str, ...] = ()
    suite: tuple[str, ...] = ()
    set_aside: frozenset[str] = frozenset()
    unjudged: str = ""
    oracle: Oracle = field(default_factory=Oracle)
    runs: int = 3


@dataclass(frozen=True)
class Finding:
    verdict: CandidateVerdict
    reason: str
    passed: int = 0
    failed: int = 0
    newly_failing: tuple[str, ...] = ()
    output: str = ""
    isolation: str = ""


@dataclass(frozen=True)
class TimedOut:
    """A quick run did not end in its time: worth a longer one when nothing else survives."""

    changes: Changes
    trial: Trial


def prepare(candidate: Candidate, case: Case) -> Changes | Trial:
    """The changed files, or the trial that ends here: the patch is refused or does not apply."""
    try:
        changed = patch.apply(case.root, candidate.diff)
    except ReportProblem as problem:
        return Trial(candidate=candidate.key, verdict="blocked", reason=str(problem), step="apply")
    if reason := guard.refuse(changes_of(case.root, changed), case.oracle):
        return Trial(candidate=candidate.key, verdict="blocked", reason=reason, step="guard")
    return changed


def reject(candidate: Candidate, changes: Changes, case: Case, bench: Bench) -> Trial | TimedOut | None:
    """The quick runs: a trial that speaks against the candidate, or None when nothing does so far."""
    begun = time.monotonic()
    for step, ran in _quick(case, changes, bench):
        finding = judge(case, ran)
        if finding.verdict != "fix_verified":
            trial = _trial(candidate, finding, step, begun)
            return TimedOut(changes, trial) if _ran_out_of_time(ran) else trial
    return None


def confirm(candidate: Candidate, changes: Changes, case: Case, bench: Bench) -> Trial:
    """The fresh runs: the reproduction several times, then the other tests; only here a candidate is verified."""
    begun = time.monotonic()
    for step, ran in _fresh(case, changes, bench):
        finding = judge(case, ran)
        if finding.verdict != "fix_verified":
            return _trial(candidate, finding, step, begun)
    if case.unjudged:
        reason = f"The reproduction passes {case.runs} of {case.runs} times in fresh processes. {case.unjudged}"
        return _trial(candidate, replace(finding, verdict="blocked", reason=reason), "reproduction", begun)
    return _trial(candidate, replace(finding, reason=_blessing(case, finding)), "confirmed", begun)


def changes_of(root: Path, changed: Changes) -> list[Change]:
    return [Change(path, read(root, path) or "", new) for path, new in changed.items()]


def judge(case: Case, ran: Ran) -> Finding:
    """What one run says of a candidate, by the truth table."""
    newly = _newly_failing(case, ran)
    symptom = [o for o in newly if o.signature and case.same(case.signature, o.signature)]
    head, why = _head(case, ran)
    found = verdict(case.base, head, newly_failing=bool(newly), symptom_elsewhere=bool(symptom))
    failures = [outcome for outcome in ran.outcomes if not outcome.passed and not outcome.skipped]
    return Finding(
        verdict=found,
        reason=why or _why(newly, bool(symptom)),
        passed=sum(outcome.passed for outcome in ran.outcomes),
        failed=len(failures),
        newly_failing=tuple(outcome.test for outcome in newly),
        output=_output(case, ran, newly),
        isolation=ran.isolation,
    )


# --- the runs --------------------------------------------------------------------------------------------------------


def _quick(case: Case, changes: Changes, bench: Bench) -> Iterator[tuple[Step, Ran]]:
    yield "reproduction", bench.quick(changes, (case.reproduction,))
    if case.selected:
        yield "selected", bench.quick(changes, case.selected)


def _fresh(case: Case, changes: Changes, bench: Bench) -> Iterator[tuple[Step, Ran]]:
    """Each run in a new process with another hash seed; what fails in the suite is asked once more, alone."""
    for seed in range(case.runs):
        yield "reproduction", bench.fresh(changes, (case.reproduction,), seed)
    if case.suite:
        yield "suite", _twice(case, bench, changes, bench.fresh(changes, (), 0))
    elif case.selected:
        yield "selected", _twice(case, bench, changes, bench.fresh(changes, case.selected, 0))


def _twice(case: Case, bench: Bench, changes: Changes, ran: Ran) -> Ran:
    """The run without new failures that pass when run again alone, or that the unchanged code has alone too."""
    again = tuple(outcome.test for outcome in _newly_failing(case, ran))
    if not again or len(again) > MOST_AGAIN:
        return ran
    passed = {outcome.test: outcome for outcome in bench.fresh(changes, again, 1).outcomes if outcome.passed}
    if left := tuple(test for test in again if test not in passed):
        base = bench.fresh({}, left, 1).outcomes
        passed |= {o.test: replace(o, passed=True) for o in base if not o.passed and not o.skipped}
    kept = [outcome for outcome in ran.outcomes if outcome.test not in passed]
    return replace(ran, outcomes=(*kept, *passed.values()))


def _trial(candidate: Candidate, finding: Finding, step: Step, begun: float) -> Trial:
    return Trial(
        candidate=candidate.key, verdict=finding.verdict, reason=finding.reason, step=step,
        seconds=round(time.monotonic() - begun, 3), passed=finding.passed, failed=finding.failed,
        newly_failing=finding.newly_failing[:MOST_NAMED], output=finding.output, isolation=finding.isolation,
    )  # fmt: skip


def _ran_out_of_time(ran: Ran) -> bool:
    return any(outcome.signature is not None and outcome.signature.phase == "timeout" for outcome in ran.outcomes)


def stands_for(test: str, asked: str) -> bool:
    """Is `test` what was asked for, or one of its parameters, or a test in it?"""
    return test == asked or test.startswith((f"{asked}[", f"{asked}::"))


# --- reading a run ---------------------------------------------------------------------------------------------------


def _head(case: Case, ran: Ran) -> tuple[Head, str]:
    """How the reproduction stands in this run, and the sentence when it does not pass."""
    own = [outcome for outcome in ran.outcomes if stands_for(outcome.test, case.reproduction)]
    if not own:
        missing = case.reproduction in ran.wanted
        return (
            ("other_failure", f"The reproduction did not run to its end ({ran.ended}).") if missing else ("passes", "")
        )
    outcome = next((outcome for outcome in own if not outcome.passed), own[0])
    if outcome.skipped:
        return "other_failure", "The reproduction is skipped now instead of run."
    if outcome.passed:
        return "passes", ""
    shown = _shown(outcome)
    if outcome.signature and case.same(case.signature, outcome.signature):
        return "same_failure", f"The reproduction fails as before: {shown}."
    return "other_failure", f"The reproduction fails in another way now: {shown}."


def _newly_failing(case: Case, ran: Ran) -> list[Outcome]:
    """Tests that passed on the unchanged code and now fail, or no longer run at all."""
    others = [o for o in ran.outcomes if o.test not in case.set_aside and not stands_for(o.test, case.reproduction)]
    failing = [outcome for outcome in others if not outcome.passed and not outcome.skipped]
    if ran.stops_early and failing:
        return failing
    missing = _functions(ran.wanted or case.suite) - _functions(o.test for o in ran.outcomes)
    missing -= _functions((*case.set_aside, case.reproduction))
    return failing + [Outcome(test=test, passed=False, output="It did not run.") for test in sorted(missing)]


def _functions(tests: Iterable[str]) -> set[str]:
    """Tests without their parameters: some projects give parameters another name in each process."""
    return {test.split("[")[0] for test in tests}


def _why(newly: list[Outcome], symptom: bool) -> str:
    if not newly:
        return ""
    names = ", ".join(outcome.test for outcome in newly[:NAMED])
    more = f" and {len(newly) - NAMED} more" if len(newly) > NAMED else ""
    what = "The symptom moves elsewhere" if symptom else "Tests fail that passed before"
    return f"{what}: {names}{more}."


def _blessing(case: Case, finding: Finding) -> str:
    others = finding.passed - int(not case.suite and not case.selected)
    scope = "the whole suite" if case.suite else "the tests near the change (the suite takes too long)"
    rest = f"; {scope} has no new failure ({others} tests pass)" if others else "; the project has no other test"
    return f"The reproduction passes {case.runs} of {case.runs} times in fresh processes{rest}."


def _shown(outcome: Outcome) -> str:
    if outcome.signature is None:
        return "no exception was seen"
    first = (outcome.signature.raw or outcome.signature.message).strip().split("\n")[0]
    return f"{outcome.signature.exception}: {first[:160]}" if first else outcome.signature.exception


def _output(case: Case, ran: Ran, newly: list[Outcome]) -> str:
    own = [o for o in ran.outcomes if stands_for(o.test, case.reproduction) and not o.passed]
    return next((outcome.output for outcome in (*own, *newly) if outcome.output), ran.output)[-TAIL:]
