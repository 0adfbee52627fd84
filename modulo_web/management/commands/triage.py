"""`manage.py triage`: one bug report from the shell to its verdict."""

import sys
from argparse import ArgumentTypeError
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from agents import pipeline
from agents.errors import ModuloError, ReportProblem
from bugs.models import Run
from modulo_web import triage
from modulo_web.progress import Terminal, one_line


class Command(BaseCommand):
    help = "Drive one report through all stages. Exits 0 validated, 3 stopped with a verdict, 1 failed, 2 wrong usage."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("report", metavar="REPORT.md", help="the report, as text; - reads it from standard input")
        parser.add_argument("logs", metavar="LOG", nargs="*", type=a_file, help="log files or archives to attach")
        parser.add_argument("--repo", required=True, help="git repository: a URL or a path")
        parser.add_argument("--commit", default="", help="the commit the report is about (default: the default branch)")
        parser.add_argument("--python", default="", help="an interpreter that has the project's dependencies")
        parser.add_argument("--test-command", default="", help="how the project's tests are run (default: guessed)")
        parser.add_argument("--until", default="", choices=pipeline.STAGES, help="the last stage to run")
        parser.add_argument("--json", type=Path, metavar="OUT", help="write the result to this file")
        parser.add_argument("--title", default="", help="the bug's title (default: the report's first line)")
        parser.add_argument("--happened-at", type=a_moment, help="when it happened: 2026-01-31T23:59:00+00:00")

    def handle(self, *args: Any, **options: Any) -> None:
        terminal = Terminal(sys.stderr)
        try:
            request = asked_for(options)
        except (ModuloError, OSError) as error:
            terminal.note(sentence(error))
            raise SystemExit(triage.USAGE) from error
        work = triage.Triage(terminal)
        try:
            run = work.run(request)
            if options["json"]:
                triage.write(run, options["json"])
        except ModuloError as error:
            terminal.note(sentence(error))
            raise SystemExit(triage.USAGE if isinstance(error, ReportProblem) else triage.FAILED) from error
        finally:
            work.close()
        self.stdout.write(told(run))
        raise SystemExit(triage.exit_code(run))


def asked_for(options: dict[str, Any]) -> triage.Request:
    return triage.Request(
        text=read(options["report"]),
        logs=tuple(options["logs"]),
        repository=triage.location(options["repo"]),
        title=options["title"],
        commit=options["commit"],
        python=options["python"],
        test_command=options["test_command"],
        until=options["until"],
        happened_at=options["happened_at"],
    )


def read(name: str) -> str:
    """The report's text. A binary file is refused: it belongs among the logs."""
    raw = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    if b"\0" in raw[:8192]:
        raise ReportProblem(
            f"{name} is not text.", slug="report-binary", hint="Give the report as text and attach other files as logs."
        )
    return raw.decode("utf-8", "replace")


def a_file(name: str) -> Path:
    if not Path(name).is_file():
        raise ArgumentTypeError(f"there is no file {name}")
    return Path(name)


def a_moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise ArgumentTypeError(f"{text} is not a moment like 2026-01-31T23:59:00+00:00") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def sentence(error: Exception) -> str:
    return f"{error} {error.hint}".rstrip() if isinstance(error, ModuloError) else str(error)


def told(run: Run) -> str:
    """The verdict, why, and the best candidate's diff."""
    lines = [f"{run.verdict or run.status}: {one_line(run.reason, 1000)}"]
    best = run.candidates.filter(rank=1).first()
    if best is not None:
        lines += ["", f"candidate {best.number} ({best.origin}):", printable(best.diff)]
    return "\n".join(lines)


def printable(text: str) -> str:
    """Foreign text on a terminal: its lines, without control characters."""
    return "".join(sign if sign.isprintable() or sign in "\n\t" else "\ufffd" for sign in text)
