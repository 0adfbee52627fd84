"""What the code offers is in the documentation, and what the documentation says is in the code."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import get_commands

from agents.events import KEPT
from agents.mutation import operators
from modulo_web import settings
from tools import reference

ROOT = Path(__file__).resolve().parent.parent
REFERENCE = ROOT / "docs" / "reference"
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def slugs() -> Iterator[str]:
    """Every slug an error or a notice of the code carries."""
    for package in ("agents", "bugs", "modulo_web"):
        for path in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.keyword) and node.arg == "slug":
                    yield from _texts(node.value)
                if (
                    isinstance(node, ast.Assign)
                    and isinstance(node.targets[0], ast.Name)
                    and node.targets[0].id == "slug"
                ):
                    yield from _texts(node.value)


def words() -> set[str]:
    """Every string of the code, wherever it stands."""
    code = (path for package in ("agents", "bugs", "modulo_web") for path in (ROOT / package).rglob("*.py"))
    return {text for path in code for text in _texts(ast.parse(path.read_text(encoding="utf-8")))}


def _texts(node: ast.AST) -> Iterator[str]:
    for inner in ast.walk(node):
        if (
            isinstance(inner, ast.Constant)
            and isinstance(inner.value, str)
            and re.fullmatch("[a-z]+(-[a-z]+)*", inner.value)
        ):
            yield inner.value


@pytest.mark.parametrize("name", ["settings.md", "events.md", "operators.md", "commands.md", "triage.schema.json"])
def test_a_generated_page_is_what_the_code_would_generate(name: str):
    assert (REFERENCE / name).read_text(encoding="utf-8") == reference.pages()[name], "run `make reference`"


def test_every_setting_is_documented():
    page = (REFERENCE / "settings.md").read_text(encoding="utf-8")
    assert [name for name in settings.environment.declared if f"`{name}`" not in page] == []


def test_every_event_is_documented():
    page = (REFERENCE / "events.md").read_text(encoding="utf-8")
    assert [kind.name for kind in KEPT if f"`{kind.name}`" not in page] == []


def test_every_operator_is_documented():
    page = (REFERENCE / "operators.md").read_text(encoding="utf-8")
    assert [operator.name for operator in operators.ALL if f"## `{operator.name}`" not in page] == []


def test_every_command_is_documented():
    page = (REFERENCE / "commands.md").read_text(encoding="utf-8")
    ours = [name for name, app in get_commands().items() if app in ("bugs", "modulo_web")]
    assert [name for name in ours if f"## `manage.py {name}`" not in page] == []


def test_every_message_is_explained():
    page = (REFERENCE / "messages.md").read_text(encoding="utf-8")
    assert sorted({slug for slug in slugs() if f"| `{slug}` |" not in page}) == []


def test_every_explained_message_exists():
    page = (REFERENCE / "messages.md").read_text(encoding="utf-8")
    assert sorted(set(re.findall(r"^\| `([a-z-]+)` \|", page, re.MULTILINE)) - words()) == []


@pytest.mark.parametrize("document", PAGES, ids=lambda document: str(document.relative_to(ROOT)))
def test_links_between_pages_lead_somewhere(document: Path):
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", document.read_text(encoding="utf-8"))
    assert [link for link in links if not (document.parent / link).exists()] == []


@pytest.mark.parametrize("document", PAGES, ids=lambda document: str(document.relative_to(ROOT)))
def test_commands_in_the_pages_exist(document: Path):
    text = document.read_text(encoding="utf-8")
    named = {*re.findall(r"manage\.py ([a-z_]+)", text)}
    targets = {*re.findall(r"^make ([a-z]+)", text, re.MULTILINE), *re.findall(r"`make ([a-z]+)", text)}
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert named - set(get_commands()) == set()
    assert [target for target in targets if not re.search(rf"^{target}:", makefile, re.MULTILINE)] == []


def test_the_schema_is_json_and_names_what_triage_writes():
    schema = json.loads((REFERENCE / "triage.schema.json").read_text(encoding="utf-8"))
    kept = schema["$defs"]["RunSummary"]["properties"]
    assert {"verdict", "stages", "digest", "reproduction", "suspects", "files", "candidates"} <= set(kept)
    assert {"model_calls", "tokens", "cost_usd"} <= set(kept)
