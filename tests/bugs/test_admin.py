from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.test import Client

from bugs.models import Bug
from tests.bugs import stories

NOUNS = [model for model in apps.get_app_config("bugs").get_models() if not model._meta.auto_created]
HISTORY = ("event", "trial", "modelcall", "step", "run", "stage", "candidate", "artifact", "memorychange", "memoryuse")


@pytest.fixture
def web(client: Client, admin: Any) -> Client:
    client.force_login(admin)
    return client


@pytest.mark.parametrize("model", NOUNS, ids=lambda model: model.__name__)
def test_every_noun_is_listed_searched_and_filtered(web: Client, bug: Bug, alice: Any, model: Any) -> None:
    stories.finished(bug, alice)
    registered = admin.site._registry[model]
    assert registered.search_fields
    answer = web.get(f"/admin/bugs/{model._meta.model_name}/?q=x")
    assert answer.status_code == 200


@pytest.mark.parametrize("model", NOUNS, ids=lambda model: model.__name__)
def test_a_list_in_the_back_office_costs_few_queries(
    web: Client, bug: Bug, alice: Any, model: Any, django_assert_max_num_queries: Any
) -> None:
    stories.finished(bug, alice)
    with django_assert_max_num_queries(12):
        web.get(f"/admin/bugs/{model._meta.model_name}/")


@pytest.mark.parametrize("name", HISTORY)
def test_history_can_be_read_and_not_changed(web: Client, bug: Bug, alice: Any, name: str) -> None:
    stories.finished(bug, alice)
    row = apps.get_model("bugs", name).objects.first()
    assert web.get(f"/admin/bugs/{name}/add/").status_code == 403
    if row is not None:
        assert web.post(f"/admin/bugs/{name}/{row.pk}/change/", {"reason": "x"}).status_code == 403
        assert web.post(f"/admin/bugs/{name}/{row.pk}/delete/", {"post": "yes"}).status_code == 403


def test_nobody_without_the_right_enters(client: Client, bob: Any) -> None:
    client.force_login(bob)
    assert client.get("/admin/").status_code == 302
