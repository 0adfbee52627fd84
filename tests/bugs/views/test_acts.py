from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.test import Client

from bugs.models import Artifact, Bug, Comment, Run
from tests.bugs import stories


@pytest.fixture
def web(client: Client, alice: Any) -> Client:
    client.force_login(alice)
    return client


def said(answer: Any) -> str:
    return " ".join(str(message) for message in get_messages(answer.wsgi_request))


def test_run_starts_a_run(web: Client, bug: Bug, alice: Any) -> None:
    web.post(f"/bugs/{bug.pk}/run/")
    assert bug.runs.get().started_by == alice


def test_a_second_run_at_the_same_time_is_refused_with_a_sentence(web: Client, bug: Bug) -> None:
    web.post(f"/bugs/{bug.pk}/run/")
    assert "still going" in said(web.post(f"/bugs/{bug.pk}/run/"))
    assert bug.runs.count() == 1


def test_stop_ends_the_run(web: Client, run: Run) -> None:
    web.post(f"/bugs/{run.bug_id}/stop/")
    run.refresh_from_db()
    assert run.status == Run.Status.CANCELLED


def test_stop_says_when_nothing_runs(web: Client, bug: Bug) -> None:
    assert said(web.post(f"/bugs/{bug.pk}/stop/")) == "Nothing is running."


def test_a_run_goes_on_from_a_stage(web: Client, bug: Bug) -> None:
    stories.finished(bug)
    web.post(f"/bugs/{bug.pk}/resume/", {"run": 1, "stage": "fix"})
    assert [stage.name for stage in bug.runs.last().stages.all()] == ["analysis", "reproduce", "root_cause", "fix"]


def test_a_run_that_was_taken_over_shows_what_earlier_stages_said(web: Client, bug: Bug) -> None:
    stories.finished(bug)
    web.post(f"/bugs/{bug.pk}/resume/", {"run": 1, "stage": "fix"})
    text = web.get(f"/bugs/{bug.pk}/").content.decode()
    assert "offline scorer (words)" in text
    assert "It passes at base." in text


def test_a_stage_that_does_not_exist_is_refused_with_a_sentence(web: Client, bug: Bug) -> None:
    stories.finished(bug)
    assert "There is no stage" in said(web.post(f"/bugs/{bug.pk}/resume/", {"run": 1, "stage": "rm -rf"}))


def test_a_comment_is_kept_under_its_author_s_name(web: Client, bug: Bug) -> None:
    answer = web.post(f"/bugs/{bug.pk}/comments/", {"text": "Seen again."})
    assert answer.url == f"/bugs/{bug.pk}/#report"
    assert Comment.objects.get().author_name == "alice"


def test_files_are_added_to_a_bug(web: Client, bug: Bug) -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile

    web.post(f"/bugs/{bug.pk}/files/", {"attachments": [SimpleUploadedFile("old.log", b"x")]})
    assert Artifact.objects.get(bug=bug).name == "old.log"
