"""The vocabulary of progress: what a stage says while it works.

A stage emits values; `bugs/context.py` decides which become rows and which only reach open pages. Kept kinds are
numbered per bug and replayable; live kinds (`TokenDelta`, `Progress` between its milestones) are not.
"""

from dataclasses import dataclass

from agents.results import (
    Candidate,
    ChunkScore,
    Evidence,
    RankedFile,
    Recollection,
    ReproductionTest,
    Suspect,
    Trial,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Long work moves: `done` of `total` `unit`s of `what` (total 0: unknown). Live only, but for first and last."""

    what: str
    done: int
    total: int = 0
    unit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A sentence for the reader: something was left out, retried, set aside, or fell back. `level`: info or warning."""

    text: str
    level: str = "info"
    slug: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceAdded:
    evidence: Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryRetrieved:
    query: str
    memories: tuple[Recollection, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReproductionTried:
    """One attempt at a failing test: what was tried and whether it counts, with the reason."""

    test: ReproductionTest
    accepted: bool
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChunksPlanned:
    """A scatter begins: one cell a chunk, in index order; each is (key, path, line, end_line)."""

    cells: tuple[tuple[str, str, int, int], ...]
    scorer: str
    slots: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ChunkScored:
    index: int
    score: ChunkScore


@dataclass(frozen=True, slots=True, kw_only=True)
class SuspectsRanked:
    suspects: tuple[Suspect, ...]
    files: tuple[RankedFile, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidatesProposed:
    """New candidates, in batches: each becomes a row under its key; a key that is known already changes nothing."""

    candidates: tuple[Candidate, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidatesTried:
    """Verdicts, in batches: each becomes a row under its candidate's key."""

    trials: tuple[Trial, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenDelta:
    """Text a model just said in `cell` (the call's key); `offset` in UTF-16 units. Live only."""

    cell: str
    offset: int
    text: str


Event = (
    Progress
    | Notice
    | EvidenceAdded
    | MemoryRetrieved
    | ReproductionTried
    | ChunksPlanned
    | ChunkScored
    | SuspectsRanked
    | CandidatesProposed
    | CandidatesTried
    | TokenDelta
)


@dataclass(frozen=True, slots=True)
class KeptKind:
    """A kept event's wire name and one line on what it means; docs/reference/events.md lists them all."""

    name: str
    meaning: str


KEPT: tuple[KeptKind, ...] = (
    KeptKind("bug_opened", "a report became a bug"),
    KeptKind("run_started", "a run through the stages began"),
    KeptKind("run_finished", "the run reached its verdict"),
    KeptKind("run_cancelled", "somebody stopped the run"),
    KeptKind("run_failed", "a stage failed and the run stopped there"),
    KeptKind("stage_pending", "a stage waits for a worker"),
    KeptKind("stage_started", "a worker took the stage"),
    KeptKind("stage_progress", "long work began or ended: what, done, total"),
    KeptKind("stage_finished", "the stage ended with a verdict"),
    KeptKind("stage_failed", "the stage could not go on: what happened, and what to do"),
    KeptKind("evidence_added", "a claim with the place where it can be checked"),
    KeptKind("memory_retrieved", "memories that fit, with score and reason"),
    KeptKind("memory_written", "what this run taught"),
    KeptKind("reproduction_tried", "a test was tried as a reproduction: accepted or not, and why"),
    KeptKind("chunks_planned", "the repository was cut into chunks to be scored in parallel"),
    KeptKind("chunk_scored", "one chunk has its score"),
    KeptKind("suspects_ranked", "the suspects, best first"),
    KeptKind("candidate_added", "new candidate patches"),
    KeptKind("candidate_tried", "candidate patches were run: their verdicts"),
    KeptKind("model_called", "one model call ended: model, tokens, cost, time"),
    KeptKind("notice", "a sentence for the reader"),
    KeptKind("comment_added", "somebody commented"),
    KeptKind("attachment_added", "a file was added to the bug"),
)
