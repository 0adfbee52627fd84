"""A real Modulo started by its own command, bugs in every state, and Chromium looking at it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.browser.seed import PASSWORD

ROOT = Path(__file__).resolve().parents[2]
STARTS_WITHIN_S = 90


@dataclass
class Up:
    """`manage.py up` on a data directory of its own."""

    data: Path
    port: int
    extra: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None
    bugs: dict[str, int] = field(default_factory=dict)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "MODULO", "REDIS"))}
        own = {"MODULO_DATA": str(self.data), "MODULO_PORT": str(self.port), "MODULO_DEMO": "false"}
        return {**kept, **own, **self.extra}

    def start(self) -> None:
        log = (self.data.parent / "up.log").open("ab")
        command = [sys.executable, "manage.py", "up"]
        self.process = subprocess.Popen(command, cwd=ROOT, env=self.environment, stdout=log, stderr=log)
        log.close()
        until = time.monotonic() + STARTS_WITHIN_S
        while not self.answers():
            assert self.process.poll() is None, (self.data.parent / "up.log").read_text()
            assert time.monotonic() < until, (self.data.parent / "up.log").read_text()
            time.sleep(0.2)

    def answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.address}/login/", timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def manage(self, *words: str) -> str:
        done = subprocess.run(
            [sys.executable, *words], cwd=ROOT, env=self.environment, check=True, capture_output=True, text=True
        )
        return done.stdout

    def web_process(self) -> int:
        """The process that serves the pages: the child of `up` that was told to `serve`."""
        assert self.process is not None
        listed = subprocess.run(
            ["ps", "-o", "pid=,args=", "--ppid", str(self.process.pid)], capture_output=True, text=True, check=True
        )
        lines = [line.split(None, 1) for line in listed.stdout.splitlines()]
        return next(int(pid) for pid, words in lines if " serve " in f"{words} ")

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(40)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    running = Up(tmp_path_factory.mktemp("u") / "d", free_port())
    running.data.mkdir()
    running.start()
    try:
        running.bugs = json.loads(running.manage("-m", "tests.browser.seed"))
        yield running
    finally:
        running.stop()


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
