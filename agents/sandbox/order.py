"""What the host asks of a guest, and what it may answer: every frame is checked, for a test may have written it."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import msgspec

from agents.context import Job, Limits
from agents.report import Frame, Signature
from agents.results import Checkout, Environment, Outcome
from agents.sandbox import options, view

GUEST = Path(__file__).with_name("guest.py")
_MESSAGE_CHARS = 500
Mode = Literal["run", "collect", "judge"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One request to a guest. `traced`: the files whose lines are recorded; `test_s`: what one test may take."""

    mode: Mode
    checkout: Checkout
    environment: Environment
    tests: tuple[str, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    traced: tuple[str, ...] = ()
    test_s: float = 60.0
    shuffle: int = 0
    hash_seed: int = 0
    preload: bool = True

    def without_preload(self) -> "Order":
        return replace(self, preload=False)

    def frame(self) -> bytes:
        return json.dumps(
            {
                "mode": self.mode,
                "root": self.checkout.root,
                "tests": self.tests,
                "files": dict(self.files),
                "path": self.environment.path,
                "runner": self.environment.runner,
                "options": options.of_project(Path(self.checkout.root)),
                "traced": self.traced,
                "test_s": self.test_s,
                "shuffle": self.shuffle,
                "verbose": self.mode == "run",
                "preload": self.preload,
            }
        ).encode()

    def job(self, limits: Limits) -> Job:
        """The sandboxed process that will carry it out: every path is the same inside as outside."""
        readable = {self.checkout.root, str(GUEST), *self.environment.readable}
        readable |= {entry for entry in self.environment.path if entry.startswith("/")}
        return Job(
            argv=(self.environment.python, str(GUEST)),
            cwd=view.TEMPORARY,
            env={"PYTHONHASHSEED": str(self.hash_seed), "PYTHONDONTWRITEBYTECODE": "1"},
            readable=tuple((path, path) for path in sorted(readable) if not view.inside_system(path)),
            limits=with_room(limits, tree_bytes(self.checkout.root)),
        )


def with_room(limits: Limits, bytes_more: int) -> Limits:
    """The same limits, with room on the disk for the copy of the tree."""
    return replace(limits, file_bytes=max(limits.file_bytes, bytes_more), disk_bytes=limits.disk_bytes + bytes_more)


@lru_cache(maxsize=64)
def tree_bytes(root: str) -> int:
    """What a copy of the tree takes, by whole pages and a page for each name."""
    pages = sum(2 + path.lstat().st_size // 4096 for path in Path(root).rglob("*"))
    return pages * 4096


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """Any frame of a guest; `t` says which."""

    t: Literal["collected", "error", "start", "outcome", "broken", "modules", "timed_out", "again", "judged", "end"]
    id: str = ""
    ids: tuple[str, ...] = ()
    passed: bool = False
    skipped: bool = False
    seconds: float = 0.0
    output: str = ""
    text: str = ""
    code: int = 0
    signature: dict[str, Any] | None = None
    lines: dict[str, tuple[int, ...]] = {}
    replies: "tuple[Reply, ...]" = ()

    def outcome(self) -> Outcome:
        signature = signature_of(self.signature) if self.signature else None
        return Outcome(
            test=self.id,
            passed=self.passed and signature is None,
            skipped=self.skipped and signature is None,
            seconds=self.seconds,
            signature=signature,
            output=self.output,
        )


_DECODER = msgspec.json.Decoder(Reply)


def reply(frame: bytes) -> Reply | None:
    """The frame as a reply; None when it is none (a test wrote into the channel)."""
    try:
        return _DECODER.decode(frame)
    except msgspec.DecodeError:
        return None


def signature_of(found: dict[str, Any]) -> Signature:
    """A guest's description of a failure; what is missing or of the wrong type is left empty."""
    frames = found.get("frames")
    phases = ("setup", "call", "teardown", "collect", "timeout", "crash")
    phase = found.get("phase")
    message = str(found.get("message", ""))
    return Signature(
        exception=str(found.get("exception", "")),
        message=message,
        raw=message,
        frames=tuple(_frame(entry) for entry in frames if isinstance(entry, dict)) if isinstance(frames, list) else (),
        phase=phase if phase in phases else "crash",
    )


def _frame(entry: dict[str, Any]) -> Frame:
    line = entry.get("line")
    return Frame(
        path=str(entry.get("path", "")),
        line=line if isinstance(line, int) else 0,
        function=str(entry.get("function", "")),
        code=str(entry.get("code", "")),
    )


_LAST_ERROR = re.compile(r"^E\s+(?P<exception>[A-Za-z_][\w.]*)(?:: (?P<message>.*))?$", re.MULTILINE)


def broken(test: str, text: str) -> Outcome:
    """The outcome of a test whose runner could not even begin: a conftest that fails to import, a bad option."""
    said = list(_LAST_ERROR.finditer(text))
    exception = said[-1]["exception"] if said else "RunnerError"
    message = (said[-1]["message"] or "") if said else text.strip()[-_MESSAGE_CHARS:]
    return replace(failure(test, exception, message, "collect"), output=text)


def failure(test: str, exception: str, message: str, phase: Literal["collect", "timeout", "crash"]) -> Outcome:
    """The outcome of a test that could not report its own."""
    signature = Signature(exception=exception, message=message, raw=message, phase=phase)
    return Outcome(test=test, passed=False, signature=signature)


def same_test(asked: str, ran: str) -> bool:
    """Is `ran` the test that was asked for, or one of the function, class or file that was?"""
    return ran == asked or ran.startswith((asked + "[", asked + "::"))
