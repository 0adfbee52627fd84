"""Write the demo library as a git repository, with the history it would have."""

import os
import shutil
import subprocess
import tempfile
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
LIBRARY = HERE / "library"


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit: who, when, why, and every file of the tree after it."""

    author: str
    when: datetime
    message: str
    tree: dict[str, str]


def history() -> list[Commit]:
    """The demo library's commits, oldest first: told backwards from the files on disk."""
    told = tomllib.loads((HERE / "history.toml").read_text("utf-8"))
    tree, commits = library_files(), []
    for entry in reversed(told["commits"]):
        author, when = told["authors"][entry["author"]], entry["date"]
        commits.append(Commit(author, datetime.fromisoformat(when), entry["message"].strip(), tree))
        tree = before(entry, tree)
    return commits[::-1]


def library_files() -> dict[str, str]:
    files = (path for path in LIBRARY.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {path.relative_to(LIBRARY).as_posix(): path.read_text("utf-8") for path in sorted(files)}


def before(entry: dict[str, Any], tree: dict[str, str]) -> dict[str, str]:
    """The tree as it was before the commit `entry` describes."""
    added = set(entry.get("adds", ()))
    earlier = {path: text for path, text in tree.items() if path not in added}
    for edit in reversed(entry.get("edits", ())):
        path, text = edit["path"], earlier[edit["path"]]
        if text.count(edit["after"]) != 1:
            raise ValueError(f"history.toml: {path} does not hold this text exactly once:\n{edit['after']}")
        earlier[path] = text.replace(edit["after"], edit["before"])
    return earlier


def build(destination: Path) -> Path:
    """Make `destination` a git repository of the library at its last commit; what is there already stays as it is."""
    if destination.exists():
        return destination
    destination.parent.mkdir(parents=True, exist_ok=True)
    workshop = Path(tempfile.mkdtemp(prefix=".demo-", dir=destination.parent))
    try:
        git(workshop, "init", "--quiet", "--template=")
        git(workshop, "symbolic-ref", "HEAD", "refs/heads/main")
        git(workshop, "fast-import", "--quiet", stdin=b"".join(fast_import(history())))
        git(workshop, "reset", "--quiet", "--hard", "main")
        workshop.chmod(0o755)
        workshop.rename(destination)
    finally:
        shutil.rmtree(workshop, ignore_errors=True)
    return destination


def fast_import(commits: list[Commit]) -> Iterator[bytes]:
    """`commits` as git's import stream."""
    for commit in commits:
        stamp = f"{commit.author} {int(commit.when.timestamp())} {commit.when:%z}\n".encode()
        yield b"commit refs/heads/main\nauthor " + stamp + b"committer " + stamp + data(commit.message)
        yield b"deleteall\n"
        for path, text in commit.tree.items():
            yield f"M 100644 inline {path}\n".encode() + data(text)


def data(text: str) -> bytes:
    content = text.encode()
    return b"data %d\n%b\n" % (len(content), content)


def git(where: Path, *arguments: str, stdin: bytes | None = None) -> None:
    """Run git in `where`, deaf to the user's own configuration."""
    deaf = {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull, "GIT_TERMINAL_PROMPT": "0"}
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    subprocess.run(["git", *arguments], cwd=where, input=stdin, env=inherited | deaf, check=True)
