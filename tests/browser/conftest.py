"""A real Modulo started by its own command, bugs in every state, and Chromium looking at it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.seed import PASSWORD
from tests.modulo_web.running import Running

ROOT = Path(__file__).resolve().parents[2]
STARTS_WITHIN_S = 120.0
SETTINGS = {"MODULO_MAX_CANDIDATES": "150"}  # enough for the demo's, and a run ends within a minute
expect.set_options(timeout=30_000)  # the machine may be busy


@dataclass(frozen=True)
class Up:
    """A running Modulo with bugs in every state; `bugs` are their numbers by the state they show."""

    running: Running
    address: str
    bugs: dict[str, int]

    @property
    def data(self) -> Path:
        return self.running.data

    def web_process(self) -> int:
        """The process that serves the pages."""
        return self.running.pids(" serve ")[0]


@pytest.fixture(scope="session")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    with Running(tmp_path_factory.mktemp("u") / "d", **SETTINGS) as running:
        running.until("ready http", STARTS_WITHIN_S)
        command = [sys.executable, "-m", "tests.browser.seed"]
        made = subprocess.run(command, cwd=ROOT, env=running.environment, check=True, capture_output=True, text=True)
        yield Up(running, running.address, json.loads(made.stdout))


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("no Chromium on this machine")
    return {**browser_type_launch_args, "executable_path": program, "args": ["--no-sandbox"]}


@dataclass
class Visitor:
    """A signed-in browser; whatever its console or a policy complained of is kept."""

    context: BrowserContext
    address: str
    complaints: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)

    def page(self) -> Page:
        page = self.context.new_page()
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", self._watch)
        return page

    def open(self, path: str) -> Page:
        page = self.page()
        page.goto(self.address + path)
        return page

    def _hear(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(f"{message.type}: {message.text} ({message.location.get('url')})")

    def _watch(self, request: Any) -> None:
        if not request.url.startswith((self.address, "data:", self.address.replace("http", "ws"))):
            self.foreign.append(request.url)


@pytest.fixture
def visitor(up: Up, browser: Browser) -> Iterator[Callable[..., Visitor]]:
    """Make signed-in browsers: `visitor(color_scheme="dark")`."""
    made: list[BrowserContext] = []

    def sign_in(**options: Any) -> Visitor:
        context = browser.new_context(**options)
        made.append(context)
        arriving = Visitor(context, up.address)
        page = arriving.open("/login/")
        page.get_by_label("Name").fill("tester")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url("**/bugs/")
        page.close()
        return arriving

    yield sign_in
    for context in made:
        context.close()
