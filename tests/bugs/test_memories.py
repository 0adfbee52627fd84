"""Memories in the database keep the contract, and stay one project's own."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from agents.context import Fact, Memory
from agents.memory import engine
from bugs import memories
from bugs.models import Bug, MemoryChange, MemoryEdge, MemoryItem, Project
from tests.agents.memory.contract import CONFIG, PAGER, MemoryContract, hide

pytestmark = pytest.mark.storage


@pytest.mark.parametrize("kind", ["local", "mem0"])
class TestDjangoRows(MemoryContract):
    @pytest.fixture
    def rows(self, project: Project) -> memories.DjangoRows:
        return memories.DjangoRows(project.pk)

    @pytest.fixture
    def memory(self, kind: str, rows: memories.DjangoRows, tmp_path: Path) -> Memory:
        return engine.build(kind, rows, hide, tmp_path)

    @pytest.fixture
    def other(self, kind: str, project: Project, tmp_path: Path) -> Memory:
        return engine.build(kind, memories.DjangoRows(project.pk), hide, tmp_path)


@pytest.fixture(params=["local", "mem0"])
def chosen(request: pytest.FixtureRequest, settings: Any) -> None:
    """The engine that MODULO_MEMORY names."""
    settings.MODULO_MEMORY = request.param


def test_a_memory_names_the_bug_it_came_from(chosen: None, bug: Bug) -> None:
    memories.of_project(bug.project_id, bug.pk).remember([PAGER])
    (found,) = memories.of_project(bug.project_id).search("the pager loses the last page")
    assert found.bug == bug.pk


def test_no_project_sees_the_memories_of_another(chosen: None, bug: Bug) -> None:
    elsewhere = Project.objects.create(name="Elsewhere")
    (uid,) = memories.of_project(bug.project_id, bug.pk).remember([CONFIG])
    assert memories.of_project(elsewhere.pk).search("KeyError in load") == ()
    assert memories.of_project(elsewhere.pk).remember([CONFIG]) != (uid,)
    assert memories.DjangoRows(elsewhere.pk).changes(uid) == []


def test_secrets_are_hidden_before_they_are_kept(chosen: None, bug: Bug) -> None:
    key = "AKIA" + "IOSFODNN7EXAMPLE"
    memories.of_project(bug.project_id).remember([Fact(kind="project", text=f"aws_access_key_id = {key}")])
    assert key not in MemoryItem.objects.get().text


def test_edges_and_changes_are_written_with_the_memory(bug: Bug) -> None:
    memories.of_project(bug.project_id, bug.pk).remember([PAGER])
    edges = MemoryEdge.objects.filter(item__bug=bug).order_by("pk")
    assert [(edge.kind, edge.identifier, edge.relation) for edge in edges] == list(PAGER.edges)
    assert [change.action for change in MemoryChange.objects.all()] == ["ADD"]


def test_what_a_database_cannot_hold_is_replaced(bug: Bug) -> None:
    odd = Fact(kind="symptom", text="It said \x00 and \ud800", edges=(("file", "x" * 999, "raised_in"),))
    assert len(memories.of_project(bug.project_id).remember([odd])) == 1


def test_many_writers_of_one_fact_write_one_memory(project: Project) -> None:
    start, written = threading.Barrier(8), []

    def write(own: int) -> None:
        try:
            start.wait()
            rows = memories.DjangoRows(project.pk)
            memory = engine.build("local", rows, str, Path())
            written.extend(memory.remember([CONFIG, Fact(kind="fix", text=f"Fact number {own}")]))
        finally:
            connection.close()

    threads = [threading.Thread(target=write, args=(own,)) for own in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert MemoryItem.objects.count() == 9
    assert sorted(written) == sorted(MemoryItem.objects.values_list("uid", flat=True))
    assert MemoryChange.objects.filter(action="ADD").count() == 9


def test_a_text_edited_on_a_page_gets_a_new_vector_from_the_next_search(bug: Bug) -> None:
    memory = memories.of_project(bug.project_id)
    memory.remember([CONFIG])
    MemoryItem.objects.update(text="Invoices are rounded half up", vector=None)
    assert len(memories.of_project(bug.project_id).search("invoice rounding")) == 1
    assert MemoryItem.objects.get().vector is not None
