"""A project's memories as rows of the database: each text once, each change noted in the transaction that makes it."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Count, Max

from agents.context import Memory
from agents.logs.redact import redact
from agents.memory import engine
from agents.memory.rows import Change, Row, missing, taken, text_key
from bugs.models import MemoryChange, MemoryEdge, MemoryItem, storable


def of_project(project_id: int, bug_id: int | None = None) -> Memory:
    """The memory of a project; what it is given to remember, it will have learned from that bug."""
    rows = DjangoRows(project_id, bug_id)
    return engine.build(settings.MODULO_MEMORY, rows, redact, settings.MODULO_DATA / "mem0")


class DjangoRows:
    """`agents.memory.rows.MemoryRows` of one project."""

    def __init__(self, project_id: int, bug_id: int | None = None) -> None:
        self._project_id = project_id
        self._bug_id = bug_id
        self._items = MemoryItem.objects.filter(project=project_id)

    def version(self) -> Hashable:
        seen = self._items.aggregate(Count("pk"), Max("pk"), Max("updated_at"))
        return tuple(sorted(seen.items()))

    def all(self) -> Sequence[Row]:
        return [_row(item) for item in self._items.order_by("pk")]

    def add(self, rows: Sequence[Row]) -> tuple[str, ...]:
        """Of workers that learn the same at the same time one writes it: the key is UNIQUE."""
        new = sorted(
            (self._item(row) for row in rows), key=lambda item: item.text_hash
        )  # all in one order: no deadlock
        with transaction.atomic():
            MemoryItem.objects.bulk_create(new, ignore_conflicts=True)
            items = {item.uid: item for item in self._items.filter(uid__in=[row.uid for row in rows])}
            written = [row for row in rows if row.uid in items]
            MemoryEdge.objects.bulk_create([edge for row in written for edge in _edges(items[row.uid], row)])
            MemoryChange.objects.bulk_create([self._change(row.uid, "ADD", new=items[row.uid].text) for row in written])
        return tuple(row.uid for row in written)

    def change(self, row: Row) -> None:
        try:
            with transaction.atomic():
                item = self._locked(row.uid)
                self._change(row.uid, "UPDATE", old=item.text, new=storable.text(row.text)).save()
                item.text, item.text_hash = storable.text(row.text), text_key(row.text)
                item.kind, item.vector, item.payload = row.kind, row.vector, storable.json(dict(row.payload))
                item.save()
        except IntegrityError as twin:
            raise taken() from twin

    def remove(self, uid: str) -> None:
        with transaction.atomic():
            item = self._locked(uid)
            self._change(uid, "DELETE", old=item.text).save()
            item.delete()

    def vectors(self, rows: Sequence[Row]) -> None:
        with transaction.atomic():
            for row in rows:
                self._items.filter(uid=row.uid, text=row.text).update(vector=row.vector)

    def changes(self, uid: str) -> Sequence[Change]:
        rows = MemoryChange.objects.filter(project=self._project_id, uid=uid)
        return [
            Change(
                uid=row.uid, action=row.action, old_text=row.old_text, new_text=row.new_text, changed_at=row.created_at
            )
            for row in rows
        ]

    def _locked(self, uid: str) -> MemoryItem:
        item = self._items.select_for_update().filter(uid=uid).first()
        if item is None:
            raise missing(uid)
        return item

    def _item(self, row: Row) -> MemoryItem:
        text = storable.text(row.text)
        return MemoryItem(
            project_id=self._project_id,
            bug_id=self._bug_id,
            uid=row.uid,
            kind=row.kind,
            text=text,
            text_hash=text_key(text),
            vector=row.vector,
            payload=storable.json(dict(row.payload)),
        )

    def _change(self, uid: str, action: str, old: str = "", new: str = "") -> MemoryChange:
        return MemoryChange(project_id=self._project_id, uid=uid, action=action, old_text=old, new_text=new)


def _row(item: MemoryItem) -> Row:
    return Row(
        uid=item.uid,
        kind=item.kind,
        text=item.text,
        vector=None if item.vector is None else bytes(item.vector),
        payload=item.payload,
        bug=item.bug_id,
        created_at=item.created_at,
        updated_at=item.updated_at,
    )


def _edges(item: MemoryItem, row: Row) -> list[MemoryEdge]:
    return [
        MemoryEdge(item=item, kind=kind[:20], identifier=storable.cut(storable.text(name), 300), relation=relation[:40])
        for kind, name, relation in dict.fromkeys(row.edges)
    ]
