"""Fix: changes that could repair the suspicious places, from mutation operators and from a model, in one stream."""

import ast
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from agents.context import ModelReply, ModelRequest, StageContext
from agents.errors import Garbled
from agents.events import CandidatesProposed, Notice, Progress
from agents.mutation import operators
from agents.mutation.apply import apply
from agents.mutation.edit import Edit
from agents.mutation.place import Place, place_at
from agents.prompts import answers, render
from agents.repair import model_edits
from agents.repair.candidates import Idea, Pool, promise
from agents.repair.difference import Change
from agents.repair.guard import is_test
from agents.results import Candidate, Checkout, Fix, Reproduction, RootCause, Spectrum
from agents.sandbox import spectra
from agents.source import Source, first_line, last_line, load

MOST_PLACES = 30
BATCH = 50
SHOWN_PLACES = 6
SHOWN_CHARACTERS = 16_000
MODEL_PROMISE = 1.0  # a model's change stands beside the best ideas of the operators


@dataclass(frozen=True)
class Target:
    """A place worth changing; `suspicion` is 1 for the first suspect and falls with the rank."""

    place: Place
    suspicion: float
    lines: frozenset[int] | None  # lines the failing test ran; None: not known, all count


def run(context: StageContext) -> Fix:
    reproduction, cause = context.findings.reproduce, context.findings.root_cause
    if reproduction is None or reproduction.verdict != "reproduced" or reproduction.checkout is None:
        return _without_reproduction(reproduction)
    targets = _targets(context, reproduction, cause)
    if not targets:
        return _without_suspects()
    pool = Pool(limit=context.options.max_candidates)
    for batch in _batches(_stream(context, pool, targets, reproduction)):
        context.check()
        context.emit(CandidatesProposed(candidates=batch))
        context.emit(Progress(what="candidates", done=pool.proposed, unit="candidates"))
    return _result(pool, len(targets))


