"""Analysis: what the report says, whether its logs cover the incident, and whether anybody can act on it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from agents.context import ModelReply, ModelRequest, StageContext
from agents.errors import Garbled
from agents.events import EvidenceAdded, MemoryRetrieved, Notice, Progress
from agents.logs import completeness, coverage, digest, kernel, moment, read, traces
from agents.logs.completeness import Told
from agents.logs.redact import redact
from agents.prompts import answers, render
from agents.report import Symptom, Trace
from agents.reproduction import gate, mask, symptom
from agents.results import Analysis, Coverage, Digest, Evidence, LogTemplate, Missing, Recollection

MAX_EVIDENCE = 24
MAX_QUOTE = 600
MIN_SENTENCE = 12  # characters; "Instead:" says nothing
MODEL_CONFIDENCE = 0.4
SEVERE = ("error", "critical", "fatal")

Verdict = Literal["actionable", "actionable_with_gaps", "needs_info", "logs_rolled_over"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A stack trace in the logs: where, how often, and how often around the incident."""

    trace: Trace
    source: str
    line: int
    count: int
    in_window: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Logs:
    """What one reading of the attachments gave."""

    coverage: Coverage
    digest: Digest | None = None
    seen: tuple[Seen, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Hypothesis:
    claim: str
    where: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """A model's answer to the prompt `analysis_summary`."""

    summary: str
    hypotheses: tuple[Hypothesis, ...] = ()
    questions: tuple[str, ...] = field(default=())


def run(context: StageContext) -> Analysis:
    """Return the symptom, the coverage verdict, the evidence, what is missing, and whether to go on."""
    reported = traces.parse(symptom.full_text(context.report))
    told = symptom.read(context.report, _telling(reported))
    logs = context.keep("logs", Logs, lambda: _read_logs(context, told))
    told = _with_logs(told, logs)
    memories = _remember(context, told)
    facts = completeness.assess(context.report, told, logs.digest.text if logs.digest else "")
    missing = [*_no_repository(context), *completeness.questions(facts, told, logs.coverage)]
    evidence = list(_evidence(context, told, logs))
    for one in evidence:
        context.emit(EvidenceAdded(evidence=one))
    if not context.offline:
        said, asked = _model_says(context, logs, memories)
        evidence += said
        missing += asked
    verdict, reason, would_change = _verdict(facts, told, logs, missing)
    return Analysis(
        verdict=verdict,
        reason=reason,
        would_change=would_change,
        symptom=told,
        coverage=logs.coverage,
        digest=logs.digest,
        evidence=tuple(evidence),
        missing=tuple(missing[: completeness.MAX_QUESTIONS]),
        memories=memories,
    )


# --- the symptom -----------------------------------------------------------------------------------------------------


def _telling(found: Sequence[Trace]) -> tuple[Trace, ...]:
    """Python first, then those with frames, else in the order of the report."""
    return tuple(sorted(found, key=lambda trace: (trace.language != "python", not trace.frames)))


def _with_logs(told: Symptom, logs: Logs) -> Symptom:
    """Let the logs fill in what the report leaves out: the trace of its error, or the one of the incident."""
    if told.frames:
        return told
    found = next((one.trace for one in logs.seen if told.exception and _same_error(told, one.trace)), None)
    if found is None and not told.exception and not told.claims:
        near = [one.trace for one in logs.seen if one.in_window and one.trace.language == "python"]
        found = near[0] if len(near) == 1 else None
    if found is None:
        return told
    return replace(
        told,
        exception=found.exception,
        message=told.message or found.message,
        frames=tuple(dict.fromkeys(found.frames)),
    )


def _same_error(told: Symptom, trace: Trace) -> bool:
    if gate.short(told.exception) != gate.short(trace.exception):
        return False
    return not told.message or mask.similarity(told.message, trace.message) >= gate.SIMILAR


# --- the logs --------------------------------------------------------------------------------------------------------


def _read_logs(context: StageContext, told: Symptom) -> Logs:
    report = context.report
    happened = moment.find(report, symptom.prose(report))
    window = kernel.window_around(happened.start, happened.end) if happened else None
    table = kernel.Table(window=window, reference=report.created_at)
    skipped = _scan(context, table)
    where = _where_seen(told, table)
    covered = coverage.judge(happened, table.files, skipped, uploaded_at=report.created_at, symptom_seen=where)
    if not table.files:
        return Logs(coverage=covered)
    page = digest.compose(table, covered, skipped)
    return Logs(coverage=covered, digest=page, seen=tuple(_seen(table)))


def _scan(context: StageContext, table: kernel.Table) -> list[read.Skipped]:
    """Read every member once, with progress in bytes of what was attached."""
    attachments = context.report.attachments
    total, done = sum(one.size for one in attachments), 0
    if attachments:
        context.emit(Progress(what="reading the logs", done=0, total=total, unit="bytes"))
    skipped: list[read.Skipped] = []
    for member in read.members(attachments, check=context.check):
        if isinstance(member, read.Skipped):
            skipped.append(member)
            context.emit(
                Notice(text=f"{member.name} was not read: {member.reason}.", level="warning", slug="log-skipped")
            )
            continue
        done += table.scan(member).size
        context.emit(Progress(what="reading the logs", done=min(done, total), total=total, unit="bytes"))
    return skipped


def _where_seen(told: Symptom, table: kernel.Table) -> str:
    """Where the reported error stands in the logs ("app.log L120"); "" when it does not."""
    if not told.exception:
        return ""
    for found in table.traces.values():
        if _same_error(told, found.trace):
            return f"{found.source} L{found.line}"
    return ""


def _seen(table: kernel.Table) -> Iterator[Seen]:
    ordered = sorted(table.traces.values(), key=lambda found: (-found.in_window, found.count))
    for found in ordered[:20]:
        yield Seen(
            trace=found.trace,
            source=found.source,
            line=found.line,
            count=found.count,
            in_window=found.in_window,
        )


# --- evidence --------------------------------------------------------------------------------------------------------


def _evidence(context: StageContext, told: Symptom, logs: Logs) -> Iterator[Evidence]:
    found = [*_of_report(context, told), *_of_logs(logs)]
    for one in found[:MAX_EVIDENCE]:
        yield replace(one, quote=redact(one.quote)[:MAX_QUOTE], claim=redact(one.claim))


def _of_report(context: StageContext, told: Symptom) -> Iterator[Evidence]:
    text = symptom.full_text(context.report)
    if told.exception:
        name = gate.short(told.exception)
        quote = f"{told.exception}: {told.message}" if told.message else told.exception
        yield Evidence(claim=f"It fails with {name}.", source="report", locator=_line_of(text, name), quote=quote)
    if told.frames:
        frame = told.frames[0]
        place = f"{frame.path}:{frame.line}"
        yield Evidence(claim=f"It is raised in {frame.function}.", source="traceback", locator=place, quote=frame.code)
    for claim in told.claims[:3]:
        if claim.expected and claim.observed:
            said = f"It gives {claim.observed} where {claim.expected} is expected."
            yield Evidence(claim=said, source="report", locator=_line_of(text, claim.expected), quote=claim.observed)
    if len(told.expected) > MIN_SENTENCE:
        yield Evidence(claim="The report says what it expects.", source="report", quote=told.expected, confidence=0.8)
    if len(told.observed) > MIN_SENTENCE and told.observed != told.expected:
        yield Evidence(claim="The report says what it sees.", source="report", quote=told.observed, confidence=0.8)
    for test in told.test_ids[:3]:
        yield Evidence(claim="The report names a test.", source="report", locator=_line_of(text, test), quote=test)
    for one in [one for one in told.snippets if one.kind in ("python", "session", "test")][:3]:
        head = one.text.split("\n")[0]
        yield Evidence(
            claim="The report shows code that can be run.",
            source="report",
            locator=_line_of(text, head),
            quote=one.text,
        )


def _line_of(text: str, words: str) -> str:
    at = text.find(words)
    return f"L{text.count(chr(10), 0, at) + 1}" if words and at >= 0 else ""


def _of_logs(logs: Logs) -> Iterator[Evidence]:
    if logs.coverage.verdict != "no_logs":
        name = logs.coverage.spans[0].name if logs.coverage.spans else "logs"
        yield Evidence(
            claim=f"Logs: {logs.coverage.verdict.replace('_', ' ')}.", source=f"log:{name}", quote=logs.coverage.detail
        )
    for one in logs.seen[:5]:
        when = f"{one.in_window} of them around the incident" if one.in_window else "none near the incident"
        claim = f"{gate.short(one.trace.exception)} stands in the log ({one.count}x), {when}."
        quote = f"{one.trace.exception}: {one.trace.message}"
        yield Evidence(claim=claim, source=f"log:{one.source}", locator=f"L{one.line}", quote=quote)
    templates = logs.digest.templates if logs.digest else ()
    for template in [one for one in templates if one.in_window and one.level in SEVERE][:5]:
        yield _of_template(template)


def _of_template(template: LogTemplate) -> Evidence:
    return Evidence(
        claim=f"{template.in_window} of {template.count} such {template.level} lines fall around the incident.",
        source=f"log:{template.source}",
        locator=f"L{template.line}",
        quote=template.example,
        confidence=0.7,
    )


def _remember(context: StageContext, told: Symptom) -> tuple[Recollection, ...]:
    query = " ".join(part for part in (context.report.title, told.exception, told.message) if part)[:1000]
    memories = context.memory.search(query, 5)
    context.emit(MemoryRetrieved(query=query, memories=memories))
    return memories


# --- a model's view --------------------------------------------------------------------------------------------------


def _model_says(
    context: StageContext, logs: Logs, memories: Sequence[Recollection]
) -> tuple[list[Evidence], list[Missing]]:
    """One call; what it says is evidence of its own kind and never changes what was read."""
    prompt = render(
        "analysis_summary",
        title=context.report.title[:300],
        text=context.report.text[:30_000],
        comments="\n\n".join(f"{one.author}: {one.text}" for one in context.report.comments)[:10_000] or "none",
        digest=logs.digest.text if logs.digest else "no logs",
        memories="\n".join(one.text for one in memories) or "none",
    )
    request = ModelRequest(
        key="analysis_summary",
        purpose="analysis_summary",
        messages=prompt.messages,
        prompt=prompt.id,
        json_schema=prompt.json_schema,
    )
    summary = next((said for reply in context.ask([request]) if (said := _summary(context, reply))), None)
    if summary is None:
        return [], []
    evidence = list(_of_summary(summary))
    for one in evidence:
        context.emit(EvidenceAdded(evidence=one))
    asked = [Missing(question=redact(one)[:300], why="The model would need it.") for one in summary.questions[:2]]
    return evidence, asked


def _summary(context: StageContext, reply: ModelReply) -> Summary | None:
    if reply.error:
        context.emit(Notice(text=f"The model gave no summary: {reply.error_text}", level="warning", slug=reply.error))
        return None
    try:
        return answers.as_json(reply.text, Summary)
    except Garbled as garbled:
        context.emit(Notice(text=str(garbled), level="warning", slug=garbled.slug))
        return None


def _of_summary(summary: Summary) -> Iterator[Evidence]:
    yield Evidence(claim=redact(summary.summary)[:MAX_QUOTE], source="model", confidence=MODEL_CONFIDENCE)
    for one in summary.hypotheses[:4]:
        claim = redact(one.claim)[:MAX_QUOTE]
        yield Evidence(claim=claim, source="model", locator=redact(one.where)[:200], confidence=MODEL_CONFIDENCE)


# --- the verdict -----------------------------------------------------------------------------------------------------


def _no_repository(context: StageContext) -> list[Missing]:
    source = context.report.source
    if source and source.location:
        return []
    question = Missing(
        question="Which repository is it about?",
        why="Without the code nothing can be run or searched.",
        how="Give its address, or its path on the machine Modulo runs on, and the commit.",
    )
    return [question]


def _verdict(facts: Told, told: Symptom, logs: Logs, missing: Sequence[Missing]) -> tuple[Verdict, str, str]:
    """(verdict, reason, what would change it)."""
    asked = missing[0].question if missing else ""
    lead = told.frames or logs.seen
    if logs.coverage.verdict == "rolled_over" and not facts.material and not lead:
        reason = f"{logs.coverage.detail} The report itself holds no traceback, code, test or command to start from."
        return "logs_rolled_over", reason, missing[0].how if missing else "Send the older log."
    if not facts.material and not lead and (facts.placeholder or not (facts.observed and facts.substance)):
        return "needs_info", _nothing(facts), asked
    if _complete(facts, told) and logs.coverage.verdict in ("covered", "no_logs", "unknown"):
        return "actionable", _what_there_is(told), ""
    return "actionable_with_gaps", f"{_what_there_is(told)} What is open is assumed.", asked


def _nothing(facts: Told) -> str:
    if facts.placeholder:
        return "Most of the report is its template, not filled in."
    if not facts.observed:
        return "The report names no error, wrong value or failure."
    return "The report is too short to say where to look."


def _complete(facts: Told, told: Symptom) -> bool:
    goal = told.exception or told.claims or told.should_raise or facts.expected
    return bool(facts.material and goal and not told.intermittent)


def _what_there_is(told: Symptom) -> str:
    kinds = {one.kind for one in told.snippets}
    parts = [
        f"an error ({gate.short(told.exception)})" if told.exception else "",
        "a traceback" if told.frames else "",
        "code to run" if kinds & {"python", "session", "test"} else "",
        "a test" if told.test_ids else "",
        "commands" if told.commands else "",
        "the value it expects" if told.claims else "",
    ]
    named = [part for part in parts if part]
    return f"The report gives {', '.join(named)}." if named else "The report describes a failure in words."
