"""One bug from the shell: report in, verdict out, with the work done by a running Modulo or by workers of its own."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings

from agents import pipeline
from agents.errors import ReportProblem, SetupProblem
from bugs import actions, health, summary
from bugs.models import Bug, Run, Stage, storable
from modulo_web import broker
from modulo_web.installation import Installation
from modulo_web.progress import Follower, Terminal

VALIDATED, FAILED, USAGE, STOPPED, INTERRUPTED = 0, 1, 2, 3, 130
JOIN_SECONDS = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What the command line asks for; `repository` is a URL or an absolute path."""

    text: str
    logs: tuple[Path, ...]
    repository: str
    title: str = ""
    commit: str = ""
    python: str = ""
    test_command: str = ""
    until: str = ""
    happened_at: datetime | None = None


def location(given: str) -> str:
    """A repository as a bug names it: a URL as it is, a path made absolute. Raises `ReportProblem` for neither."""
    if urlsplit(given).scheme in ("https", "ssh", "http", "git", "file") or (":" in given and "@" in given):
        return given
    path = Path(given).expanduser().resolve()
    if path.is_dir():
        return str(path)
    raise ReportProblem(
        f"There is no repository at {given}.", slug="repository-missing", hint="Give a URL or a directory."
    )


class Triage:
    """A run, from its start to its verdict, on this terminal."""

    def __init__(self, terminal: Terminal) -> None:
        self.terminal = terminal
        self.installation = Installation(lambda what, text: terminal.note(f"{what} {text}"))
        self.supervisor = self.installation.supervisor

    def run(self, request: Request) -> Run:
        """Open the bug, or go on with it where it stopped, and follow its run to the end."""
        self._connect()
        run = begin(request, self.terminal.note)
        self.terminal.note(f"bug {run.bug_id}, run {run.number}: {run.bug.title}")
        follower = Follower(run)
        self.supervisor.run(lambda: self._step(follower))
        if not follower.ended:
            actions.cancel_run(run)
        self.terminal.clear()
        run.refresh_from_db()
        return run

    def close(self) -> None:
        self.installation.close()

    def _connect(self) -> None:
        """Bring up what is needed, or join the Modulo that already works on this data directory."""
        if self.installation.claim.take("triage"):
            self._bring_up()
        else:
            self._join()

    def _bring_up(self) -> None:
        self.installation.start_broker()
        if self.installation.without_broker:
            raise SetupProblem(
                "Without a broker, `triage` needs a running Modulo to do the work.",
                slug="broker-unreachable",
                hint="Start `python manage.py up` in another terminal, then try again.",
            )
        self.installation.prepare_database()
        self.installation.start_workers()

    def _join(self) -> None:
        holder = self.installation.claim.holder()
        self.terminal.note(
            f"joining {holder.what if holder else 'the Modulo'} that is running on {settings.MODULO_DATA}"
        )
        if not self._answers(JOIN_SECONDS):
            raise SetupProblem(
                f"A Modulo holds {settings.MODULO_DATA}, but does not answer.",
                slug="already-running",
                hint="Look at its terminal and its logs; stop it and try again.",
            )

    def _answers(self, seconds: float) -> bool:
        """Are database and broker of the Modulo we join up, or will they be within `seconds`?"""
        ready = broker.wait(settings.REDIS_URL, seconds) if settings.REDIS_URL else True
        return ready and health.database().state == "ok"

    def _step(self, follower: Follower) -> bool:
        if not self.installation.claim.held and self.installation.claim.take("triage"):
            self.terminal.note("the Modulo that was running has ended; going on alone")
            self._bring_up()
        for event in follower.news():
            self.terminal.tell(event)
        self.terminal.status(follower.live())
        return follower.ended


def begin(request: Request, say: Callable[[str], None]) -> Run:
    """The run to follow: the one this very report was left in, else a new one."""
    bug = known(request)
    last = bug.runs.order_by("number").last() if bug else None
    if bug is None or last is None or last.status == Run.Status.SUCCEEDED:
        bug = bug or _open(request)
        _attach(bug, request)
        return actions.begin_run(bug, until=request.until)
    if last.status == Run.Status.RUNNING:
        say(f"run {last.number} of bug {bug.pk} is still going: following it")
        return last
    stage = resumable(last)
    say(f"going on with run {last.number} of bug {bug.pk} from {stage}")
    return actions.run_again_from(last, stage, until=request.until)


def known(request: Request) -> Bug | None:
    """The bug this very report became when it was given before."""
    same = Bug.objects.filter(
        text=storable.text(request.text).strip(),
        repository=request.repository,
        commit=request.commit,
        python=request.python,
        test_command=request.test_command,
        demo="",
    )
    return same.filter(title=request.title).last() if request.title else same.last()


def resumable(run: Run) -> str:
    """The stage at which a run that failed or was stopped goes on."""
    done = set(run.stages.filter(status=Stage.Status.SUCCEEDED).values_list("name", flat=True))
    return next((name for name in pipeline.STAGES if name not in done), pipeline.STAGES[-1])


def _open(request: Request) -> Bug:
    return actions.open_bug(
        title=request.title,
        text=request.text,
        repository=request.repository,
        commit=request.commit,
        python=request.python,
        test_command=request.test_command,
        happened_at=request.happened_at,
    )


def _attach(bug: Bug, request: Request) -> None:
    for log in request.logs:
        actions.attach(bug, log.name, log)


def exit_code(run: Run) -> int:
    """0 validated, 3 stopped with a verdict, 1 failed, 130 stopped by hand."""
    if run.status == Run.Status.SUCCEEDED:
        return VALIDATED if run.verdict == "validated" else STOPPED
    return INTERRUPTED if run.status == Run.Status.CANCELLED else FAILED


def write(run: Run, target: Path) -> None:
    """Write the run's summary to `target` in one step."""
    text = json.dumps(summary.of_run(run), indent=2, ensure_ascii=False)
    fresh = target.with_name(f".{target.name}.part")
    fresh.write_text(f"{text}\n", encoding="utf-8")
    fresh.replace(target)
