"""The memory on its own: no service, no model, no other library than numpy."""

from collections.abc import Callable, Sequence

from agents.context import Fact
from agents.memory.embed import embed
from agents.memory.rows import MemoryRows
from agents.memory.store import QUERY_LIMIT, RELEVANT, Store, recollection
from agents.results import Recollection


class LocalMemory:
    """`agents.context.Memory` over one project's rows."""

    def __init__(self, rows: MemoryRows, redact: Callable[[str], str]) -> None:
        self.store = Store(rows, redact)

    def search(self, query: str, limit: int = 5) -> tuple[Recollection, ...]:
        query = query[:QUERY_LIMIT]
        hits = [hit for hit in self.store.hits(query, embed(query)) if hit.score >= RELEVANT]
        return tuple(recollection(hit, self.store.reason(query, hit.row.text, hit.cosine)) for hit in hits[:limit])

    def remember(self, facts: Sequence[Fact]) -> tuple[str, ...]:
        return self.store.remember(facts)
