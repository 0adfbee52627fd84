"""What a stage reads comes from rows; what it says and keeps becomes rows, once, whatever dies in between."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from agents.context import Job, Message, ModelRequest
from agents.errors import LeaseLost
from agents.events import CandidatesProposed, CandidatesTried, Notice, Progress
from agents.perf import simulated
from agents.perf.profile import Profile
from agents.results import Candidate, Evidence, Trial
from bugs import actions
from bugs.context import Context, outside_db
from bugs.live import LiveWriter
from bugs.models import Bug, ModelCall, Stage, Step

pytestmark = pytest.mark.storage


def context_of(stage: Stage) -> Context:
    return Context(stage, LiveWriter(stage.run.bug_id, stage.run.number, stage.name), lambda: None)


def next_worker(stage: Stage) -> Stage:
    """The stage's worker died; this is what the next one holds."""
    Stage.objects.filter(pk=stage.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    taken = actions.start_stage(stage.pk, "the next worker")
    assert taken is not None
    return taken


@pytest.fixture
def model(settings: Any) -> Iterator[simulated.Server]:
    """A model server on a real socket."""
    with simulated.serve(Profile(ttft=0.001, itl=0.0001)) as server:
        settings.OPENAI_BASE_URL = server.url
        yield server


def patch(key: str, prior: float = 0.0) -> Candidate:
    return Candidate(key=key, origin="operator:compare", diff=f"-{key}", why="w", path="a.py", line=3, prior=prior)


def trial(key: str, reason: str = "The test still fails.") -> Trial:
    evidence = (Evidence(claim="c", source="test"),)
    return Trial(
        candidate=key, verdict="fix_ineffective", reason=reason, step="reproduction", seconds=0.5, evidence=evidence
    )


def asked(*keys: str) -> list[ModelRequest]:
    words = (Message(role="user", text="The key is sk-proj-abcdefghijklmnopqrstuvwxyz0123456789ABCD."),)
    return [ModelRequest(key=key, purpose="fix_candidate", messages=words) for key in keys]


def test_a_stage_reads_the_report_its_comments_and_its_files(held: Stage, bug: Bug, settings: Any) -> None:
    settings.MODULO_PYTHON = "/usr/bin/python3"
    Bug.objects.filter(pk=bug.pk).update(repository="/srv/shop", commit="v1")
    held.run.bug.refresh_from_db()
    actions.add_comment(bug, "Same here.", author_name="Bob")
    actions.attach(bug, "app.log", b"line\n")
    report = context_of(held).report
    assert (report.title, report.comments[0].author) == (bug.title, "Bob")
    assert report.attachments[0].path.startswith(str(settings.MODULO_DATA))
    assert (report.source.location, report.source.commit, report.source.python) == (
        "/srv/shop",
        "v1",
        "/usr/bin/python3",
    )


def test_a_run_narrows_the_settings_and_never_widens_them(held: Stage, settings: Any) -> None:
    settings.MODULO_MAX_CANDIDATES = 100
    held.run.options = {"max_candidates": 7, "samples": 999, "sandbox": "none"}
    options = context_of(held).options
    assert (options.max_candidates, options.samples) == (7, settings.MODULO_SAMPLES)


def test_what_a_step_found_survives_its_worker(held: Stage) -> None:
    calls: list[int] = []

    def find() -> tuple[int, ...]:
        calls.append(1)
        return (1, 2)

    assert context_of(held).keep("numbers", tuple[int, ...], find) == (1, 2)
    assert context_of(next_worker(held)).keep("numbers", tuple[int, ...], find) == (1, 2)
    assert len(calls) == 1


def test_a_step_that_cannot_be_read_any_more_is_made_again(held: Stage) -> None:
    Step.objects.create(stage=held, key="numbers", value="not numbers")
    assert context_of(held).keep("numbers", tuple[int, ...], lambda: (3,)) == (3,)


def test_a_worker_that_lost_its_stage_keeps_nothing(held: Stage) -> None:
    context = context_of(held)
    next_worker(held)
    with pytest.raises(LeaseLost):
        context.keep("numbers", int, lambda: 1)
    with pytest.raises(LeaseLost):
        context.emit(Notice(text="too late"))
    assert not Step.objects.exists()


def test_candidates_become_rows_in_the_order_of_promise(held: Stage, bug: Bug) -> None:
    context = context_of(held)
    context.emit(CandidatesProposed(candidates=(patch("a", 0.1), patch("b", 0.9))))
    context.emit(CandidatesProposed(candidates=(patch("b"), patch("c", 0.5))))
    assert [candidate.key for candidate in context.candidates()] == ["b", "c", "a"]
    assert list(held.run.candidates.values_list("key", "number")) == [("a", 1), ("b", 2), ("c", 3)]
    told = [event.payload["candidates"] for event in bug.events.filter(kind="candidate_added")]
    assert [[one["key"] for one in batch] for batch in told] == [["a", "b"], ["c"]]


def test_trials_become_rows_and_are_read_back_whole(held: Stage) -> None:
    context = context_of(held)
    context.emit(CandidatesProposed(candidates=(patch("a"),)))
    context.emit(CandidatesTried(trials=(trial("a"),)))
    assert context.trials() == (trial("a"),)
    context.emit(CandidatesTried(trials=(trial("a", "It passes now."),)))
    assert [one.reason for one in context.trials()] == ["It passes now."]


def test_what_is_said_again_after_a_crash_is_told_once(held: Stage, bug: Bug) -> None:
    said = [Notice(text="n"), CandidatesProposed(candidates=(patch("a"),)), CandidatesTried(trials=(trial("a"),))]
    for event in said:
        context_of(held).emit(event)
    again = context_of(next_worker(held))
    for event in said:
        again.emit(event)
    kinds = list(bug.events.filter(seq__gt=3).values_list("kind", flat=True))
    assert [kind for kind in kinds if kind != "stage_started"] == ["notice", "candidate_added", "candidate_tried"]


def test_of_long_work_the_first_and_the_last_word_are_kept(held: Stage, bug: Bug) -> None:
    context = context_of(held)
    for done in range(101):
        context.emit(Progress(what="suite", done=done, total=100))
    kept = bug.events.filter(kind="stage_progress").values_list("payload__done", flat=True)
    assert list(kept) == [0, 100]


def test_a_model_or_a_sandbox_is_never_called_inside_a_transaction(held: Stage) -> None:
    with transaction.atomic(), pytest.raises(RuntimeError, match="transaction"), outside_db():
        pass
    with transaction.atomic(), pytest.raises(RuntimeError, match="transaction"):
        context_of(held).sandbox.run(Job(argv=("true",), cwd="/"))


def test_no_connection_is_held_while_a_model_or_a_sandbox_works(held: Stage) -> None:
    assert Stage.objects.exists()
    with outside_db():
        assert connection.connection is None


def test_without_a_model_nothing_is_asked(held: Stage) -> None:
    context = context_of(held)
    assert context.offline
    assert list(context.ask(asked("a"))) == []


def test_a_reply_is_stored_before_it_is_used_and_paid_for_once(held: Stage, model: simulated.Server) -> None:
    replies = context_of(held).ask(asked("a", "b"))
    first = next(replies)
    assert ModelCall.objects.get(key=first.key).text == first.text
    replies.close()
    again = list(context_of(next_worker(held)).ask(asked("a", "b")))
    assert {reply.key for reply in again} == {"a", "b"}
    assert model.seen.total() <= 3
    assert ModelCall.objects.count() == 2


def test_what_is_stored_of_a_call_is_what_was_sent_without_secrets(held: Stage, model: simulated.Server) -> None:
    list(context_of(held).ask(asked("a")))
    call = ModelCall.objects.get()
    assert "sk-proj" not in str(call.messages)
    assert "sk-proj" not in str(model.calls[0].body)
    assert call.messages[0]["text"] == model.calls[0].body["messages"][0]["content"]
    assert held.run.bug.events.get(kind="model_called").payload["purpose"] == "fix_candidate"


def test_the_words_of_a_model_reach_the_pages(held: Stage, model: simulated.Server, broker: Any) -> None:
    with LiveWriter(held.run.bug_id, 1, held.name) as live:
        (reply,) = Context(held, live, lambda: None).ask(asked("a"))
    frames = broker.xrange(f"live:{held.run.bug_id}")
    assert frames
    assert reply.text


def test_a_failed_call_is_asked_again_when_the_stage_runs_again(held: Stage, settings: Any) -> None:
    with simulated.serve(Profile(failed=1.0)) as server:
        settings.OPENAI_BASE_URL = server.url
        (failed,) = context_of(held).ask(asked("a"))
    with simulated.serve(Profile(ttft=0.001)) as server:
        settings.OPENAI_BASE_URL = server.url
        (fine,) = context_of(held).ask(asked("a"))
    assert failed.error
    assert not fine.error
    assert ModelCall.objects.get().text == fine.text
