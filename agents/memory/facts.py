"""What a finished run taught, said in sentences that will still make sense to the next bug."""

from collections.abc import Iterator, Sequence

from agents.context import Fact
from agents.report import Report, Symptom
from agents.results import Analysis, Candidate, Environment, Findings, Reproduction, Validation

SHORT = 200
CHANGED_LINES = 6
FAILING_SHOWN = 5


def learned(report: Report, findings: Findings, candidates: Sequence[Candidate]) -> tuple[Fact, ...]:
    """The facts of a run: how the bug shows, what was proven about its cause and its fix, what holds for the project.

    Only what a run has shown is a fact: a suspect without a verified fix is none.
    """
    return (
        *_symptom(report, findings),
        *_repair(report, findings.validate, candidates),
        *_project(findings.reproduce),
        *_logs(findings.analysis),
    )


def _symptom(report: Report, findings: Findings) -> Iterator[Fact]:
    shown = findings.reproduce.signature if findings.reproduce else None
    told = findings.analysis.symptom if findings.analysis else Symptom()
    exception = _short((shown and shown.exception) or told.exception)
    if not exception:
        return
    message = _short((shown and (shown.raw or shown.message)) or told.message)
    frame = next(iter((shown and shown.frames) or told.frames), None)
    place = f" in {_short(frame.path)}, {_short(frame.function)}" if frame else ""
    how = "reproduced" if shown else "reported"
    text = f"The {_named(report)} shows as {exception}{': ' if message else ''}{message}{place} ({how})."
    edges = [("exception", exception, "shows_as")]
    if frame:
        edges += [("file", frame.path, "raised_in"), ("symbol", frame.function, "raised_in")]
    yield Fact(kind="symptom", text=text, confidence=1.0 if shown else 0.6, edges=_edges(edges))


def _repair(report: Report, validation: Validation | None, candidates: Sequence[Candidate]) -> Iterator[Fact]:
    best = next(iter(validation.ranking), None) if validation else None
    candidate = next((one for one in candidates if one.key == best), None)
    if candidate is None:
        return
    place = f"{_short(candidate.path)}, {_short(candidate.function) or 'module level'}, line {candidate.line}"
    why = _short(candidate.why)
    edges = _edges([("file", candidate.path, "caused_by"), ("symbol", candidate.function, "caused_by")])
    yield Fact(kind="root_cause", text=f"The {_named(report)} was caused in {place}.", confidence=0.9, edges=edges)
    text = f"A change in {place} fixed the {_named(report)}: {why} {_changed(candidate.diff)}".strip()
    yield Fact(kind="fix", text=text, confidence=0.9, edges=edges)


def _project(reproduction: Reproduction | None) -> Iterator[Fact]:
    if reproduction is None or reproduction.environment is None:
        return
    yield _runner(reproduction.environment)
    failing = reproduction.failing_at_base
    if failing:
        more = f" and {len(failing) - FAILING_SHOWN} more" if len(failing) > FAILING_SHOWN else ""
        shown = ", ".join(_short(test) for test in failing[:FAILING_SHOWN])
        edges = _edges([("test", test, "fails_at_base") for test in failing[:FAILING_SHOWN]])
        yield Fact(kind="project", text=f"Tests that fail without any change: {shown}{more}.", edges=edges)


def _runner(environment: Environment) -> Fact:
    how = f" ({_short(environment.how)})" if environment.how else ""
    return Fact(
        kind="project", text=f"The tests run with {environment.runner} on Python {environment.version or '3'}{how}."
    )


def _logs(analysis: Analysis | None) -> Iterator[Fact]:
    if analysis and analysis.coverage and analysis.coverage.verdict == "rolled_over":
        logs = ", ".join(_short(span.name) for span in analysis.coverage.spans[:FAILING_SHOWN])
        yield Fact(kind="project", text=f"Logs have rolled over before a bug was reported: {logs}. Ask for older ones.")


def _named(report: Report) -> str:
    return f"bug “{_short(report.title)}”"


def _changed(diff: str) -> str:
    """The first changed lines of a patch, in one line."""
    changed = [line for line in diff.splitlines() if line[:1] in ("+", "-") and line[:3] not in ("+++", "---")]
    return _short(" / ".join(line[0] + " " + line[1:].strip() for line in changed[:CHANGED_LINES]), 2 * SHORT)


def _edges(edges: Sequence[tuple[str, str, str]]) -> tuple[tuple[str, str, str], ...]:
    return tuple((kind, _short(identifier), relation) for kind, identifier, relation in edges if identifier)


def _short(text: str, longest: int = SHORT) -> str:
    line = " ".join(text.split())
    return line if len(line) <= longest else f"{line[: longest - 1]}…"
