"""Reproduce: check the project out, make it run, and find a test that fails for the reason the report gives."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

from agents.context import Limits, ModelRequest, StageContext
from agents.errors import Garbled, ReportProblem
from agents.events import Notice, Progress, ReproductionTried
from agents.logs import traces
from agents.prompts import answers, render
from agents.report import Signature, Source, Symptom
from agents.reproduction import command, draft, gate, mask, named, project, session, snippet, symptom, traceback_call
from agents.reproduction.project import Project
from agents.results import Checkout, Environment, Outcome, Reproduction, ReproductionTest
from agents.sandbox import environment, repository, testrun
from agents.sandbox.testrun import Collection, TestRun

WAYS: tuple[Callable[[Symptom, Project], Iterator[ReproductionTest]], ...] = (
    named.propose,
    snippet.propose,
    session.propose,
    command.propose,
    traceback_call.propose,
)
MAX_ATTEMPTS = 30
SURE = 0.8  # a fit this strong ends the search; weaker ones wait whether a stronger comes
RUNS = 3
MORE_RUNS = 10  # when the first runs disagree
ATTEMPT_SECONDS = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A test that was run once, and what the gate said of how it ended."""

    test: ReproductionTest
    accepted: bool
    reason: str
    strength: float = 0.0
    outcome: Outcome | None = None
    isolation: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """Where tests run: the checkout, its interpreter, what the suite holds and which of it fails already."""

    checkout: Checkout
    environment: Environment
    collection: Collection
    suite: TestRun

    @property
    def failing(self) -> tuple[Outcome, ...]:
        return tuple(outcome for outcome in self.suite.outcomes if not outcome.passed and not outcome.skipped)


def run(context: StageContext) -> Reproduction:
    """Return the failing test and its signature, or why there is none and what would change that."""
    source = context.report.source
    if source is None or not source.location:
        return Reproduction(
            verdict="environment_failed",
            reason="The report names no repository, so there is nothing to run.",
            would_change="Give the address or path of the git repository and run again from this stage.",
        )
    try:
        checkout = _checkout(context, source)
    except ReportProblem as problem:
        return Reproduction(verdict="environment_failed", reason=str(problem), would_change=problem.hint)
    try:
        ground = _ground(context, source, checkout)
    except ReportProblem as problem:
        return Reproduction(
            verdict="environment_failed", reason=str(problem), would_change=problem.hint, checkout=checkout
        )
    return _search(context, ground)


# --- the ground tests run on -----------------------------------------------------------------------------------------


def _checkout(context: StageContext, source: Source) -> Checkout:
    def make() -> Checkout:
        context.emit(Progress(what="checking out the repository", done=0))
        mirror = repository.mirror(
            source.location, context.cache, context.check, trusted_paths=context.options.trusted_paths
        )
        return repository.checkout(mirror, source.commit, context.scratch / "checkout", context.check)

    kept = context.keep("checkout", Checkout, make)
    if Path(kept.root).is_dir():
        return kept
    return repository.checkout(Path(kept.mirror), kept.commit, Path(kept.root), context.check)


def _ground(context: StageContext, source: Source, checkout: Checkout) -> Ground:
    def prepare() -> Environment:
        return environment.prepare(checkout, source, context.cache, context.emit, context.check)

    def collect() -> Collection:
        return testrun.collect(context.sandbox, checkout, prepared, check=context.check)

    prepared = context.keep("environment", Environment, prepare)
    collection = context.keep("collection", Collection, collect)
    if not collection.tests:
        _say_no_tests(context, collection)
    suite = context.keep("suite", TestRun, lambda: _run_suite(context, checkout, prepared, collection))
    return Ground(checkout=checkout, environment=prepared, collection=collection, suite=suite)


def _say_no_tests(context: StageContext, collection: Collection) -> None:
    raised = [f"{one.test}: {one.signature.raw[:200]}" for one in collection.errors[:3] if one.signature]
    errors = "; ".join(raised) or collection.output.strip()[-300:] or "the runner found none"
    text = f"The suite has no tests to compare with: {errors}. Only a test built from the report can be run."
    context.emit(Notice(text=text, level="warning", slug="no-tests"))


def _run_suite(context: StageContext, checkout: Checkout, prepared: Environment, collection: Collection) -> TestRun:
    """The whole suite once, as it is: what fails here is not the patch's doing later."""
    total = len(collection.tests)
    if not total:
        return TestRun(outcomes=(), ended="exited", output="", seconds=0.0, isolation=context.sandbox.level)
    context.emit(Progress(what="running the suite as it is", done=0, total=total, unit="tests"))
    limits = Limits(wall_s=context.options.suite_seconds, cpu_s=context.options.suite_seconds)
    ran = testrun.run_tests(context.sandbox, checkout, prepared, (), limits=limits, check=context.check)
    context.emit(Progress(what="running the suite as it is", done=len(ran.outcomes), total=total, unit="tests"))
    if ran.ended != "exited":
        known = f"{len(ran.outcomes)} of {total} tests are known"
        text = f"The suite did not finish ({ran.ended} after {ran.seconds:.0f} s): {known}."
        context.emit(Notice(text=text, level="warning", slug="suite-cut-short"))
    return ran


