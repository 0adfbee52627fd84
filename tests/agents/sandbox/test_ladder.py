import pytest

from agents.errors import SandboxRefused
from agents.sandbox import ladder


def test_every_rung_is_probed_and_says_why_it_cannot_be_used() -> None:
    for report in ladder.survey():
        assert report.usable or (report.reason and report.fix)


def test_the_best_rung_isolates() -> None:
    assert ladder.best().isolated


@pytest.mark.parametrize("name", ["bwrap", "namespaces"])
def test_a_rung_can_be_asked_for_by_name(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODULO_SANDBOX", name)
    assert ladder.best().level == name


def test_a_rung_nobody_knows_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODULO_SANDBOX", "chroot")
    with pytest.raises(SandboxRefused, match="chroot"):
        ladder.best()


def test_where_nothing_isolates_nothing_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without bubblewrap on PATH and without the right to make namespaces, limits alone are not taken silently."""
    monkeypatch.setattr(ladder, "RUNGS", tuple(rung for rung in ladder.RUNGS if not rung.isolated))
    with pytest.raises(SandboxRefused):
        ladder.best()
