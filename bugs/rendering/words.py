"""What a state or a verdict is called on a page, and the tone it is shown in."""

from dataclasses import dataclass
from typing import Final

TONES: Final = ("idle", "running", "waiting", "ok", "failed")


@dataclass(frozen=True, slots=True)
class Label:
    """A word with its tone; the tone picks glyph and hue, and is never the only carrier of meaning."""

    word: str
    tone: str = "idle"
    icon: str = ""


STATES: Final[dict[str, Label]] = {
    "new": Label("new", "idle", "circle"),
    "waiting": Label("not run yet", "idle", "circle"),
    "pending": Label("queued", "idle", "queued"),
    "running": Label("running", "running", "running"),
    "succeeded": Label("done", "ok", "check"),
    "retried": Label("done after retries", "ok", "check"),
    "failed": Label("failed", "failed", "cross"),
    "cancelled": Label("stopped", "waiting", "stop"),
    "skipped": Label("skipped", "idle", "minus"),
}

VERDICTS: Final[dict[str, Label]] = {
    "actionable": Label("actionable", "ok"),
    "actionable_with_gaps": Label("actionable, with gaps", "waiting"),
    "needs_info": Label("needs information", "waiting"),
    "logs_rolled_over": Label("logs rolled over", "waiting"),
    "reproduced": Label("reproduced", "ok"),
    "not_reproduced": Label("not reproduced", "waiting"),
    "flaky": Label("flaky", "waiting"),
    "environment_failed": Label("environment failed", "failed"),
    "suspects_ranked": Label("suspects ranked", "ok"),
    "files_ranked": Label("only files ranked", "waiting"),
    "nothing_to_rank": Label("nothing to rank", "waiting"),
    "candidates_proposed": Label("candidates proposed", "ok"),
    "nothing_to_change": Label("nothing to change", "waiting"),
    "fix_verified": Label("fix verified", "ok"),
    "validated": Label("validated", "ok"),
    "no_candidate_survived": Label("no candidate survived", "waiting"),
    "blocked": Label("blocked", "failed"),
    "fix_ineffective": Label("still fails", "idle"),
    "introduces_symptom": Label("breaks other tests", "failed"),
    "test_does_not_guard": Label("test does not guard", "waiting"),
    "untried": Label("not tried yet", "idle"),
}

COVERAGE: Final[dict[str, Label]] = {
    "covered": Label("covered", "ok"),
    "rolled_over": Label("rolled over", "waiting"),
    "stopped_before": Label("ends before the incident", "waiting"),
    "after_restart": Label("starts after a restart", "waiting"),
    "gap": Label("gap at the incident", "waiting"),
    "unknown": Label("cannot tell", "idle"),
    "no_logs": Label("no logs", "idle"),
}

STAGE_TITLES: Final[dict[str, str]] = {
    "analysis": "Analysis",
    "reproduce": "Reproduce",
    "root_cause": "Root cause",
    "fix": "Fix",
    "validate": "Validate",
}


def state(name: str) -> Label:
    return STATES.get(name, Label(plain(name)))


def verdict(name: str) -> Label:
    return VERDICTS.get(name, Label(plain(name)))


def coverage(name: str) -> Label:
    return COVERAGE.get(name, Label(plain(name)))


def stage_title(name: str) -> str:
    return STAGE_TITLES.get(name, plain(name))


def plain(name: str) -> str:
    """An identifier as words: `logs_rolled_over` -> "logs rolled over"."""
    return name.replace("_", " ").replace("-", " ").strip()


def origin(name: str) -> str:
    """Where a candidate comes from, in words: "operator:compare_swap" -> "mutation · compare swap"."""
    kind, _, detail = name.partition(":")
    word = {"operator": "mutation", "model": "model", "history": "history", "memory": "memory", "human": "by hand"}
    return " · ".join(part for part in (word.get(kind, plain(kind)), plain(detail)) if part)