# --- the search for a failing test -----------------------------------------------------------------------------------


def _search(context: StageContext, ground: Ground) -> Reproduction:
    told = _symptom(context)
    attempts: list[Attempt] = []
    for attempt in _attempts(context, ground, told):
        attempts.append(attempt)
        if attempt.accepted and attempt.strength >= SURE:
            break
    if not any(attempt.accepted for attempt in attempts) and not context.offline:
        attempts += _model_attempts(context, ground, told, attempts)
    accepted = [attempt for attempt in attempts if attempt.accepted]
    if not accepted:
        return _not_reproduced(ground, told, attempts)
    return _confirmed(context, ground, max(accepted, key=lambda attempt: attempt.strength), attempts)


def _symptom(context: StageContext) -> Symptom:
    """What Analysis read; read again when this stage runs alone."""
    if context.findings.analysis:
        return context.findings.analysis.symptom
    return symptom.read(context.report, traces.parse(symptom.full_text(context.report)))


def _attempts(context: StageContext, ground: Ground, told: Symptom) -> Iterator[Attempt]:
    known = project.survey(
        Path(ground.checkout.root), ground.environment.path, ground.collection.tests, ground.environment.runner
    )
    proposals = chain(_failing_in_suite(ground), *(propose(told, known) for propose in WAYS))
    seen: set[str] = set()
    for test in proposals:
        key = _key(test)
        if key not in seen and len(seen) < MAX_ATTEMPTS:
            seen.add(key)
            context.check()
            yield _tried(context, ground, told, test, key)


def _failing_in_suite(ground: Ground) -> Iterator[ReproductionTest]:
    """Tests that fail before anything is changed: one of them may already show the symptom."""
    for outcome in ground.failing[:5]:
        command_line = f"python -m {ground.environment.runner} {outcome.test}"
        yield ReproductionTest(id=outcome.test, origin="suite", command=command_line)


def _key(test: ReproductionTest) -> str:
    """Stable from run to run and equal for two drafts that say the same."""
    body = "|".join(sorted(test.files.values())) or test.id
    return f"try:{mask.digest(body)}"


def _tried(context: StageContext, ground: Ground, told: Symptom, test: ReproductionTest, key: str) -> Attempt:
    def attempt() -> Attempt:
        made = _judge(told, test, _run_once(context, ground, test))
        context.emit(ReproductionTried(test=test, accepted=made.accepted, reason=made.reason))
        return made

    return context.keep(key, Attempt, attempt)


def _run_once(context: StageContext, ground: Ground, test: ReproductionTest, seed: int | None = None) -> TestRun:
    return testrun.run_tests(
        context.sandbox,
        ground.checkout,
        ground.environment,
        (test.id,),
        files=test.files,
        limits=Limits(wall_s=ATTEMPT_SECONDS, cpu_s=ATTEMPT_SECONDS),
        check=context.check,
        hash_seed=seed,
        shuffle=seed is not None,
    )


def _judge(told: Symptom, test: ReproductionTest, ran: TestRun) -> Attempt:
    failed = next((outcome for outcome in ran.outcomes if outcome.signature), None)
    if failed is None or failed.signature is None:
        return Attempt(test=test, accepted=False, reason=_no_failure(ran), isolation=ran.isolation)
    fit = gate.fits(told, failed.signature, test)
    return Attempt(
        test=replace(test, id=failed.test) if not test.files else test,
        accepted=fit.accepted,
        reason=fit.reason,
        strength=fit.strength,
        outcome=failed,
        isolation=ran.isolation,
    )


def _no_failure(ran: TestRun) -> str:
    if any(outcome.passed for outcome in ran.outcomes):
        return "It passes: the code does here what the report asks for."
    if ran.outcomes:
        return "It was skipped."
    return f"It never ran ({ran.ended}): {ran.output.strip()[-300:]}"


# --- a model's drafts ------------------------------------------------------------------------------------------------


def _model_attempts(context: StageContext, ground: Ground, told: Symptom, attempts: Sequence[Attempt]) -> list[Attempt]:
    """Only after the classical ways failed; the same gate decides."""
    found: list[Attempt] = []
    for number, code in enumerate(_drafts(context, ground, attempts), 1):
        test = draft.pasted("model", str(number), code, ground.environment.runner)
        if test:
            found.append(_tried(context, ground, told, test, _key(test)))
        if found and found[-1].accepted:
            break
    return found


