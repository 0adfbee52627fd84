"""Write the reference pages that are made from the code itself: settings, events, operators, commands, the JSON schema.

python tools/reference.py            writes docs/reference/*.md and triage.schema.json
"""

import difflib
import json
import os
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PAGES = ROOT / "docs" / "reference"
DJANGOS = {"-h", "--version", "-v", "--settings", "--pythonpath", "--traceback"} | {
    "--no-color",
    "--force-color",
    "--skip-checks",
}
EVENT = """\
{"v": 1, "seq": 12, "ts": "2026-01-31T23:59:00+00:00", "run": 1, "stage": "fix", "t": "candidate_added", "p": {}}"""
sys.path.insert(0, str(ROOT))


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "modulo_web.settings")
    import django

    django.setup()
    for name, text in pages().items():
        (PAGES / name).write_text(text, encoding="utf-8")
        print(f"docs/reference/{name}")
    return 0


def pages() -> dict[str, str]:
    """Every generated page by its name; Django must be set up."""
    return {
        "settings.md": settings_page(),
        "events.md": events_page(),
        "operators.md": operators_page(),
        "commands.md": commands_page(),
        "triage.schema.json": schema(),
    }


def settings_page() -> str:
    from modulo_web import settings

    rows = []
    for declared in sorted(settings.environment.declared.values(), key=lambda setting: setting.name):
        default = ".modulo in the project's directory" if declared.name == "MODULO_DATA" else declared.default
        rows.append(f"| `{declared.name}` | {f'`{default}`' if default else '(empty)'} | {cell(declared.meaning)} |")
    return page(
        "Settings",
        "Each is read from the environment, else from a file `.env` in the project's directory, else it has the default"
        " shown. `python manage.py check` says what does not fit together.",
        ["| setting | default | meaning |", "|---|---|---|", *rows],
    )


def events_page() -> str:
    from agents.events import KEPT

    rows = [f"| `{kind.name}` | {cell(kind.meaning)} |" for kind in KEPT]
    return page(
        "Events",
        "What happens to a bug is kept as events, numbered without gaps. Open pages get them over"
        " `/ws/bugs/<id>/?since=<seq>`, and `/bugs/<id>/events?since=<seq>` answers the same over HTTP. One event:\n\n"
        f"```json\n{EVENT}\n```\n\n"
        "Besides these there are live events that are never kept: `token_delta` (text of a model as it comes),"
        " `progress` and `tick`.",
        ["| kind | meaning |", "|---|---|", *rows],
    )


def operators_page() -> str:
    from agents.mutation import operators

    lines: list[str] = []
    for operator in sorted(operators.ALL, key=lambda one: one.name):
        lines += [f"## `{operator.name}`", "", f"Undoes: {operator.pattern}.", ""]
        for example in operator.examples()[:2]:
            lines += ["```diff", *difference(example.before, example.after), "```", ""]
    return page(
        "Mutation operators",
        "A fix is often one small step from the fault. Each operator undoes one kind of mistake, on suspicious lines,"
        " and leaves every other byte of the file as it is. The examples here are the ones the tests run.",
        lines,
    )


def difference(before: str, after: str) -> list[str]:
    compared = difflib.ndiff(before.splitlines(), after.splitlines())
    return [line.rstrip() for line in compared if not line.startswith("?")]


def commands_page() -> str:
    from django.core.management import get_commands, load_command_class

    lines: list[str] = []
    ours = sorted(name for name, app in get_commands().items() if app in ("bugs", "modulo_web"))
    for name in ours:
        parser = load_command_class(get_commands()[name], name).create_parser("manage.py", name)
        rows = [row for action in parser._actions for row in option(action)]
        lines += [f"## `manage.py {name}`", "", parser.description or "", ""]
        lines += ["| argument | meaning |", "|---|---|", *rows, ""] if rows else []
    return page("Commands", "All are run as `.venv/bin/python manage.py COMMAND`; `--help` tells the same.", lines)


def option(action: Any) -> list[str]:
    own = not action.option_strings or not set(action.option_strings) & DJANGOS
    if not own or action.help == "==SUPPRESS==":
        return []
    name = ", ".join(action.option_strings) or (action.metavar or action.dest)
    default = f" (default: {action.default})" if action.default not in (None, "", False, [], "==SUPPRESS==") else ""
    return [f"| `{name}` | {cell((action.help or '') % {'default': action.default})}{default} |"]


def schema() -> str:
    import msgspec

    from bugs.summary import RunSummary

    made = msgspec.json.schema(RunSummary)
    whole = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "A triage result", **made}
    return json.dumps(whole, indent=2) + "\n"


def cell(text: str) -> str:
    return text.replace("|", "\\|")


def page(title: str, opening: str, lines: list[str]) -> str:
    note = "<!-- Made by `make reference`; change the code, not this page. -->"
    return "\n".join([f"# {title}", "", note, "", opening, "", *lines]).rstrip() + "\n"


if __name__ == "__main__":
    sys.exit(main())
