"""Every address, by who asks: nobody reads or changes a bug of a project they are not in."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from bugs.models import Bug, Candidate, ModelCall
from bugs.urls import urlpatterns
from tests.bugs import stories

PUBLIC = {"home", "login", "logout"}
MACHINES = {"bug-json", "events", "uploads", "upload"}
POSTS = {"run", "stop", "resume", "comment", "files", "demo", "uploads"}
OF_A_BUG = {pattern.name for pattern in urlpatterns if "<int:bug_id>" in str(pattern.pattern)}


@pytest.fixture
def addresses(bug: Bug, alice: Any) -> dict[str, str]:
    """An address that exists for each name."""
    from bugs import actions

    run = stories.finished(bug, alice)
    candidate, call = Candidate.objects.filter(run=run)[0], ModelCall.objects.filter(stage__run=run)[0]
    artifact = actions.attach(bug, "app.log", b"one line\n")
    values: dict[str, list[Any]] = {
        "section": [bug.pk, "candidates"],
        "candidate": [bug.pk, candidate.pk],
        "patch": [bug.pk, candidate.pk],
        "call": [bug.pk, call.pk],
        "artifact": [bug.pk, artifact.pk],
        "demo": ["off-by-one"],
        "upload": ["a-token"],
    }
    named = [str(pattern.name) for pattern in urlpatterns]
    return {name: reverse(name, args=values.get(name, [bug.pk] if name in OF_A_BUG else [])) for name in named}


def ask(client: Client, name: str, address: str) -> Any:
    return client.post(address) if name in POSTS else client.get(address)


def test_strangers_are_asked_to_sign_in_everywhere(client: Client, addresses: dict[str, str]) -> None:
    for name, address in addresses.items():
        answer = ask(client, name, address)
        if name in MACHINES:
            assert answer.status_code == 401, name
        elif name not in PUBLIC:
            assert (answer.status_code, answer.url.split("?")[0]) == (302, "/login/"), name


def test_a_bug_of_another_project_does_not_exist(client: Client, addresses: dict[str, str], charlie: Any) -> None:
    client.force_login(charlie)
    for name in OF_A_BUG:
        assert ask(client, str(name), addresses[str(name)]).status_code == 404, name


def test_a_member_of_the_team_sees_everything_of_it(client: Client, addresses: dict[str, str], bob: Any) -> None:
    client.force_login(bob)
    for name in OF_A_BUG - POSTS:
        answer = client.get(addresses[str(name)])
        answer.close()
        assert answer.status_code == 200, name


def test_forms_without_the_token_of_the_page_are_refused(addresses: dict[str, str], bob: Any) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(bob)
    for name in POSTS:
        assert client.post(addresses[name]).status_code == 403, name


def test_what_changes_something_cannot_be_done_by_following_a_link(
    client: Client, addresses: dict[str, str], bob: Any
) -> None:
    client.force_login(bob)
    for name in POSTS:
        assert client.get(addresses[name]).status_code == 405, name


def test_parts_of_one_bug_are_not_found_under_another(
    client: Client, addresses: dict[str, str], bug: Bug, bob: Any
) -> None:
    from bugs import actions

    other = actions.open_bug(title="Another", project=bug.project)
    client.force_login(bob)
    for name in ("candidate", "patch", "call", "artifact"):
        elsewhere = addresses[name].replace(f"/bugs/{bug.pk}/", f"/bugs/{other.pk}/")
        assert client.get(elsewhere).status_code == 404, name
