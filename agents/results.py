"""What each stage finds: one frozen value a stage, each with a verdict, its reason and what would change it.

*Status* is the machinery (running, failed ...), *verdict* is what was found; "not reproduced" is a value, not an error.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from agents.report import Signature, Symptom

StageName = Literal["analysis", "reproduce", "root_cause", "fix", "validate"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A claim and where it can be checked. `source` is what it rests on ("report", "log:app.log", "test", "commit"),
    `locator` the place in it ("L120", "tests/test_x.py::test_y"), `quote` the words themselves, redacted."""

    claim: str
    source: str
    locator: str = ""
    quote: str = ""
    confidence: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """One thing to ask the reporter for: the question, why it matters, and exactly how to get it."""

    question: str
    why: str
    how: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSpan:
    """One log file: what time it covers. Times carry a zone; None when no time stamp could be read."""

    name: str
    first: datetime | None
    last: datetime | None
    lines: int
    size: int
    covers: bool | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """Do the logs cover the incident? `incident_how` says how the moment is known ("report text", "unknown" ...)."""

    verdict: Literal["covered", "rolled_over", "stopped_before", "after_restart", "gap", "unknown", "no_logs"]
    detail: str
    incident_at: datetime | None = None
    incident_how: str = "unknown"
    spans: tuple[LogSpan, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LogTemplate:
    """A mined log template; `<*>` marks what varies. `line` is the 1-based line of `example` in `source`."""

    pattern: str
    count: int
    level: str = ""
    source: str = ""
    example: str = ""
    line: int = 0
    in_window: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """The logs on a page. `text` is what a model would get; `tokens` its estimated size."""

    text: str
    lines: int
    size: int
    tokens: int
    templates: tuple[LogTemplate, ...] = ()
    skipped: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Recollection:
    """One memory that was retrieved, with its score, the parts of the score, and the bug it came from."""

    memory: str
    kind: str
    text: str
    score: float
    parts: dict[str, float] = field(default_factory=dict)
    bug: int | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Analysis:
    verdict: Literal["actionable", "actionable_with_gaps", "needs_info", "logs_rolled_over"]
    reason: str
    would_change: str = ""
    symptom: Symptom = field(default_factory=Symptom)
    coverage: Coverage | None = None
    digest: Digest | None = None
    evidence: tuple[Evidence, ...] = ()
    missing: tuple[Missing, ...] = ()
    memories: tuple[Recollection, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """The interpreter tests run with. `path` entries go on PYTHONPATH, relative to the checkout."""

    python: str
    version: str = ""
    path: tuple[str, ...] = ("",)
    readable: tuple[str, ...] = ()
    runner: Literal["pytest", "unittest"] = "pytest"
    how: str = ""
    installed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkout:
    """A commit on disk, never written to: `root` is the tree, `mirror` the bare repository it came from."""

    root: str
    mirror: str
    commit: str
    files: int = 0
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One test, run once. `signature` is set when it failed; `output` is the tail of what it printed."""

    test: str
    passed: bool
    seconds: float = 0.0
    skipped: bool = False
    signature: Signature | None = None
    output: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReproductionTest:
    """The failing test: `id` as the runner names it; `files` are laid over the checkout (path -> text) before it runs.

    `origin` says where it came from: a test named in the report, its snippet, a doctest session, command or traceback.
    """

    id: str
    origin: Literal["named", "snippet", "session", "command", "traceback", "suite", "model"]
    files: dict[str, str] = field(default_factory=dict)
    command: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reproduction:
    """`failing_at_base` names the suite's own failures at base (set aside later); `rejected` says of each attempt that
    did not count why it did not."""

    verdict: Literal["reproduced", "not_reproduced", "flaky", "environment_failed"]
    reason: str
    would_change: str = ""
    test: ReproductionTest | None = None
    signature: Signature | None = None
    runs: tuple[Outcome, ...] = ()
    checkout: Checkout | None = None
    environment: Environment | None = None
    collected: int = 0
    suite_seconds: float = 0.0
    failing_at_base: tuple[str, ...] = ()
    rejected: tuple[str, ...] = ()
    isolation: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spectrum:
    """Which lines each test ran: {test: {path relative to the checkout: lines}}, for failing and passing tests."""

    covered: dict[str, dict[str, tuple[int, ...]]]
    failing: tuple[str, ...]
    passing: tuple[str, ...]
    seconds: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspect:
    """A place that may hold the fault. `parts` keeps each voter's opinion: {voter: 1-based rank or score}."""

    path: str
    line: int
    function: str
    score: float
    end_line: int = 0
    parts: dict[str, float] = field(default_factory=dict)
    excerpt: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RankedFile:
    path: str
    score: float
    parts: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """A piece of the repository scored on its own; whole functions only. `key` is stable for one commit and text."""

    key: str
    index: int
    path: str
    line: int
    end_line: int
    text: str
    symbols: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ChunkScore:
    """A scorer's answer about one chunk: 0 (innocent) .. 1 (here it is). `scorer` names who said so."""

    key: str
    score: float
    function: str = ""
    line: int = 0
    reason: str = ""
    scorer: str = ""
    seconds: float = 0.0
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RootCause:
    verdict: Literal["suspects_ranked", "files_ranked", "nothing_to_rank"]
    reason: str
    would_change: str = ""
    suspects: tuple[Suspect, ...] = ()
    files: tuple[RankedFile, ...] = ()
    related_tests: tuple[str, ...] = ()
    chunks: int = 0
    scorer: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A patch that has not been believed yet. `key` identifies it within the run (twins share it), `diff` is unified,
    `origin` is "operator:<name>", "model:<tier>", "history", "memory" or "human"; `prior` orders the queue."""

    key: str
    origin: str
    diff: str
    why: str
    path: str = ""
    line: int = 0
    function: str = ""
    prior: float = 0.0


CandidateVerdict = Literal["fix_verified", "fix_ineffective", "introduces_symptom", "test_does_not_guard", "blocked"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What running a candidate showed. `step` is the deepest it got: reproduction, selected, suite, confirmed."""

    candidate: str
    verdict: CandidateVerdict
    reason: str
    step: Literal["guard", "apply", "reproduction", "selected", "suite", "confirmed"]
    seconds: float = 0.0
    passed: int = 0
    failed: int = 0
    newly_failing: tuple[str, ...] = ()
    output: str = ""
    isolation: str = ""
    evidence: tuple[Evidence, ...] = ()
    score: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Fix:
    verdict: Literal["candidates_proposed", "nothing_to_change"]
    reason: str
    would_change: str = ""
    proposed: int = 0
    twins: int = 0
    by_origin: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Validation:
    """`ranking` holds the keys of the verified candidates, best first. `strength` is the mutation score of the tests
    that bless them ({key: killed/all}); `unnoticed` says in words what those tests would not notice."""

    verdict: Literal["fix_verified", "no_candidate_survived", "blocked"]
    reason: str
    would_change: str = ""
    ranking: tuple[str, ...] = ()
    tried: int = 0
    by_verdict: dict[str, int] = field(default_factory=dict)
    strength: dict[str, float] = field(default_factory=dict)
    unnoticed: dict[str, tuple[str, ...]] = field(default_factory=dict)


Result = Analysis | Reproduction | RootCause | Fix | Validation


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """The results of the stages before this one; None where a stage has not run."""

    analysis: Analysis | None = None
    reproduce: Reproduction | None = None
    root_cause: RootCause | None = None
    fix: Fix | None = None
    validate: Validation | None = None


KINDS: dict[str, Any] = {
    "analysis": Analysis,
    "reproduce": Reproduction,
    "root_cause": RootCause,
    "fix": Fix,
    "validate": Validation,
}
