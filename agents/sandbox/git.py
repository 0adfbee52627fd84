"""Git without trusting what it works on: no configuration, hooks, helpers, prompts or protocols but those allowed."""

import os
import re
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from agents.errors import AgentError, ReportProblem, SetupProblem

Check = Callable[[], None]

_TICK_S = 0.2
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
    with tempfile.TemporaryFile() as stdout, tempfile.TemporaryFile() as stderr:
        try:
            process = subprocess.Popen(
                command,
                cwd="/",
                env=_environment(cache, protocols) | (env or {}),
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=stderr,
                start_new_session=True,
                umask=0o022,
            )
        except FileNotFoundError as error:
            raise SetupProblem("Git is not installed.", hint="Install git.", slug="git-missing") from error
        try:
            _wait(process, budget or Budget(), stdout.fileno(), check)
        finally:
            _end(process)
        stdout.seek(0)
        stderr.seek(0)
        if process.returncode not in allowed_codes:
            raise GitFailed(command, process.returncode, stderr.read(8192).decode(errors="replace"))
        return stdout.read().decode(errors="surrogateescape")


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


def _wait(process: "subprocess.Popen[bytes]", budget: Budget, output: int, check: Check | None) -> None:
    give_up = time.monotonic() + budget.seconds
    while True:
        with suppress(subprocess.TimeoutExpired):
            process.wait(_TICK_S)
            return
        if check is not None:
            check()
        if time.monotonic() > give_up:
            raise ReportProblem(
                f"Git did not finish within {budget.seconds:.0f} s.",
                hint="Give a path to a clone on this machine, or a smaller repository.",
                slug="repository-too-slow",
            )
        if os.fstat(output).st_size > budget.output_bytes or _size(budget.grows) > budget.grow_bytes:
            raise ReportProblem(
                f"The repository is larger than {budget.grow_bytes >> 20} MiB.",
                hint="Give a path to a clone on this machine, or a smaller repository.",
                slug="repository-too-large",
            )


def _size(directory: Path | None) -> int:
    total = 0
    for path in directory.rglob("*.pack*") if directory is not None else ():
        with suppress(OSError):
            total += path.lstat().st_size
    return total


def _end(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
