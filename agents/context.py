"""What a stage is given: the report, what earlier stages found, and its doors to the world, as protocols.

`bugs/context.py` builds the real one from rows and settings; tests build one from dicts. Nothing in `agents` opens a
database, a queue or a socket of its own: it asks the context.
"""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol, TypeVar

from agents.events import Event
from agents.report import Report
from agents.results import Candidate, Chunk, ChunkScore, Findings, Recollection, Trial

T = TypeVar("T")

# --- the sandbox -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one sandboxed job may use; each is enforced on the whole tree of processes where the rung can."""

    wall_s: float = 120.0
    cpu_s: float = 120.0
    memory_bytes: int = 2 << 30
    processes: int = 128
    output_bytes: int = 4 << 20
    file_bytes: int = 64 << 20
    disk_bytes: int = 256 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A command for the sandbox. `readable` and `writable` map host paths to the paths they have inside.

    The environment inside is `env` plus a fixed allow-list (PATH, HOME, LANG, TMPDIR ...): never the service's own.
    Everything not mapped is absent; /tmp inside is private and sized.
    """

    argv: tuple[str, ...]
    cwd: str
    env: Mapping[str, str] = field(default_factory=dict)
    readable: tuple[tuple[str, str], ...] = ()
    writable: tuple[tuple[str, str], ...] = ()
    limits: Limits = Limits()
    stdin: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """How a sandboxed job ended. `ended` is typed so that no caller guesses from exit codes."""

    exit_code: int
    ended: Literal["exited", "signalled", "timed_out", "memory", "output", "disk", "stopped"]
    stdout: bytes
    stderr: bytes
    seconds: float
    level: str


class Guest(Protocol):
    """A long-lived sandboxed process that is talked to in frames (length-prefixed bytes) over its own pipe pair."""

    @property
    def alive(self) -> bool: ...
    def send(self, frame: bytes) -> None: ...
    def receive(self, timeout_s: float) -> bytes | None:
        """The next frame, or None when the guest ended or `timeout_s` passed."""
        ...

    def close(self) -> Finished: ...


class Sandbox(Protocol):
    """The one place where code of a project under test runs. `level` is the rung in use, shown with each run."""

    level: str
    isolated: bool

    def run(self, job: Job, check: Callable[[], None] | None = None) -> Finished:
        """Run to the end. `check` is called at least once a second; what it raises ends the job and is passed on."""
        ...

    def start(self, job: Job) -> Guest: ...


# --- the model -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One block of a prompt; `source` says where it comes from (prompt, report, digest, code, memory), for the page."""

    role: Literal["system", "user", "assistant"]
    text: str
    source: str = "prompt"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRequest:
    """One logical call. (`key`, `sample`) is unique within a stage: a stored reply is never paid for twice.

    `prompt` is the prompt's name and hash. `json_schema` asks for JSON of that shape; the reply is still checked.
    """

    key: str
    purpose: str
    messages: tuple[Message, ...]
    sample: int = 0
    prompt: str = ""
    max_tokens: int = 1024
    temperature: float = 0.0
    json_schema: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Delta:
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallNotice:
    """Something a viewer should know of a call: sent, retry, restart (text before `offset`, in UTF-16
    units, stands), fallback."""

    kind: str
    detail: str = ""
    offset: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelReply:
    """How a call ended. `error` is a slug, "" when it went well; times in ms, cost in US dollars (None: no price)."""

    key: str
    text: str
    sample: int = 0
    model: str = ""
    finish_reason: str = ""
    tokens_in: int = 0
    tokens_out: int = 0
    tokens_cached: int = 0
    cost_usd: float | None = None
    ttft_ms: float = 0.0
    latency_ms: float = 0.0
    attempts: int = 1
    error: str = ""
    error_text: str = ""


class Model(Protocol):
    """One layer of the gateway, or the model itself. The last item of a stream is its ModelReply."""

    name: str
    offline: bool

    def stream(self, request: ModelRequest) -> AsyncIterator[list[Delta | CallNotice | ModelReply]]: ...


# --- memory ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """Something a run taught, to be remembered within its project."""

    kind: Literal["symptom", "root_cause", "fix", "project", "correction"]
    text: str
    confidence: float = 1.0
    edges: tuple[tuple[str, str, str], ...] = ()  # (kind, identifier, relation), e.g. ("file", "src/a.py", "caused_by")


class Memory(Protocol):
    def search(self, query: str, limit: int = 5) -> tuple[Recollection, ...]: ...
    def remember(self, facts: Sequence[Fact]) -> tuple[str, ...]:
        """Store what is new; returns the ids of the memories written (a known fact is not written twice)."""
        ...


# --- the context itself ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How far a run may go: the settings of the installation, narrowed by the run."""

    max_candidates: int = 300
    fix_seconds: float = 60.0
    validate_seconds: float = 600.0
    suite_seconds: float = 300.0
    samples: int = 4
    slots: int = 16
    chunk_tokens: int = 2000
    max_chunks: int = 64
    trusted_paths: bool = True


class StageContext(Protocol):
    """Everything a stage may touch. All calls may raise `errors.Stopped`; a stage lets that pass."""

    report: Report
    findings: Findings
    options: Options
    offline: bool  # no model is set up: `ask` yields nothing, `scatter` uses the offline scorer

    @property
    def sandbox(self) -> Sandbox: ...

    @property
    def memory(self) -> Memory: ...

    @property
    def scratch(self) -> Path:
        """This run's own directory."""
        ...

    @property
    def cache(self) -> Path:
        """Shared by all runs: mirrors, environments."""
        ...

    def emit(self, event: Event) -> None: ...

    def check(self) -> None:
        """Raise `errors.Stopped` when the run was cancelled, its lease lost or its deadline passed. For loops."""
        ...

    def keep(self, key: str, kind: type[T], produce: Callable[[], T]) -> T:
        """The kept result of this sub-step, or `produce()`, stored before it is returned.

        After a crash the stage runs again from its first line; what was kept is not done twice.
        """
        ...

    def ask(self, requests: Sequence[ModelRequest]) -> Iterator[ModelReply]:
        """Call the model for all requests at once (at most `options.slots` in flight); yields replies as they end."""
        ...

    def scatter(self, chunks: Sequence[Chunk], question: str) -> Iterator[ChunkScore]:
        """Ask `question` of all chunks at once on the chunk runners; yields scores as they finish, each once."""
        ...

    def candidates(self) -> tuple[Candidate, ...]:
        """The run's candidates, most promising first."""
        ...

    def trials(self) -> tuple[Trial, ...]:
        """The verdicts kept so far."""
        ...
