from typing import Any

import pytest
from django.test import Client

from bugs import actions
from bugs.models import Artifact, Bug, Candidate, Event, ModelCall
from bugs.sections import SECTIONS
from tests.bugs import stories


@pytest.fixture
def web(client: Client, alice: Any) -> Client:
    client.force_login(alice)
    return client


def text_of(web: Client, address: str) -> str:
    answer = web.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_finished_run_shows_what_each_stage_found(web: Client, bug: Bug, alice: Any) -> None:
    stories.finished(bug, alice)
    text = text_of(web, f"/bugs/{bug.pk}/")
    for said in (
        "2 of 48 candidates survived every test.",
        "fails in 3 of 3 runs",
        "tallybook/tiers.py:54",
        "app.log covers 02:14:07.",
        "Tier limits are inclusive.",
        "offline scorer (words)",
        "It passes at base.",
    ):
        assert said in text


@pytest.mark.parametrize("name", SECTIONS)
def test_a_section_alone_is_what_the_page_shows(web: Client, bug: Bug, alice: Any, name: str) -> None:
    stories.finished(bug, alice)
    whole = web.get(f"/bugs/{bug.pk}/")
    part = text_of(web, f"/bugs/{bug.pk}/section/{name}/")
    tokens = 'name="csrfmiddlewaretoken" value="'
    if tokens not in part:
        assert part in whole.content.decode()


@pytest.mark.parametrize("name", SECTIONS)
def test_every_section_of_a_bug_that_never_ran_says_what_will_be_there(web: Client, bug: Bug, name: str) -> None:
    assert text_of(web, f"/bugs/{bug.pk}/section/{name}/").strip()


def test_what_to_ask_is_shown_when_the_logs_rolled_over(web: Client, bug: Bug) -> None:
    stories.rolled_over(bug)
    text = text_of(web, f"/bugs/{bug.pk}/")
    assert "Can you send app.log of 30 January?" in text
    assert "scp host:app.log.2 ." in text


def test_every_kept_event_is_in_the_activity(web: Client, bug: Bug, alice: Any) -> None:
    stories.finished(bug, alice)
    text = text_of(web, f"/bugs/{bug.pk}/section/activity/")
    assert all(f'data-seq="{seq}"' in text for seq in Event.objects.filter(bug=bug).values_list("seq", flat=True))


def test_candidates_are_filtered_by_verdict(web: Client, bug: Bug, alice: Any) -> None:
    stories.finished(bug, alice)
    text = text_of(web, f"/bugs/{bug.pk}/section/candidates/?verdict=fix_verified")
    assert text.count('class="candidate"') == 2


def test_the_best_candidate_comes_first(web: Client, bug: Bug, alice: Any) -> None:
    run = stories.finished(bug, alice)
    best = Candidate.objects.get(run=run, rank=1)
    text = text_of(web, f"/bugs/{bug.pk}/section/candidates/")
    assert text.index('id="candidate-') == text.index(f'id="candidate-{best.number}"')


def test_a_patch_is_downloaded_as_it_was_proposed(web: Client, bug: Bug, alice: Any) -> None:
    candidate = Candidate.objects.filter(run=stories.finished(bug, alice))[0]
    answer = web.get(f"/bugs/{bug.pk}/candidates/{candidate.pk}.patch")
    assert answer.content.decode() == stories.DIFF
    assert answer["Content-Disposition"] == f'attachment; filename="bug-{bug.pk}-candidate-{candidate.number}.patch"'


def test_a_file_is_never_shown_as_a_page(web: Client, bug: Bug) -> None:
    artifact = actions.attach(bug, "evil.html", b"<script>alert(1)</script>")
    answer = web.get(f"/bugs/{bug.pk}/files/{artifact.pk}/")
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["Content-Disposition"].startswith("attachment")
    assert b"".join(answer.streaming_content) == b"<script>alert(1)</script>"


def test_a_file_that_is_gone_from_the_disk_is_a_404(web: Client, bug: Bug, data: Any) -> None:
    artifact = actions.attach(bug, "app.log", b"x")
    (data / artifact.path).unlink()
    assert web.get(f"/bugs/{bug.pk}/files/{artifact.pk}/").status_code == 404
    assert Artifact.objects.exists()


def test_a_model_call_shows_each_message_with_its_source(web: Client, bug: Bug, alice: Any) -> None:
    call = ModelCall.objects.filter(stage__run=stories.finished(bug, alice))[0]
    text = text_of(web, f"/bugs/{bug.pk}/calls/{call.pk}/")
    assert "from prompt" in text
    assert "def tier_for(self): ..." in text


def test_an_older_run_is_shown_when_it_is_asked_for(web: Client, bug: Bug, alice: Any) -> None:
    stories.rolled_over(bug)
    stories.finished(bug, alice)
    assert "logs rolled over" in text_of(web, f"/bugs/{bug.pk}/section/header/?run=1")
    assert web.get(f"/bugs/{bug.pk}/?run=9").status_code == 404


def test_what_reporters_and_models_write_is_escaped_everywhere(web: Client, bug: Bug, alice: Any) -> None:
    hostile = "<script>alert(1)</script>"
    stories.finished(bug, alice)
    Bug.objects.update(title=hostile, text=hostile, repository=hostile)
    Candidate.objects.update(why=hostile, diff=stories.DIFF + f"+{hostile}\n", path=hostile, function=hostile)
    ModelCall.objects.update(text=hostile, messages=[{"role": hostile, "text": hostile, "source": hostile}])
    call = ModelCall.objects.all()[0]
    actions.add_comment(bug, hostile, author_name=hostile)
    for address in (f"/bugs/{bug.pk}/", f"/bugs/{bug.pk}/calls/{call.pk}/"):
        assert "<script>alert" not in text_of(web, address)