def _drafts(context: StageContext, ground: Ground, attempts: Sequence[Attempt]) -> Iterator[str]:
    prompt = render(
        "reproduce_test",
        report=symptom.full_text(context.report)[:20_000],
        layout=_layout(ground),
        api="\n".join(sorted(_api(ground)))[:8000],
        earlier="\n".join(f"{attempt.test.origin}: {attempt.reason}" for attempt in attempts) or "none",
    )
    requests = [
        ModelRequest(
            key=f"reproduce_test:{sample}",
            purpose="reproduce_test",
            messages=prompt.messages,
            sample=sample,
            prompt=prompt.id,
            max_tokens=2000,
            temperature=0.0 if sample == 0 else 0.8,
        )
        for sample in range(min(3, context.options.samples))
    ]
    for reply in context.ask(requests):
        if reply.error:
            context.emit(Notice(text=f"The model gave no test: {reply.error_text}", level="warning", slug=reply.error))
            continue
        try:
            yield answers.code(reply.text)
        except Garbled as garbled:
            context.emit(Notice(text=f"A model's draft of a test was set aside: {garbled}", slug="model-garbled"))


def _layout(ground: Ground) -> str:
    root = Path(ground.checkout.root)
    files = sorted(str(path.relative_to(root)) for path in root.rglob("*.py"))
    return "\n".join(files)[:6000]


def _api(ground: Ground) -> Iterator[str]:
    known = project.survey(Path(ground.checkout.root), ground.environment.path, ())
    yield from (f"from {module} import {name}" for name, module in known.names.items())


# --- the verdict -----------------------------------------------------------------------------------------------------


def _confirmed(context: StageContext, ground: Ground, best: Attempt, attempts: Sequence[Attempt]) -> Reproduction:
    """Run it again in fresh processes, with other hash seeds and another order, before it is called reproduced."""
    outcomes = [outcome for outcome in (best.outcome,) if outcome]
    outcomes += [_again(context, ground, best.test, seed) for seed in range(1, RUNS)]
    if not _agree(outcomes):
        outcomes += [_again(context, ground, best.test, seed) for seed in range(RUNS, RUNS + MORE_RUNS)]
    failures = sum(1 for outcome in outcomes if _same_failure(outcomes[0], outcome))
    steady = failures == len(outcomes)
    return _with_ground(
        Reproduction(
            verdict="reproduced" if steady else "flaky",
            reason=f"{best.reason} It failed so in {failures} of {len(outcomes)} runs.",
            would_change="" if steady else "A seed, an order of tests or a condition under which it always fails.",
            test=best.test,
            signature=_template(outcomes[0].signature),
            runs=tuple(outcomes),
            isolation=best.isolation,
        ),
        ground,
        attempts,
    )


def _again(context: StageContext, ground: Ground, test: ReproductionTest, seed: int) -> Outcome:
    def once() -> Outcome:
        ran = _run_once(context, ground, test, seed)
        return next(iter(ran.outcomes), Outcome(test=test.id, passed=False, output=ran.output[-2000:]))

    return context.keep(f"run:{seed}:{_key(test)}", Outcome, once)


def _agree(outcomes: Sequence[Outcome]) -> bool:
    return all(_same_failure(outcomes[0], outcome) for outcome in outcomes)


def _same_failure(one: Outcome, other: Outcome) -> bool:
    return bool(one.signature and other.signature and gate.same(one.signature, other.signature))


def _template(signature: Signature | None) -> Signature | None:
    return replace(signature, message=mask.template(signature.raw or signature.message)) if signature else None


def _not_reproduced(ground: Ground, told: Symptom, attempts: Sequence[Attempt]) -> Reproduction:
    if attempts:
        nearest = max(attempts, key=lambda attempt: attempt.outcome is not None)
        reason = f"{len(attempts)} ways were tried and none fails as the report says. The nearest: {nearest.reason}"
    elif any(one.kind in ("python", "session") for one in told.snippets):
        reason = "The report shows code, but neither an error nor a value that it should give."
    else:
        reason = "The report holds nothing that could be run: no snippet, session, command, traceback or test name."
    return _with_ground(
        Reproduction(verdict="not_reproduced", reason=reason, would_change=_wanted(told)), ground, attempts
    )


def _wanted(told: Symptom) -> str:
    if any(one.kind in ("python", "session", "test") for one in told.snippets):
        return "Say what the snippet shows and what it should show, with the versions in use."
    return "Add the shortest code that shows it, with its output and the output you expect."


def _with_ground(found: Reproduction, ground: Ground, attempts: Sequence[Attempt]) -> Reproduction:
    refused = (
        f"{attempt.test.origin} {attempt.test.id}: {attempt.reason}" for attempt in attempts if not attempt.accepted
    )
    return replace(
        found,
        checkout=ground.checkout,
        environment=ground.environment,
        collected=len(ground.collection.tests),
        suite_seconds=ground.suite.seconds,
        failing_at_base=tuple(outcome.test for outcome in ground.failing),
        rejected=tuple(refused),
        isolation=found.isolation or ground.suite.isolation,
    )
