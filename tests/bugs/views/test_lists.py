from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from bugs import actions
from bugs.models import Bug, Project
from tests.bugs import stories


@pytest.fixture
def web(client: Client, alice: Any) -> Client:
    client.force_login(alice)
    return client


def shown(web: Client, query: str = "") -> str:
    return web.get(f"/bugs/{query}").content.decode()


def test_the_empty_list_offers_the_demo_bugs_and_a_report(web: Client) -> None:
    text = shown(web)
    assert text.count("Run this one") == 3
    assert reverse("new") in text


def test_a_row_names_state_verdict_stages_and_candidates(web: Client, bug: Bug, alice: Any) -> None:
    stories.finished(bug, alice)
    text = shown(web)
    for said in ("done", "validated", "2/48", "Root cause: done", bug.title):
        assert said in text


def test_each_tab_holds_the_bugs_its_name_says(web: Client, project: Project, alice: Any) -> None:
    bugs = {name: actions.open_bug(title=f"bug {name}", project=project) for name in ("new", "asking", "good", "bad")}
    stories.rolled_over(bugs["asking"])
    stories.finished(bugs["good"])
    stories.finished(bugs["bad"], verified=0)
    for tab, name in (("triage", "new"), ("needs-info", "asking"), ("review", "good"), ("done", "bad")):
        listed = {other for other in bugs if f"bug {other}</a>" in shown(web, f"?tab={tab}")}
        assert listed == {name}


def test_the_search_finds_words_and_numbers(web: Client, bug: Bug) -> None:
    for asked in ("cent+short", f"%23{bug.pk}", "10.01"):
        assert bug.title in shown(web, f"?q={asked}")
    assert bug.title not in shown(web, "?q=elephant")


def test_the_list_costs_the_same_number_of_queries_for_one_bug_as_for_many(
    web: Client, project: Project, django_assert_max_num_queries: Any
) -> None:
    for number in range(12):
        stories.rolled_over(actions.open_bug(title=f"bug {number}", project=project))
    with django_assert_max_num_queries(9):
        shown(web)


def test_older_bugs_are_a_page_away(web: Client, project: Project) -> None:
    for number in range(103):
        actions.open_bug(title=f"bug number {number}.", project=project)
    first = web.get("/bugs/")
    following = first.context["following"]
    assert "bug number 102." in first.content.decode()
    assert "bug number 0." in shown(web, f"?before={following}")


def test_a_title_is_shown_as_it_is_and_never_runs(web: Client, project: Project) -> None:
    actions.open_bug(title="<script>alert(1)</script>", project=project)
    text = shown(web)
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert(1)" in text


def test_a_demo_bug_starts_once_however_often_it_is_asked_for(web: Client, admin: Any) -> None:
    web.force_login(admin)
    first = web.post(reverse("demo", args=["rolled-over"]))
    second = web.post(reverse("demo", args=["rolled-over"]))
    assert first.url == second.url
    assert Bug.objects.filter(demo="rolled-over").count() == 1
