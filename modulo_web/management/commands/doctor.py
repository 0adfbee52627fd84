"""`manage.py doctor`: every part of the installation, whether it works, and for each fault its fix."""

import json
from dataclasses import asdict
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from bugs import health
from modulo_web.claim import Claim
from modulo_web.everything import healthy

SIGNS = {"ok": "ok", "off": "--", "warning": "!!", "fault": "XX"}


class Command(BaseCommand):
    help = "Examine every part; exits 1 when one has a fault."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print a JSON list instead of a table")

    def handle(self, *args: Any, json: bool, **options: Any) -> None:
        parts = (pages(), *health.survey())
        self.stdout.write(as_json(parts) if json else table(parts))
        if any(part.state == "fault" for part in parts):
            raise SystemExit(1)


def pages() -> health.Part:
    """Does the web process of this data directory answer?"""
    holder = Claim(settings.MODULO_DATA).holder()
    if holder is None or not holder.address:
        fix = "Start `python manage.py up`."
        return health.Part(name="pages", state="off", detail="nothing serves this data directory", fix=fix)
    if healthy(holder.address):
        return health.Part(name="pages", state="ok", detail=f"served at {holder.address}")
    fix = f"See {settings.MODULO_DATA}/logs/web.log, then start `python manage.py up` again."
    return health.Part(name="pages", state="fault", detail=f"{holder.address} does not answer", fix=fix)


def as_json(parts: tuple[health.Part, ...]) -> str:
    return json.dumps([asdict(part) for part in parts], indent=2)


def table(parts: tuple[health.Part, ...]) -> str:
    lines = []
    for part in parts:
        lines.append(f"{SIGNS[part.state]}  {part.name:<17} {part.detail}")
        if part.fix:
            lines.append(f"{'':<22}-> {part.fix}")
    return "\n".join(lines)
