"""Serve a simulated model: an OpenAI-compatible server on this machine, with seeded times, lengths and faults."""

from __future__ import annotations

import json
import signal
from dataclasses import fields
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from agents.perf.profile import Profile

HELP = {
    "seed": "the same seed behaves the same",
    "ttft": "median seconds to the first token",
    "ttft_sigma": "spread of that time (sigma of its logarithm)",
    "itl": "mean seconds between tokens",
    "itl_shape": "shape of that time's gamma distribution; larger is more regular",
    "tokens": "tokens of every answer; 0 says what there is to say",
    "limited": "share of calls answered 429",
    "retry_after": "seconds in their Retry-After header; negative sends none",
    "failed": "share of calls answered 500",
    "cut": "share of calls whose connection breaks in mid-answer",
    "stall": "share of calls that fall silent in mid-answer",
    "stall_s": "seconds of that silence",
    "garbage": "share of calls that turn to garbage in mid-answer",
    "slow": "share of calls that are slow",
    "slow_factor": "how many times slower",
}


class Command(BaseCommand):
    help = "Serve a simulated model; prints the address to set as OPENAI_BASE_URL. Ctrl-C ends it."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
        parser.add_argument("--script", type=Path, help='JSON file [{"when": text in the request, "reply": text}, ...]')
        for field in fields(Profile):
            kind: Any = type(field.default)
            flag = f"--{field.name.replace('_', '-')}"
            parser.add_argument(flag, type=kind, default=field.default, help=HELP[field.name])

    def handle(self, *args: Any, **options: Any) -> None:
        from agents.perf.simulated import serve  # aiohttp is no business of the other commands

        profile = Profile(**{field.name: options[field.name] for field in fields(Profile)})
        for number in (signal.SIGINT, signal.SIGTERM):  # also where a shell started it with SIGINT ignored
            signal.signal(number, signal.default_int_handler)
        try:
            with serve(profile, _script(options["script"]), options["port"]) as server:
                self.stdout.write(server.url)
                self.stdout.flush()
                signal.pause()
        except KeyboardInterrupt:
            return
        except OSError as error:
            raise CommandError(
                f"Cannot listen on port {options['port']}: {error}. Choose another with --port."
            ) from error


def _script(path: Path | None) -> list[tuple[str, str]]:
    if path is None:
        return []
    try:
        return [(str(entry["when"]), str(entry["reply"])) for entry in json.loads(path.read_text())]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CommandError(f"Cannot read the script {path}: {error!r}. It is a JSON list of when and reply.") from error
