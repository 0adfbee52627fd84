"""Where memories are kept: one project's rows, each text once, with the history of every change."""

import threading
import uuid
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Protocol

from agents.errors import ReportProblem

Edge = tuple[str, str, str]  # kind, identifier, relation


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One memory. `vector` is what an embedder packed; None asks for a new one. `payload` is JSON."""

    kind: str
    text: str
    uid: str = field(default_factory=lambda: str(uuid.uuid4()))
    vector: bytes | None = None
    payload: Mapping[str, Any] = field(default_factory=dict)
    edges: tuple[Edge, ...] = ()
    bug: int | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    uid: str
    action: str  # ADD, UPDATE or DELETE
    old_text: str = ""
    new_text: str = ""
    changed_at: datetime | None = None


class MemoryRows(Protocol):
    """One project's memories. Each writing method is one transaction: the rows, their edges and their changes."""

    def version(self) -> Hashable:
        """Something that differs after every change, whoever made it."""
        ...

    def all(self) -> Sequence[Row]: ...

    def add(self, rows: Sequence[Row]) -> tuple[str, ...]:
        """Keep the rows whose text is new; the uids of those that were."""
        ...

    def change(self, row: Row) -> None:
        """Replace text, vector and payload of the row with that uid; raises `ReportProblem` when it is gone."""
        ...

    def remove(self, uid: str) -> None: ...

    def vectors(self, rows: Sequence[Row]) -> None:
        """Keep the vectors of these rows where the text is still the same."""
        ...

    def changes(self, uid: str) -> Sequence[Change]:
        """What happened to a memory, oldest first; it outlives the memory."""
        ...


def text_key(text: str) -> str:
    """The same for texts that differ in case and spaces only: what makes a memory known."""
    return sha256(" ".join(text.casefold().split()).encode(errors="replace")).hexdigest()


def missing(uid: str) -> ReportProblem:
    return ReportProblem(
        f"There is no memory {uid} in this project.", slug="memory-unknown", hint="It may have been deleted."
    )


def taken() -> ReportProblem:
    return ReportProblem("Another memory says this already.", slug="memory-known", hint="Delete one of the two.")


class DictRows:
    """Memories that last as long as the process."""

    def __init__(self) -> None:
        self._rows: dict[str, Row] = {}
        self._changes: list[Change] = []
        self._lock = threading.Lock()

    def version(self) -> Hashable:
        return len(self._changes)

    def all(self) -> Sequence[Row]:
        return tuple(self._rows.values())

    def add(self, rows: Sequence[Row]) -> tuple[str, ...]:
        with self._lock:
            return tuple(row.uid for row in rows if self._add(row))

    def change(self, row: Row) -> None:
        with self._lock:
            old = self._rows.get(row.uid)
            if old is None:
                raise missing(row.uid)
            if text_key(row.text) in self._keys() - {text_key(old.text)}:
                raise taken()
            self._rows[row.uid] = replace(row, created_at=old.created_at, updated_at=datetime.now(UTC))
            self._note(Change(uid=row.uid, action="UPDATE", old_text=old.text, new_text=row.text))

    def remove(self, uid: str) -> None:
        with self._lock:
            old = self._rows.pop(uid, None)
            if old is None:
                raise missing(uid)
            self._note(Change(uid=uid, action="DELETE", old_text=old.text))

    def vectors(self, rows: Sequence[Row]) -> None:
        with self._lock:
            for row in rows:
                kept = self._rows.get(row.uid)
                if kept and kept.text == row.text:
                    self._rows[row.uid] = replace(kept, vector=row.vector)

    def changes(self, uid: str) -> Sequence[Change]:
        return tuple(change for change in self._changes if change.uid == uid)

    def _add(self, row: Row) -> bool:
        if text_key(row.text) in self._keys():
            return False
        now = datetime.now(UTC)
        self._rows[row.uid] = replace(row, created_at=now, updated_at=now)
        self._note(Change(uid=row.uid, action="ADD", new_text=row.text))
        return True

    def _keys(self) -> set[str]:
        return {text_key(row.text) for row in self._rows.values()}

    def _note(self, change: Change) -> None:
        self._changes.append(replace(change, changed_at=datetime.now(UTC)))
