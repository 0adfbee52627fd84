import json
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from agents.context import Sandbox
from agents.report import Source
from agents.results import Checkout, Environment
from agents.sandbox import ladder
from agents.sandbox.environment import prepare
from agents.sandbox.repository import checkout, mirror

VISITOR = Path(__file__).with_name("visitor.py")
ME = pwd.getpwuid(os.geteuid()).pw_name
USERS = ("root", "nobody") if ME == "root" else (ME,)

Visit = Callable[..., dict[str, Any]]


def nothing() -> None:
    """A check that never stops anything."""


@pytest.fixture
def visit() -> Visit:
    """Run code on a rung ("" is none) as a user, and say how it ended."""

    def run(rung: str, user: str, code: str, *, readable=(), writable=(), **limits: Any) -> dict[str, Any]:
        order = {"rung": rung, "user": user, "code": code, "limits": {"wall_s": 20, **limits}}
        order |= {"readable": list(map(str, readable)), "writable": list(map(str, writable))}
        done = subprocess.run([sys.executable, str(VISITOR)], input=json.dumps(order), capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run


@pytest.fixture
def open_directory() -> Iterator[Path]:
    """A directory everybody on this machine may enter: pytest's own are the user's alone."""
    path = Path(tempfile.mkdtemp(prefix="modulo-test-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


@pytest.fixture(scope="session")
def sandbox() -> Sandbox:
    return ladder.best()


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


def git(where: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=Alice", "-c", "user.email=alice@example.org", "-c", "init.defaultBranch=main")
    command = ["git", "-C", str(where), *identity, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def repository(where: Path, files: dict[str, str]) -> Path:
    """A repository at `where` with one commit that holds `files`."""
    where.mkdir(parents=True)
    git(where, "init", "-q")
    commit(where, files)
    return where


def commit(where: Path, files: dict[str, str], message: str = "Some change") -> str:
    for name, text in files.items():
        path = where / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    git(where, "add", "-A")
    git(where, "commit", "-q", "--allow-empty", "-m", message)
    return git(where, "rev-parse", "HEAD")


Ground = tuple[Checkout, Environment]
Grounds = Callable[[dict[str, str]], Ground]


@pytest.fixture
def ground(tmp_path: Path, cache: Path) -> Grounds:
    """A project of the given files, checked out, with an environment to run its tests in."""

    def make(files: dict[str, str]) -> Ground:
        origin = repository(tmp_path / "origin", files)
        tree = checkout(mirror(str(origin), cache, nothing), "", tmp_path / "checkout", nothing)
        return tree, prepare(tree, Source(location=str(origin)), cache, lambda event: None, nothing)

    return make