def _stream(
    context: StageContext, pool: Pool, targets: list[Target], reproduction: Reproduction
) -> Iterator[Candidate]:
    """Operators first, because they answer at once; some places stay free for the model."""
    assert reproduction.checkout
    whole, deadline = pool.limit, time.monotonic() + context.options.fix_seconds
    pool.limit = whole - (0 if context.offline else min(context.options.samples, whole // 2))
    yield from pool.take(_until(deadline, _mutations(targets)))
    pool.limit = whole
    if not context.offline:
        yield from pool.take(_from_model(context, targets, reproduction, reproduction.checkout))


# --- where -----------------------------------------------------------------------------------------------------------


def _targets(context: StageContext, reproduction: Reproduction, cause: RootCause | None) -> list[Target]:
    """The functions of the suspects, best first, with the lines of them that the failing test ran."""
    assert reproduction.checkout
    root, ran = Path(reproduction.checkout.root), _lines_run(context, reproduction)
    sources: dict[str, Source | None] = {}
    found: dict[tuple[str, str], Target] = {}
    for suspect in cause.suspects if cause else ():
        source = sources.setdefault(suspect.path, load(root, suspect.path))
        if source is None or is_test(suspect.path) or len(found) == MOST_PLACES:
            continue
        place = place_at(source, suspect.line)
        rank = len(found) + 1
        lines = ran.get(suspect.path) if place.function else None
        found.setdefault((suspect.path, place.name), Target(place, rank**-0.7, _whole_statements(place, lines)))
    _say_unreadable(context, [path for path, source in sources.items() if source is None])
    return list(found.values())


def _lines_run(context: StageContext, reproduction: Reproduction) -> dict[str, frozenset[int]]:
    """{path: lines the failing test ran}; empty when it cannot be measured."""
    test, checkout, environment = reproduction.test, reproduction.checkout, reproduction.environment
    if test is None or checkout is None or environment is None:
        return {}

    def record() -> Spectrum:
        return spectra.record(
            context.sandbox, checkout, environment, [test.id], files=test.files, check=context.check
        )  # fmt: skip

    spectrum = context.keep("lines of the failing test", Spectrum, record)
    return {path: frozenset(lines) for path, lines in spectrum.covered.get(test.id, {}).items()}


def _whole_statements(place: Place, ran: frozenset[int] | None) -> frozenset[int] | None:
    """The lines of every statement that ran, its first to its last: a tracer names only some of them."""
    if ran is None or place.function is None:
        return None
    found = set(range(place.function.lineno, place.function.body[0].lineno))
    for statement in place.each(ast.stmt):
        inner = getattr(statement, "body", None)
        last = inner[0].lineno - 1 if inner else last_line(statement)
        extent = range(statement.lineno, max(last, statement.lineno) + 1)
        if ran.intersection(extent):
            found.update(extent)
    return frozenset(found)


def _say_unreadable(context: StageContext, paths: list[str]) -> None:
    if paths:
        names = ", ".join(paths[:5])
        text = f"Operators leave out {names}: not UTF-8, larger than 4 MiB, or not readable by this Python."
        context.emit(Notice(text=text, level="warning"))


# --- operators -------------------------------------------------------------------------------------------------------


def _mutations(targets: list[Target]) -> Iterator[Idea]:
    """Every edit of every operator in every target, most promising first."""
    promised = [pair for target in targets for pair in _promised(target)]
    promised.sort(key=lambda pair: (-pair[0], pair[1].path, pair[1].start, pair[1].end, pair[1].text))
    sources = {target.place.source.path: target.place.source.text for target in targets}
    for worth, edit in promised:
        if text := apply(sources[edit.path], edit):
            change = Change(edit.path, sources[edit.path], text)
            origin = f"operator:{edit.operator}"
            yield Idea((change,), origin, edit.why, worth, line=edit.line, function=edit.function)


def _promised(target: Target) -> Iterator[tuple[float, Edit]]:
    """The edits of one place with their promise; edits of lines the failing test never ran are left out."""
    count: Counter[str] = Counter()
    edits = [pair for pair in operators.propose(target.place) if target.lines is None or pair[1].line in target.lines]
    for operator, edit in sorted(edits, key=lambda pair: -pair[1].weight):
        size = abs(len(edit.text) - (edit.end - edit.start)) + min(len(edit.text), edit.end - edit.start) // 8
        worth = promise(
            suspicion=target.suspicion, prior=operator.prior, weight=edit.weight, nth=count[edit.operator], size=size
        )  # fmt: skip
        count[edit.operator] += 1
        yield worth, edit


def _until(deadline: float, ideas: Iterable[Idea]) -> Iterator[Idea]:
    for idea in ideas:
        if time.monotonic() > deadline:
            return
        yield idea


# --- a model ---------------------------------------------------------------------------------------------------------


def _from_model(
    context: StageContext, targets: list[Target], reproduction: Reproduction, checkout: Checkout
) -> Iterator[Idea]:
    """Several answers to the same question at once; an answer that does not apply strictly is said and left out."""
    shown = targets[:SHOWN_PLACES]
    paths = tuple(dict.fromkeys(target.place.source.path for target in shown))
    for reply in context.ask(_requests(context, shown, reproduction)):
        context.check()
        if reply.error:
            context.emit(
                Notice(text=f"The model gave no change: {reply.error_text}", level="warning", slug=reply.error)
            )
            continue
        try:
            blocks = [(block.path, block.search, block.replace) for block in answers.replacements(reply.text)]
            changes = model_edits.apply(Path(checkout.root), blocks, paths)
        except Garbled as misfit:
            context.emit(Notice(text=f"One of the model's changes was left out. {misfit}", slug=misfit.slug))
            continue
        if changes:
            yield _model_idea(reply, changes, shown)


def _model_idea(reply: ModelReply, changes: tuple[Change, ...], shown: list[Target]) -> Idea:
    said = next((line.strip() for line in reply.text.splitlines() if line.strip()), "")
    function = next((t.place.name for t in shown if t.place.source.path == changes[0].path), "")
    origin = f"model:{reply.model or 'unnamed'}"[:60]
    return Idea(changes, origin, said[:300], MODEL_PROMISE / (1 + reply.sample / 4), function=function)


def _requests(context: StageContext, shown: list[Target], reproduction: Reproduction) -> list[ModelRequest]:
    prompt = render(
        "fix_candidate",
        symptom=f"{context.report.title}\n\n{context.report.text}"[:4000],
        test=_test_text(reproduction)[:4000],
        output=next((run.output for run in reproduction.runs if not run.passed), "")[-3000:],
        sources=_shown_code(shown),
        earlier="",
    )
    return [
        ModelRequest(
            key="fix", purpose="fix", messages=prompt.messages, prompt=prompt.id, sample=sample, max_tokens=2048,
            temperature=0.0 if sample == 0 else 0.8,
        )
        for sample in range(context.options.samples)
    ]  # fmt: skip


def _test_text(reproduction: Reproduction) -> str:
    """The failing test's file; of a test of the suite the file it stands in."""
    assert reproduction.test
    assert reproduction.checkout
    if reproduction.test.files:
        return "\n".join(reproduction.test.files.values())
    source = load(Path(reproduction.checkout.root), reproduction.test.id.split("::")[0])
    return source.text if source else reproduction.test.id


def _shown_code(shown: list[Target]) -> str:
    """The suspicious functions as they stand in their files, as many as fit."""
    parts: list[str] = []
    for target in shown:
        place = target.place
        text = place.source.text if place.function is None else _definition(place)
        parts.append(f"# {place.source.path}\n{text}\n")
    kept = [part for n, part in enumerate(parts) if sum(map(len, parts[: n + 1])) <= SHOWN_CHARACTERS]
    return "\n".join(kept or [parts[0][:SHOWN_CHARACTERS]])


def _definition(place: Place) -> str:
    source, node = place.source, place.node
    return source.text[source.starts[first_line(node) - 1] : source.line_end(last_line(node))]


# --- the verdict -----------------------------------------------------------------------------------------------------


def _batches(candidates: Iterator[Candidate]) -> Iterator[tuple[Candidate, ...]]:
    while batch := tuple(islice(candidates, BATCH)):
        yield batch


def _result(pool: Pool, places: int) -> Fix:
    if not pool.proposed:
        return Fix(
            verdict="nothing_to_change",
            reason=f"No operator found anything to change in the {places} most suspicious places.",
            would_change="A model widens the pool (set OPENAI_API_KEY), or add your own diff.",
        )
    return Fix(
        verdict="candidates_proposed",
        reason=f"{pool.proposed} different changes in the {places} most suspicious places; none is believed yet.",
        proposed=pool.proposed,
        twins=pool.twins,
        by_origin=pool.by_origin,
    )


def _without_reproduction(reproduction: Reproduction | None) -> Fix:
    why = reproduction.reason if reproduction else "The report was not reproduced."
    return Fix(
        verdict="nothing_to_change",
        reason=f"Without a test that fails for the right reason no change can be checked. {why}",
        would_change="A test or a snippet that shows the failure; then run again from Reproduce.",
    )


def _without_suspects() -> Fix:
    return Fix(
        verdict="nothing_to_change",
        reason="No suspicious place is in a Python file that can be changed.",
        would_change="Name the file or function in a comment, then run again from Root cause.",
    )
