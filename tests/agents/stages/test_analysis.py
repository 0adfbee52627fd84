"""The Analysis stage: from report, comments and logs to a verdict with its reasons."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agents.context import Fact, ModelRequest
from agents.errors import Cancelled
from agents.events import EvidenceAdded, MemoryRetrieved, Notice
from agents.report import Attachment, Comment, Report, Source
from agents.stages import analysis
from bugs.demo.catalogue import DEMOS
from tests.agents.stages.context import PlainContext

SNIPPET = """\
```python
from coins import split
split(9, 0)
```
raises `SplitError: no parts`. I expected `[]`. coins version 1.2, Linux."""
WRITTEN = datetime(2024, 3, 6, 9, 30, tzinfo=UTC)
Make = Callable[..., PlainContext]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    def context(
        text: str, *, title: str = "It fails", logs: dict[str, str] | None = None, **more: object
    ) -> PlainContext:
        attachments = []
        for number, (name, content) in enumerate((logs or {}).items()):
            path = tmp_path / f"upload-{number}"
            path.write_text(content)
            attachments.append(Attachment(name=name, path=str(path), size=len(content)))
        comments = more.pop("comments", ())
        report = Report(
            title=title,
            text=text,
            comments=comments,  # type: ignore[arg-type]
            attachments=tuple(attachments),
            source=Source(location="/srv/coins"),
            created_at=WRITTEN,
        )
        return PlainContext(report=report, root=tmp_path / "run", **more)  # type: ignore[arg-type]

    return context


def minutes(hour: int, lines: int = 60) -> str:
    return "".join(f"2024-03-05T{hour:02}:{n:02}:00Z INFO polled {n} meters\n" for n in range(lines))


def test_a_report_with_code_and_an_error_is_actionable(make: Make) -> None:
    found = analysis.run(make(SNIPPET))
    assert (found.verdict, found.symptom.exception, found.missing) == ("actionable", "SplitError", ())


def test_words_about_a_failure_are_actionable_with_gaps(make: Make) -> None:
    found = analysis.run(make("The `split` of an uneven total loses the rest; every invoice is wrong by a cent."))
    assert found.verdict == "actionable_with_gaps"
    assert found.would_change


@pytest.mark.parametrize(
    "text", ["", "help", "it does not work", "**Describe the bug**\nA clear and concise description\n"]
)
def test_a_report_that_says_nothing_needs_info(make: Make, text: str) -> None:
    found = analysis.run(make(text, title="Broken"))
    assert found.verdict == "needs_info"
    assert found.missing


def test_logs_that_rolled_over_stop_a_report_that_gives_nothing_else(make: Make) -> None:
    logs = {"app.log": minutes(16), "app.log.1": minutes(15)}
    found = analysis.run(make("All meters were billed as zero, it failed at 2024-03-05 14:02 UTC.", logs=logs))
    assert found.verdict == "logs_rolled_over"
    assert "app.log.1 starts 2024-03-05 15:00 UTC" in found.reason


def test_logs_that_rolled_over_do_not_stop_a_report_with_code(make: Make) -> None:
    logs = {"app.log": minutes(16), "app.log.1": minutes(15)}
    found = analysis.run(make(f"{SNIPPET} It failed at 2024-03-05 14:02 UTC.", logs=logs))
    assert found.verdict == "actionable_with_gaps"
    assert found.coverage is not None
    assert found.coverage.verdict == "rolled_over"


def test_the_trace_of_the_incident_is_taken_from_the_log(make: Make) -> None:
    trace = 'Traceback (most recent call last):\n  File "coins/core.py", line 9, in split\nZeroDivisionError: by zero\n'
    log = f"{minutes(14, 2)}2024-03-05T14:02:30Z ERROR failed\n{trace}{minutes(15)}"
    found = analysis.run(make("The nightly split failed at 2024-03-05 14:02 UTC, see the log.", logs={"app.log": log}))
    assert (found.symptom.exception, found.symptom.frames[0].function) == ("ZeroDivisionError", "split")
    assert found.verdict != "needs_info"


def test_every_claim_names_its_place(make: Make) -> None:
    context = make(SNIPPET, comments=(Comment(author="bob", text="Me too."),))
    found = analysis.run(context)
    assert found.evidence
    assert all(one.source for one in found.evidence)
    assert [event.evidence for event in context.seen(EvidenceAdded)] == list(found.evidence)


def test_secrets_are_not_quoted(make: Make) -> None:
    found = analysis.run(make("It raises `ValueError: bad password=hunter2secret given` when I run `split`."))
    assert "hunter2" not in str(found.evidence)


def test_what_earlier_bugs_taught_is_retrieved(make: Make) -> None:
    context = make(SNIPPET)
    context.memory.remember([Fact(kind="fix", text="SplitError came from an empty list")])
    found = analysis.run(context)
    assert [one.text for one in found.memories] == ["SplitError came from an empty list"]
    assert context.seen(MemoryRetrieved)[0].memories == found.memories


def test_an_attachment_that_cannot_be_read_is_said(make: Make, tmp_path: Path) -> None:
    context = make(SNIPPET, logs={"core": "\x00\x01\x02" * 900})
    analysis.run(context)
    assert ["core was not read" in notice.text for notice in context.seen(Notice)] == [True]


def test_a_model_adds_evidence_of_its_own_kind(make: Make) -> None:
    def answer(request: ModelRequest) -> str:
        hypotheses = [{"claim": "parts may be 0", "where": "coins/core.py"}]
        return json.dumps({"summary": "It divides.", "hypotheses": hypotheses, "questions": ["Which total?"]})

    found = analysis.run(make(SNIPPET, answer=answer))
    assert [one.claim for one in found.evidence if one.source == "model"] == ["It divides.", "parts may be 0"]
    assert "Which total?" in [one.question for one in found.missing]


def test_a_model_that_rambles_changes_nothing(make: Make) -> None:
    context = make(SNIPPET, answer=lambda request: "As a model I cannot { do that")
    assert analysis.run(context).verdict == "actionable"
    assert "model-garbled" in [notice.slug for notice in context.seen(Notice)]


def test_the_logs_are_read_once_however_often_the_stage_runs(make: Make) -> None:
    context = make(SNIPPET, logs={"app.log": minutes(15)})
    first = analysis.run(context)
    Path(context.report.attachments[0].path).unlink()
    assert analysis.run(context) == first


def test_a_cancelled_run_stops_while_it_reads(make: Make) -> None:
    with pytest.raises(Cancelled):
        analysis.run(make(SNIPPET, logs={"app.log": minutes(15)}, stop=Cancelled("stopped")))


@pytest.mark.parametrize(
    ("slug", "verdict", "coverage"),
    [
        ("off-by-one", "actionable", "covered"),
        ("rolled-over", "logs_rolled_over", "rolled_over"),
        ("stubborn", "actionable", "covered"),
    ],
)
def test_the_demo_reports_get_their_verdicts(tmp_path: Path, slug: str, verdict: str, coverage: str) -> None:
    demo, attachments = DEMOS[slug], []
    for log in demo.logs():
        (tmp_path / log.name).write_bytes(log.data)
        attachments.append(Attachment(name=log.name, path=str(tmp_path / log.name), size=len(log.data)))
    report = Report(
        title=demo.title,
        text=demo.text,
        comments=demo.comments,
        attachments=tuple(attachments),
        source=Source(location="/srv/tallybook"),
        created_at=demo.created_at,
        happened_at=demo.happened_at,
    )
    found = analysis.run(PlainContext(report=report, root=tmp_path / "run"))
    assert found.coverage is not None
    assert (found.verdict, found.coverage.verdict) == (verdict, coverage)
