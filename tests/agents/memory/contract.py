"""What holds for every memory, whichever engine, wherever its rows are."""

import pytest

from agents.context import Fact, Memory
from agents.errors import ReportProblem
from agents.memory.rows import MemoryRows, Row

PAGER = Fact(
    kind="fix",
    text="A change in src/pager.py, page, line 31 fixed the bug “Last page is empty”: its bound was off by one.",
    edges=(("file", "src/pager.py", "caused_by"), ("symbol", "page", "caused_by")),
)
CONFIG = Fact(kind="symptom", text="The bug “Crash on empty config” shows as KeyError: 'name' in src/config.py, load.")
RUNNER = Fact(kind="project", text="The tests run with pytest on Python 3.11.7.")


def hide(text: str) -> str:
    return text.replace("hunter2", "<secret:1>")


class MemoryContract:
    """Subclasses give the fixtures `rows` and `memory`; the memory redacts with `hide`."""

    def test_a_fact_is_found_by_the_words_of_a_new_bug(self, memory: Memory) -> None:
        memory.remember([PAGER, CONFIG, RUNNER])
        found = memory.search("pagination loses the last item of each page")
        assert found[0].text == PAGER.text
        assert found[0].kind == "fix"

    def test_an_identifier_is_found_among_its_likes(self, memory: Memory) -> None:
        memory.remember(
            [Fact(kind="fix", text=f"Bug {n} was fixed by commit c0ffee{n:02} in module_{n}.") for n in range(50)]
        )
        assert "module_37" in memory.search("regression after c0ffee37")[0].text

    def test_each_recollection_says_why(self, memory: Memory) -> None:
        memory.remember([PAGER, CONFIG])
        best = memory.search("KeyError in load of the config")[0]
        assert best.parts.keys() == {"meaning", "words"}
        assert all(0 <= part <= 1 for part in best.parts.values())
        assert 0 < best.score <= 1
        assert "keyerror" in best.reason

    def test_what_has_nothing_to_do_with_it_is_not_found(self, memory: Memory) -> None:
        memory.remember([PAGER, CONFIG, RUNNER])
        assert memory.search("bananas oranges lemons") == ()

    def test_the_best_come_first_and_no_more_than_asked(self, memory: Memory) -> None:
        memory.remember([Fact(kind="fix", text=f"Pager bug number {n}: page {'empty ' * n}") for n in range(1, 9)])
        found = memory.search("the pager shows an empty page", limit=3)
        assert len(found) == 3
        assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)

    @pytest.mark.parametrize("query", ["", "   ", "\0", "?!", "🐍", "x" * 100_000, "the of and"])
    def test_any_query_is_answered(self, memory: Memory, query: str) -> None:
        memory.remember([PAGER])
        assert isinstance(memory.search(query), tuple)

    def test_a_fact_without_words_spoils_nothing(self, memory: Memory) -> None:
        memory.remember([Fact(kind="project", text="🐍 …")])
        assert memory.search("anything, 🐍") == ()

    def test_nothing_is_found_where_nothing_is_kept(self, memory: Memory) -> None:
        assert memory.search("anything") == ()

    def test_a_known_fact_is_not_written_twice(self, memory: Memory, rows: MemoryRows) -> None:
        first = memory.remember([PAGER, CONFIG])
        again = memory.remember([Fact(kind="fix", text=f"  {PAGER.text.upper()}\n"), RUNNER])
        assert (len(first), len(again), len(rows.all())) == (2, 1, 3)

    def test_twins_in_one_batch_are_written_once(self, memory: Memory, rows: MemoryRows) -> None:
        assert len(memory.remember([PAGER, PAGER])) == 1
        assert len(rows.all()) == 1

    def test_no_secret_is_kept(self, memory: Memory, rows: MemoryRows) -> None:
        memory.remember([Fact(kind="project", text="The password is hunter2", edges=(("file", "hunter2.txt", "in"),))])
        assert "hunter2" not in str(rows.all())

    def test_the_ids_returned_are_those_of_the_rows(self, memory: Memory, rows: MemoryRows) -> None:
        written = memory.remember([PAGER, CONFIG])
        assert {row.uid for row in rows.all()} == set(written)

    def test_what_is_written_is_found_at_once_by_another_memory_too(self, memory: Memory, other: Memory) -> None:
        assert other.search("KeyError in load") == ()
        memory.remember([CONFIG])
        assert len(other.search("KeyError in load")) == 1

    def test_an_edited_text_is_found_by_its_new_words_only(self, memory: Memory, rows: MemoryRows) -> None:
        (uid,) = memory.remember([CONFIG])
        rows.change(Row(uid=uid, kind="correction", text="Invoices are rounded half up in src/money.py."))
        assert memory.search("KeyError when the config is loaded") == ()
        assert memory.search("invoice rounded wrong")[0].kind == "correction"

    def test_a_deleted_memory_is_found_no_more_but_its_history_stays(self, memory: Memory, rows: MemoryRows) -> None:
        (uid,) = memory.remember([CONFIG])
        rows.remove(uid)
        assert memory.search("KeyError in load") == ()
        assert [(one.action, one.old_text, one.new_text) for one in rows.changes(uid)] == [
            ("ADD", "", CONFIG.text),
            ("DELETE", CONFIG.text, ""),
        ]

    def test_a_change_to_what_is_gone_or_known_is_refused(self, memory: Memory, rows: MemoryRows) -> None:
        pager, config = memory.remember([PAGER, CONFIG])
        rows.remove(pager)
        with pytest.raises(ReportProblem, match="no memory"):
            rows.remove(pager)
        (runner,) = memory.remember([RUNNER])
        with pytest.raises(ReportProblem, match="says this already"):
            rows.change(Row(uid=runner, kind="project", text=CONFIG.text.upper()))
        assert [row.text for row in rows.all() if row.uid == config] == [CONFIG.text]
