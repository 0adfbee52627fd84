"""Git without trusting what it works on: no configuration, hooks, helpers, prompts or protocols but those allowed."""

import os
import re
import tempfile
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from agents.errors import AgentError, ReportProblem, SetupProblem
from agents.sandbox import program

Check = Callable[[], None]

_SMALLER = "Give a path to a clone on this machine, or a smaller repository."
_PASSED_ON = (
    "http_proxy", "https_proxy", "no_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY",
    "SSL_CERT_FILE", "SSL_CERT_DIR", "GIT_SSL_CAINFO", "SSH_AUTH_SOCK",
)  # fmt: skip
# `safe.directory`: repositories of other users may be read, since nothing in them is executed
_CONFIG = """[safe]
\tdirectory = *
[uploadpack]
\tallowAnySHA1InWant = true
[core]
\thooksPath = /dev/null
\tfsmonitor = false
\tsymlinks = false
\tprotectHFS = true
\tprotectNTFS = true
\tattributesFile = /dev/null
[submodule]
\trecurse = false
[gc]
\tauto = 0
[maintenance]
\tauto = false
[credential]
\thelper =
[advice]
\tdetachedHead = false
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What one git command may take."""

    seconds: float = 120.0
    output_bytes: int = 256 << 20
    grows: Path | None = None
    grow_bytes: int = 4 << 30


def configuration(cache: Path) -> Path:
    """The only configuration git reads, written into `cache` once."""
    path = cache / "gitconfig"
    if not path.exists() or path.read_text() != _CONFIG:
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=cache, delete=False) as fresh:
            fresh.write(_CONFIG)
        Path(fresh.name).replace(path)
    return path


def git(
    cache: Path,
    *arguments: str,
    protocols: Iterable[str] = (),
    env: dict[str, str] | None = None,
    budget: Budget | None = None,
    check: Check | None = None,
    allowed_codes: tuple[int, ...] = (0,),
) -> str:
    """Run git and return what it printed; raises `GitFailed` on a bad exit code, `ReportProblem` beyond the budget."""
    command = ("git", *arguments)
    allowed = budget or Budget()
    try:
        done = program.run(
            command,
            _environment(cache, protocols) | (env or {}),
            seconds=allowed.seconds,
            check=check,
            watch=lambda size: _within(allowed, size),
        )
    except FileNotFoundError as error:
        raise SetupProblem("Git is not installed.", hint="Install git.", slug="git-missing") from error
    if done.timed_out:
        raise ReportProblem(
            f"Git did not finish within {allowed.seconds:.0f} s.", hint=_SMALLER, slug="repository-too-slow"
        )
    if done.code not in allowed_codes:
        raise GitFailed(command, done.code, done.stderr[:8192])
    return done.stdout


def _within(budget: Budget, printed: int) -> None:
    if printed > budget.output_bytes or _size(budget.grows) > budget.grow_bytes:
        raise ReportProblem(
            f"The repository is larger than {budget.grow_bytes >> 20} MiB.", hint=_SMALLER, slug="repository-too-large"
        )


class GitFailed(AgentError):
    """Git said no; callers that expect it say what it means for the reader."""

    slug = "git-failed"

    def __init__(self, command: tuple[str, ...], code: int, stderr: str) -> None:
        self.stderr = without_password(stderr.strip())
        said = self.stderr.splitlines()[-1] if self.stderr else f"exit code {code}"
        super().__init__(f"git {_verb(command)} failed: {said}")


def _verb(command: tuple[str, ...]) -> str:
    skipped = {"-C", "-c", "--git-dir", "--work-tree"}
    words = iter(command[1:])
    for word in words:
        if word in skipped:
            next(words, None)
        elif not word.startswith("-"):
            return word
    return ""


def without_password(text: str) -> str:
    return re.sub(r"(\w+://)[^/@\s]*@", r"\1", text)


def _environment(cache: Path, protocols: Iterable[str]) -> dict[str, str]:
    passed_on = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    return passed_on | {
        "PATH": os.environ.get("PATH", "/usr/local/bin:/usr/bin:/bin"),
        "HOME": str(cache),
        "LC_ALL": "C",
        "GIT_CONFIG_GLOBAL": str(configuration(cache)),
        "GIT_CONFIG_SYSTEM": "/dev/null",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "/bin/false",
        "SSH_ASKPASS": "/bin/false",
        "GIT_SSH_COMMAND": "ssh -oBatchMode=yes -oStrictHostKeyChecking=accept-new -oConnectTimeout=20",
        "GIT_ALLOW_PROTOCOL": ":".join(protocols) or "none",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_LFS_SKIP_SMUDGE": "1",
        "GIT_OPTIONAL_LOCKS": "0",
    }


def _size(directory: Path | None) -> int:
    total = 0
    for path in directory.rglob("*.pack*") if directory is not None else ():
        with suppress(OSError):
            total += path.lstat().st_size
    return total
