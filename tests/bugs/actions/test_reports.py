"""A report becomes a bug: what is kept, and what is said when nobody could read it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from agents.errors import ReportProblem, SetupProblem
from bugs import actions
from bugs.models import Artifact, Bug, Project

pytestmark = pytest.mark.storage


def kinds(bug: Bug) -> list[str]:
    return list(bug.events.values_list("kind", flat=True))


def test_a_report_without_a_title_is_named_by_its_first_line(project: Project) -> None:
    bug = actions.open_bug(text="\n\n# Total is short\n\nSteps ...", project=project)
    assert bug.title == "Total is short"
    assert kinds(bug) == ["bug_opened"]


def test_an_empty_report_is_refused_with_what_to_write(project: Project) -> None:
    with pytest.raises(ReportProblem, match="empty") as refused:
        actions.open_bug(title=" \n", text="\t", project=project)
    assert refused.value.slug == "report-empty"
    assert "what you expected" in refused.value.hint
    assert not Bug.objects.exists()


def test_fifty_megabytes_of_report_are_refused_with_where_to_put_them(project: Project) -> None:
    with pytest.raises(ReportProblem) as refused:
        actions.open_bug(title="x", text="x" * 50_000_000, project=project)
    assert refused.value.slug == "report-too-long"
    assert "Attach" in refused.value.hint


def test_binary_text_is_kept_as_far_as_it_is_text(project: Project) -> None:
    bug = actions.open_bug(title="a\x00b", text=bytes(range(256)).decode("latin-1") + "\udcff", project=project)
    bug.refresh_from_db()
    assert bug.title == "a�b"
    assert "\x00" not in bug.text


def test_a_repository_is_one_line(project: Project) -> None:
    with pytest.raises(ReportProblem, match="one line"):
        actions.open_bug(title="x", repository="/srv/a\n--upload-pack=touch", project=project)


def test_without_a_project_a_bug_goes_to_the_first(project: Project) -> None:
    assert actions.open_bug(title="x").project == project


def test_without_any_project_one_is_made(transactional_db: None) -> None:
    assert actions.open_bug(title="x").project.name == "Modulo"


def test_a_comment_is_told(bug: Bug, bob: Any) -> None:
    comment = actions.add_comment(bug, "Same here since Monday.", author=bob)
    assert comment.author_name == "bob"
    assert kinds(bug)[-1] == "comment_added"


def test_an_empty_comment_is_refused(bug: Bug) -> None:
    with pytest.raises(ReportProblem, match="empty"):
        actions.add_comment(bug, "  ")


def test_a_name_somebody_gave_is_never_a_path(bug: Bug, data: Path) -> None:
    artifact = actions.attach(bug, "../../etc/cron.d/evil\x00.log", b"log")
    assert artifact.name == "evil�.log"
    assert artifact.path.startswith(f"artifacts/{bug.pk}/")
    assert (data / artifact.path).read_bytes() == b"log"


def test_the_same_file_is_attached_once(bug: Bug) -> None:
    first, again = (actions.attach(bug, "app.log", b"line\n") for _ in range(2))
    assert first == again
    assert kinds(bug).count("attachment_added") == 1
    assert actions.attach(bug, "other.log", b"line\n") != first


def test_a_file_can_be_taken_over_instead_of_copied(bug: Bug, tmp_path: Path) -> None:
    source = tmp_path / "app.log"
    source.write_text("line\n")
    artifact = actions.attach(bug, source.name, source, move=True)
    assert not source.exists()
    assert artifact.size == 5


def test_a_file_that_cannot_be_read_leaves_nothing_behind(bug: Bug, data: Path, tmp_path: Path) -> None:
    with pytest.raises(SetupProblem, match="could not be kept"):
        actions.attach(bug, "gone.log", tmp_path / "gone.log")
    assert not Artifact.objects.exists()
    assert not [path for path in (data / "artifacts").rglob("*") if path.is_file()]
