"""Coverage verdicts: what the logs hold of the incident, and never a false "rolled over"."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agents.logs.coverage import base_name, judge, spoken
from agents.logs.kernel import FileFacts, Table, window_around
from agents.logs.moment import Moment
from agents.logs.read import Member, Skipped, members
from agents.report import Attachment
from agents.results import Coverage

INCIDENT = datetime(2024, 3, 5, 14, 2, tzinfo=UTC)
Log = Callable[..., None]


class Bundle:
    """Logs on disk, read as an upload would be."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._attachments: list[Attachment] = []

    def add(self, name: str, start: str, end: str, *, head: str = "", every_s: int = 20, zone: str = "Z") -> None:
        at, last = datetime.fromisoformat(f"2024-03-05T{start}"), datetime.fromisoformat(f"2024-03-05T{end}")
        lines = [head] if head else []
        while at <= last:
            lines.append(f"{at.isoformat()}{zone} INFO poll meter {at.second} in {at.minute} ms")
            at += timedelta(seconds=every_s)
        path = self._directory / f"upload-{len(self._attachments)}"
        path.write_text("\n".join(lines) + "\n")
        self._attachments.append(Attachment(name=name, path=str(path), size=path.stat().st_size))

    def verdict(self, at: datetime | None = INCIDENT, seen: str = "", uploaded: datetime | None = None) -> Coverage:
        table = Table(window=window_around(at, at) if at else None)
        for member in members(self._attachments):
            assert isinstance(member, Member)
            table.scan(member)
        moment = Moment(at, at, "the report's words") if at else None
        return judge(moment, table.files, uploaded_at=uploaded, symptom_seen=seen)


@pytest.fixture
def logs(tmp_path: Path) -> Bundle:
    return Bundle(tmp_path)


def test_a_moment_between_first_and_last_line_is_covered(logs: Bundle) -> None:
    logs.add("app.log", "13:00:00", "15:00:00")
    assert logs.verdict().verdict == "covered"


def test_a_rotated_log_that_starts_after_the_incident_rolled_over(logs: Bundle) -> None:
    logs.add("app.log", "15:40:00", "16:00:00")
    logs.add("app.log.1", "15:10:00", "15:39:40")
    found = logs.verdict()
    assert found.verdict == "rolled_over"
    assert (
        "app.log.1 starts 2024-03-05 15:10 UTC, the incident was 2024-03-05 14:02 UTC (1 h 8 min earlier)"
        in found.detail
    )
    assert "Send app.log.2 or raise the retention." in found.detail


def test_a_log_that_begins_in_the_middle_of_its_work_rolled_over(logs: Bundle) -> None:
    logs.add("app.log", "15:10:00", "16:00:00")
    assert logs.verdict().verdict == "rolled_over"


def test_a_log_that_begins_with_a_start_up_never_rolled_over(logs: Bundle) -> None:
    logs.add("app.log", "15:10:00", "16:00:00", head="2024-03-05T15:09:59Z INFO starting app, listening on 8000")
    assert logs.verdict().verdict == "unknown"


def test_a_start_up_right_after_the_incident_is_a_restart(logs: Bundle) -> None:
    logs.add("app.log", "14:04:00", "16:00:00", head="2024-03-05T14:03:30Z INFO Starting server version 1.2")
    found = logs.verdict()
    assert found.verdict == "after_restart"
    assert "--previous" in found.detail


def test_a_few_late_lines_prove_nothing(logs: Bundle) -> None:
    logs.add("app.log", "15:10:00", "15:11:00")
    assert logs.verdict().verdict == "unknown"


def test_the_error_itself_in_the_log_outweighs_the_clock(logs: Bundle) -> None:
    logs.add("app.log", "15:10:00", "16:00:00")
    assert logs.verdict(seen="app.log L12").verdict == "covered"


def test_another_log_that_covers_it_is_enough(logs: Bundle) -> None:
    logs.add("app.log.1", "15:10:00", "16:00:00")
    logs.add("db.log", "13:00:00", "15:00:00")
    assert logs.verdict().verdict == "covered"


def test_a_log_that_ends_before_stopped_before(logs: Bundle) -> None:
    logs.add("app.log", "12:00:00", "13:30:00")
    found = logs.verdict()
    assert found.verdict == "stopped_before"
    assert "32 min before" in found.detail


def test_hours_lost_between_two_files_are_a_gap(logs: Bundle) -> None:
    logs.add("app.log", "14:30:00", "16:00:00")
    logs.add("app.log.1", "12:00:00", "13:30:00")
    found = logs.verdict()
    assert found.verdict == "gap"
    assert "between app.log.1 and app.log" in found.detail


def test_silence_in_one_file_around_the_incident_is_a_gap(logs: Bundle, tmp_path: Path) -> None:
    logs.add("app.log", "12:00:00", "13:30:00")
    logs.add("late", "14:40:00", "16:00:00")
    whole = (tmp_path / "upload-0").read_text() + (tmp_path / "upload-1").read_text()
    (tmp_path / "upload-0").write_text(whole)
    logs._attachments.pop()
    found = logs.verdict()
    assert found.verdict == "gap"
    assert "1 h 10 min" in found.detail


def test_a_log_without_zone_is_read_in_the_reports_and_that_is_said(logs: Bundle) -> None:
    logs.add("app.log.1", "15:10:00", "16:00:00", zone="")
    found = logs.verdict()
    assert found.verdict == "rolled_over"
    assert "which name no zone" in found.detail


def test_a_zone_that_would_put_lines_after_the_upload_is_not_believed(logs: Bundle) -> None:
    logs.add("app.log.1", "15:10:00", "16:00:00", zone="")
    assert logs.verdict(uploaded=INCIDENT + timedelta(minutes=50)).verdict == "unknown"


def test_without_a_moment_or_without_logs_nothing_is_claimed(logs: Bundle) -> None:
    logs.add("app.log", "15:10:00", "16:00:00")
    assert logs.verdict(at=None).verdict == "unknown"
    missing = judge(None, [], [Skipped("core", "a binary file, not a log")])
    assert (missing.verdict, "a binary file" in missing.detail) == ("no_logs", True)


def test_lines_without_time_stamps_claim_nothing() -> None:
    assert judge(Moment(INCIDENT, INCIDENT, ""), [FileFacts("a.log", lines=9)]).verdict == "unknown"


@pytest.mark.parametrize(
    ("name", "base"),
    [
        ("app.log.2.gz", "app.log"),
        ("app.log.1", "app.log"),
        ("app.log-20240305", "app.log"),
        ("app-2024-03-05.log", "app.log"),
        ("app.log", "app.log"),
    ],
)
def test_rotated_files_share_a_base_name(name: str, base: str) -> None:
    assert base_name(name) == base


def test_lengths_are_spoken_in_two_units() -> None:
    assert spoken(timedelta(days=2, hours=4, minutes=3)) == "2 d 4 h"
    assert spoken(timedelta(seconds=0)) == "0 s"
