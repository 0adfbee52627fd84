"""What a stage says, kept: candidates and trials become rows, events are numbered, and nothing is said twice."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from agents import codec
from agents.events import (
    CandidatesProposed,
    CandidatesTried,
    ChunkScored,
    ChunksPlanned,
    Event,
    EvidenceAdded,
    MemoryRetrieved,
    Notice,
    Progress,
    ReproductionTried,
    SuspectsRanked,
)
from agents.results import Candidate, Trial
from bugs import events
from bugs.live import LiveWriter
from bugs.models import Candidate as CandidateRow
from bugs.models import Event as EventRow
from bugs.models import MemoryItem, MemoryUse, Stage, storable
from bugs.models import Trial as TrialRow

KINDS: dict[type, str] = {
    Progress: "stage_progress",
    Notice: "notice",
    EvidenceAdded: "evidence_added",
    MemoryRetrieved: "memory_retrieved",
    ReproductionTried: "reproduction_tried",
    ChunksPlanned: "chunks_planned",
    ChunkScored: "chunk_scored",
    SuspectsRanked: "suspects_ranked",
    CandidatesProposed: "candidate_added",
    CandidatesTried: "candidate_tried",
}


class Teller:
    """Keeps the events of one held stage. After a crash the stage says everything again: what is known is let be."""

    def __init__(self, stage: Stage, live: LiveWriter) -> None:
        self._stage = stage
        self._live = live
        self._begun: set[str] = set()
        told = EventRow.objects.filter(bug=stage.run.bug_id, run=stage.run.number, stage=stage.name)
        self._said = {_digest(row.kind, row.payload) for row in told}

    def is_milestone(self, progress: Progress) -> bool:
        """Is this the first or the last word on what moves? Only those are kept."""
        first = progress.what not in self._begun
        self._begun.add(progress.what)
        return first or bool(progress.total and progress.done >= progress.total)

    def keep(self, event: Event) -> None:
        """One transaction, in which this worker still holds the stage: the rows, and the event that tells of them."""
        with self._stage.held():
            match event:
                case CandidatesProposed():
                    event = self._propose(event)
                    if not event.candidates:
                        return
                case CandidatesTried():
                    self._try(event)
                case MemoryRetrieved():
                    self._note_use(event)
            self._record(event)

    def _record(self, event: Event) -> None:
        kind, payload = KINDS[type(event)], storable.json(codec.to_json(event), events.LONGEST)
        digest = _digest(kind, payload)
        if digest not in self._said:
            run = self._stage.run
            events.record(run.bug, kind, payload, run=run.number, stage=self._stage.name)
            self._said.add(digest)

    def _propose(self, event: CandidatesProposed) -> CandidatesProposed:
        """The new ones become rows; the event is narrowed to them."""
        rows = CandidateRow.objects.filter(run=self._stage.run_id)
        known = set(rows.values_list("key", flat=True))
        fresh = {candidate.key: candidate for candidate in event.candidates if candidate.key not in known}
        CandidateRow.objects.bulk_create(
            [_candidate_row(self._stage, candidate, len(known) + n) for n, candidate in enumerate(fresh.values(), 1)]
        )
        if fresh:
            self._stage.progressed()
        return CandidatesProposed(candidates=tuple(fresh.values()))

    def _try(self, event: CandidatesTried) -> None:
        """A later verdict on the same candidate takes the place of an earlier one."""
        rows = CandidateRow.objects.filter(run=self._stage.run_id, key__in=[trial.candidate for trial in event.trials])
        ids = dict(rows.values_list("key", "pk"))
        for trial in event.trials:
            TrialRow.objects.update_or_create(candidate_id=ids[trial.candidate], defaults=_trial_columns(trial))
        self._stage.progressed()

    def _note_use(self, event: MemoryRetrieved) -> None:
        bug, run = self._stage.run.bug, self._stage.run.number
        for found in event.memories:
            item = MemoryItem.objects.filter(uid=found.memory, project=bug.project_id).first()
            if item is not None:
                noted = {"score": found.score, "parts": storable.json(found.parts), "query": storable.text(event.query)}
                MemoryUse.objects.get_or_create(item=item, bug=bug, run=run, purpose=self._stage.name, defaults=noted)


def candidate_of(row: CandidateRow) -> Candidate:
    return Candidate(
        key=row.key,
        origin=row.origin,
        diff=row.diff,
        why=row.why,
        path=row.path,
        line=row.line,
        function=row.function,
        prior=row.prior,
    )


def trial_of(row: CandidateRow) -> Trial:
    """The verdict on a candidate's row, whose `trial` is set."""
    trial = row.trial
    columns = {
        "candidate": row.key,
        "verdict": trial.verdict,
        "reason": trial.reason,
        "step": trial.step,
        "seconds": trial.seconds,
        "passed": trial.passed,
        "failed": trial.failed,
        "output": trial.output,
    }
    return codec.from_json(Trial, {**trial.detail, **columns})


def _candidate_row(stage: Stage, candidate: Candidate, number: int) -> CandidateRow:
    return CandidateRow(
        run=stage.run,
        key=candidate.key,
        number=number,
        origin=storable.cut(candidate.origin, 60),
        diff=storable.text(candidate.diff),
        why=storable.text(candidate.why),
        path=storable.cut(storable.text(candidate.path), 500),
        line=candidate.line,
        function=storable.cut(storable.text(candidate.function), 200),
        prior=candidate.prior,
    )


def _trial_columns(trial: Trial) -> dict[str, Any]:
    told = storable.json(codec.to_json(trial))
    columns = {name: told.pop(name) for name in ("verdict", "reason", "step", "seconds", "passed", "failed", "output")}
    del told["candidate"]
    return {**columns, "detail": told}


def _digest(kind: str, payload: Any) -> bytes:
    text = json.dumps([kind, payload], sort_keys=True)
    return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=12).digest()
