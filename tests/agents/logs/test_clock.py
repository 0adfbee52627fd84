"""Every layout reads its own example, alone and among others."""

from datetime import UTC, datetime

import pytest

from agents.logs.clock import LAYOUTS, Layout, detect

WRITTEN = datetime(2024, 3, 6, tzinfo=UTC)


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
def test_a_layout_is_detected_and_reads_its_example(layout: Layout) -> None:
    meant = datetime.fromisoformat(layout.means)
    found = detect([layout.example] * 3)
    assert found is not None
    assert found.read(layout.example, WRITTEN) == meant
    assert layout.read(layout.example, WRITTEN) == meant


def test_there_are_at_least_25_layouts() -> None:
    assert len({layout.name for layout in LAYOUTS}) >= 25


def test_a_december_line_read_in_january_is_last_years() -> None:
    syslog = next(layout for layout in LAYOUTS if layout.name == "syslog")
    read = syslog.read("Dec 31 23:59:59 host app: x", datetime(2024, 1, 2, tzinfo=UTC))
    assert read == datetime.fromisoformat("2023-12-31T23:59:59")


def test_lines_without_time_have_no_layout() -> None:
    assert detect(["started", "version 3.11.7 of 42 parts", "10.0.0.1 said hello"]) is None


def test_continuation_lines_do_not_hide_the_layout() -> None:
    lines = ["2024-03-05 14:02:03,123 ERROR app: no"] + ["    at com.example.Main.run(Main.java:12)"] * 9
    found = detect(lines)
    assert found is not None
    assert found.name == "Python logging"


@pytest.mark.parametrize("line", ["2024-13-45 99:99:99 x", "[31/Feb/2024:10:00:00 +0000] x", '"ts":19999999999999999'])
def test_a_time_that_cannot_be_is_not_read(line: str) -> None:
    assert all(layout.read(line, WRITTEN) is None for layout in LAYOUTS)
