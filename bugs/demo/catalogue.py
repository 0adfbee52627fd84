"""The demo bugs to choose from: their reports, comments, logs and repository."""

import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from agents.report import Comment
from bugs.demo import logs, repository

REPORTS = Path(__file__).parent / "reports"


@dataclass(frozen=True, slots=True, kw_only=True)
class Demo:
    """One demo bug. `summary` says how it ends, for whoever chooses; `logs` writes the attachments."""

    slug: str
    title: str
    summary: str
    text: str
    comments: tuple[Comment, ...]
    created_at: datetime
    happened_at: datetime
    logs: Callable[[], tuple[logs.LogFile, ...]]


def read(slug: str, attachments: Callable[[], tuple[logs.LogFile, ...]]) -> Demo:
    told = tomllib.loads((REPORTS / f"{slug}.toml").read_text("utf-8"))
    return Demo(
        slug=slug,
        title=told["title"],
        summary=told["summary"],
        text=told["text"].lstrip(),
        comments=tuple(Comment(**comment) for comment in told["comments"]),
        created_at=told["created_at"],
        happened_at=told["happened_at"],
        logs=attachments,
    )


DEMOS: dict[str, Demo] = {
    slug: read(slug, attachments)
    for slug, attachments in {
        "off-by-one": logs.off_by_one,
        "rolled-over": logs.rolled_over,
        "stubborn": logs.stubborn,
    }.items()
}


def build_repository(slug: str, destination: Path) -> Path:
    """Make `destination` the git repository the demo bug `slug` is about; all three are bugs of one library."""
    if slug not in DEMOS:
        raise KeyError(f"no demo bug {slug!r}: choose one of {', '.join(DEMOS)}")
    return repository.build(destination)
