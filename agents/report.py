"""What comes in: a bug report, and what it says when it is read closely."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file the reporter gave: `path` is where Modulo stored it, `name` is the (hostile) name it came with."""

    name: str
    path: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    author: str
    text: str
    written_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The repository under suspicion, as the reporter named it.

    `location` is a URL or an absolute path, `commit` anything git can resolve ("" is the default branch),
    `python` an interpreter that already has the project's dependencies ("" lets Modulo build an environment),
    `test_command` what the reporter runs ("" is guessed).
    """

    location: str
    commit: str = ""
    python: str = ""
    test_command: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    title: str
    text: str
    comments: tuple[Comment, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    source: Source | None = None
    created_at: datetime | None = None
    happened_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One traceback entry; `path` as printed or, once matched, relative to the repository."""

    path: str
    line: int
    function: str
    code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """A stack trace found in a text, from its 1-based `line` to `end_line`; `frames` are innermost first.

    `causes` are the exceptions it was raised from (or, for an exception group, those it holds), nearest first.
    """

    language: str
    exception: str
    message: str = ""
    frames: tuple[Frame, ...] = ()
    line: int = 0
    end_line: int = 0
    causes: tuple["Trace", ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Snippet:
    """A fenced or indented block of the report. `session` is a `>>>` prompt session, `test` defines test functions."""

    kind: Literal["python", "session", "test", "shell", "output"]
    text: str
    lead: str = ""  # the line of prose above it: "Expected:", "This prints" ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A value the report says came out (`observed`) and the one it wanted (`expected`), as written; "" when unsaid."""

    expected: str = ""
    observed: str = ""
    firm: bool = False  # stands alone under a heading: "Expected: `3`"


@dataclass(frozen=True, slots=True, kw_only=True)
class Symptom:
    """What the report says went wrong. Empty fields mean the report does not say; `frames` are innermost first."""

    exception: str = ""
    message: str = ""
    frames: tuple[Frame, ...] = ()
    expected: str = ""
    observed: str = ""
    version: str = ""
    test_ids: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()
    snippets: tuple[Snippet, ...] = ()
    intermittent: bool = False
    hangs: bool = False
    claims: tuple[Claim, ...] = ()
    should_raise: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """How a failure is recognised again: exception type, message template, in-project frames (innermost first).

    `message` has numbers, paths, ids and quoted values masked; `raw` is the message as it was; `phase` says where the
    test stood: only a failure in `call` can be a reproduction.
    """

    exception: str
    message: str
    raw: str = ""
    frames: tuple[Frame, ...] = ()
    phase: Literal["setup", "call", "teardown", "collect", "timeout", "crash"] = "call"
