"""One pass counts kinds of lines, times and traces in bounded memory."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agents.logs import kernel
from agents.logs.coverage import judge
from agents.logs.digest import compose, tokens
from agents.logs.read import Member, Skipped, members
from agents.logs.templates import level, mask, merge
from agents.report import Attachment

AT = datetime(2024, 3, 5, 14, 2, tzinfo=UTC)
Scan = Callable[..., kernel.Table]


@pytest.fixture
def scan(tmp_path: Path) -> Scan:
    def scanned(text: str) -> kernel.Table:
        path = tmp_path / "upload"
        path.write_bytes(text.encode())
        table = kernel.Table(window=kernel.window_around(AT, AT))
        for member in members([Attachment(name="app.log", path=str(path), size=len(text))]):
            assert isinstance(member, Member)
            table.scan(member)
        return table

    return scanned


def test_lines_that_differ_in_values_are_one_kind(scan: Scan) -> None:
    table = scan("".join(f"2024-03-05T14:0{n % 9}:00Z INFO user {n} took {n * 7} ms\n" for n in range(500)))
    (entry,) = table.entries.values()
    assert (entry.count, entry.line, entry.level) == (500, 1, "info")


def test_what_falls_around_the_incident_is_counted_apart(scan: Scan) -> None:
    early = "".join(f"2024-03-05T10:{n:02}:00Z INFO poll {n}\n" for n in range(60))
    table = scan(early + "2024-03-05T14:01:00Z INFO poll 7\n2024-03-05T14:01:30Z ERROR disk full\n")
    assert {entry.level: (entry.count, entry.in_window) for entry in table.entries.values()} == {
        "info": (61, 1),
        "error": (1, 1),
    }


def test_traces_are_found_once_each_and_placed(scan: Scan) -> None:
    trace = 'Traceback (most recent call last):\n  File "a.py", line 3, in f\n    g()\nValueError: bad {}\n'
    table = scan("".join(f"2024-03-05T14:01:0{n}Z ERROR job {n} failed\n{trace.format(n)}" for n in range(5)))
    (found,) = table.traces.values()
    assert (found.count, found.in_window, found.line) == (5, 5, 2)


def test_one_endless_line_does_not_fill_memory(scan: Scan) -> None:
    table = scan("x" * (8 << 20) + "\nlast 1\n")
    assert table.files[0].size == (8 << 20) + 8
    assert all(len(entry.example) <= 500 for entry in table.entries.values())


def test_a_word_many_alike_lines_differ_in_is_a_variable() -> None:
    names = ["ann", "bob", "cid", "dan", "eve", "fay", "gus", "hal", "ida"]
    merged = merge([f"session opened for {name} by root" for name in names] + ["disk is full now"])
    assert set(merged.values()) == {"session opened for <*> by root", "disk is full now"}


@pytest.mark.parametrize(
    ("line", "pattern"),
    [
        ("took 12 ms for /srv/app/x.py", "took <*> for <*>"),
        ("GET https://example.org/a?b=1 done", "GET <*> done"),
        ('key="a b c" ok=true', "key=<*> ok=<*>"),
        ("id 3fa85f64-5717-4562-b3fc-2c963f66afa6 gone", "id <*> gone"),
        ("\x1b[31mred 5\x1b[0m", "red <*>"),
    ],
)
def test_values_are_masked(line: str, pattern: str) -> None:
    assert mask(line) == pattern


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("E0305 14:02:03 1 main.go:7] x", "error"),
        ('{"level":"warn"}', "warning"),
        ("[SEVERE] x", "error"),
        ("information", ""),
    ],
)
def test_the_level_is_read(line: str, name: str) -> None:
    assert level(line) == name


def test_the_digest_keeps_to_its_budget_and_hides_secrets(scan: Scan) -> None:
    noise = "".join(
        f"2024-03-05T13:{n % 60:02}:00Z INFO {chr(97 + n % 26)}{chr(97 + n // 26 % 26)} step done\n"
        for n in range(3000)
    )
    table = scan(noise + "2024-03-05T14:01:59Z ERROR login failed password=hunter2secret\n")
    page = compose(table, judge(None, table.files), [Skipped("core", "a binary file, not a log")], budget=600)
    assert page.tokens <= 620
    assert tokens(page.text) <= 620
    assert "login failed" in page.text
    assert "hunter2" not in page.text
    assert page.skipped == ("core: a binary file, not a log",)
