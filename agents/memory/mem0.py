"""The same memories through mem0's API: its `Memory` with an embedder, a store and a history of our own.

mem0's own defaults want a key, a vector database that one process at a time may open, and spaCy's models from the
network. Here everything is handed in, so nothing is opened and nobody is called. Import this through `engine.build`
only: mem0 decides while it is imported where it writes and whom it tells.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import log
from typing import Any

os.environ["MEM0_TELEMETRY"] = "False"  # read once, by the imports below

import mem0.memory.main as mem0_main
from mem0.configs.base import MemoryConfig
from mem0.embeddings.base import EmbeddingBase
from mem0.llms.base import LLMBase
from mem0.memory.main import Memory
from mem0.utils.scoring import get_bm25_params
from mem0.vector_stores.base import VectorStoreBase

from agents.context import Fact
from agents.errors import SetupProblem
from agents.memory.embed import DIMENSIONS, Vector, embed, pack
from agents.memory.rows import MemoryRows, Row, missing, taken
from agents.memory.store import POOL, QUERY_LIMIT, RELEVANT, Store
from agents.memory.words import words
from agents.results import Recollection

OWNER = {"user_id": "project"}  # mem0 wants an owner of each memory; the rows are one project's already
LEAST_KEYWORD = 0.03  # the least that mem0's scale can express
COMPUTED = frozenset({"data", "hash", "text_lemmatized", "created_at", "updated_at", "user_id", "kind", "bug"})

Say = Callable[[list[dict[str, str]]], str]

# With spaCy installed, mem0 would download models for lemmas and entities, and make one of "bug 31" and "bug 32".
for name, plain in {
    "lemmatize_for_bm25": lambda text: " ".join(words(text)),
    "extract_entities": lambda text: [],
    "extract_entities_batch": lambda texts: [[] for _ in texts],
}.items():
    setattr(mem0_main, name, plain)


class Mem0Memory:
    """`agents.context.Memory` by way of mem0; `api` is mem0's own memory, with all of its methods."""

    def __init__(self, rows: MemoryRows, redact: Callable[[str], str], say: Say | None = None) -> None:
        self.store = Store(rows, redact)
        self.api = ProjectMemory(self.store, say)

    def search(self, query: str, limit: int = 5) -> tuple[Recollection, ...]:
        query = query[:QUERY_LIMIT].strip()
        if not query or limit < 1:
            return ()
        found = self.api.search(query, top_k=limit, filters=OWNER, threshold=0.0, explain=True)["results"]
        recollections = [self._recollection(query, one) for one in found]
        return tuple(one for one in recollections if sum(one.parts.values()) / 2 >= RELEVANT)

    def remember(self, facts: Sequence[Fact]) -> tuple[str, ...]:
        """One transaction for all facts; mem0's `add` would need one for each, and writes a known fact again."""
        return self.store.remember(facts)

    def _recollection(self, query: str, found: Mapping[str, Any]) -> Recollection:
        details = found["score_details"]
        meaning, keyword = details["semantic_score"], details["bm25_score"]
        about = found.get("metadata") or {}
        return Recollection(
            memory=found["id"],
            kind=about.get("kind", "project"),
            text=found["memory"],
            score=round(found["score"], 4),
            parts={"meaning": round(meaning, 4), "words": round(keyword, 4)},
            bug=about.get("bug"),
            reason=self.store.reason(query, found["memory"], meaning),
        )


class ProjectMemory(Memory):
    """mem0's memory of one project. `say` answers the prompts by which `add(infer=True)` has a model find the facts."""

    def __init__(self, store: Store, say: Say | None) -> None:
        # In place of mem0's own constructor, which opens Qdrant, a SQLite file and an OpenAI client.
        self.config = MemoryConfig()
        self.embedding_model = Embedder()
        self.vector_store = Rows(store)
        self.db = History(store.rows)  # type: ignore[assignment]
        self.llm = Speaker(say)
        self.collection_name = "memories"
        self.api_version = self.config.version
        self.custom_instructions = self.config.custom_instructions
        self.reranker = None
        self._entity_store = None

    def reset(self) -> None:
        raise SetupProblem("Memories are not reset from here.", hint="Delete the project, or memories one by one.")


class Embedder(EmbeddingBase):
    def __init__(self) -> None:
        super().__init__()
        self.config.embedding_dims = DIMENSIONS

    def embed(self, text: str, memory_action: str | None = None) -> Vector:
        return embed(text)


class Speaker(LLMBase):
    """A model for mem0's prompts."""

    def __init__(self, say: Say | None) -> None:
        super().__init__()
        self.say = say

    def generate_response(
        self, messages: list[dict[str, str]], tools: Any = None, tool_choice: str = "auto", **options: Any
    ) -> str:
        if self.say is None:
            raise SetupProblem("No model is set up to find facts in a text.", hint="Set OPENAI_API_KEY.")
        return self.say(messages)


@dataclass(frozen=True, slots=True)
class Found:
    """A memory as mem0 wants its store to return it."""

    id: str
    score: float
    payload: dict[str, Any]


class Rows(VectorStoreBase):
    """mem0's vector store on the project's rows. Filters are equalities on what is known of a memory."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def insert(self, vectors: Sequence[Vector], payloads: Any = None, ids: Any = None) -> None:
        rows = [_row(uid, vector, load) for uid, vector, load in zip(ids, vectors, payloads, strict=True)]
        if not self.store.rows.add([replace(row, text=self.store.redact(row.text)) for row in rows]):
            raise taken()

    def search(self, query: str, vectors: Vector, top_k: int = 5, filters: Any = None) -> list[Found]:
        """The best by meaning and the best by words, lest mem0 drop a memory that only has the right words."""
        hits = self.store.hits(query, vectors, max(top_k, POOL))
        return _fitting([Found(hit.row.uid, hit.cosine, _payload(hit.row)) for hit in hits], filters)

    def keyword_search(self, query: str, top_k: int = 5, filters: Any = None) -> list[Found]:
        """Keyword scores of which mem0's sigmoid makes the 0 to 1 they were: it was made for one size of corpus."""
        middle, steepness = get_bm25_params(query, lemmatized=query)
        found = [
            Found(row.uid, score, _payload(row)) for row, score in self.store.keyword_hits(query, max(top_k, POOL))
        ]
        kept = [replace(one, score=_raised(one.score, middle, steepness)) for one in found if one.score > LEAST_KEYWORD]
        return _fitting(kept, filters)

    def get(self, vector_id: str) -> Found | None:
        return next((one for one in self.list()[0] if one.id == vector_id), None)

    def list(self, filters: Any = None, top_k: int | None = None) -> Sequence[Sequence[Found]]:
        found = [Found(row.uid, 1.0, _payload(row)) for row in self.store.rows.all()]
        return [_fitting(found, filters)[:top_k]]

    def update(self, vector_id: str, vector: Vector | None = None, payload: Any = None) -> None:
        old = self.get(vector_id)
        if old is None:
            raise missing(vector_id)
        row = _row(vector_id, vector, payload or old.payload)
        self.store.rows.change(replace(row, text=self.store.redact(row.text)))

    def delete(self, vector_id: str) -> None:
        self.store.rows.remove(vector_id)

    def list_cols(self) -> Sequence[str]:
        return ["memories"]

    def col_info(self) -> dict[str, Any]:
        return {"name": "memories", "count": len(self.store.rows.all())}

    def create_col(self, name: str, vector_size: int, distance: str) -> None:
        """The table is there."""

    def delete_col(self) -> None:
        raise SetupProblem("Memories are not deleted all at once.", hint="Delete the project.")

    def reset(self) -> None:
        self.delete_col()


class History:
    """mem0's history. The rows note every change in the transaction that makes it, so there is nothing left to add."""

    def __init__(self, rows: MemoryRows) -> None:
        self.rows = rows

    def get_history(self, memory_id: str) -> list[dict[str, Any]]:
        return [
            {
                "memory_id": change.uid,
                "event": change.action,
                "old_memory": change.old_text or None,
                "new_memory": change.new_text or None,
                "created_at": change.changed_at.isoformat() if change.changed_at else None,
                "is_deleted": change.action == "DELETE",
            }
            for change in self.rows.changes(memory_id)
        ]

    def add_history(self, *change: Any, **details: Any) -> None:
        """Noted already."""

    def batch_add_history(self, records: Any) -> None:
        """Noted already."""

    def get_last_messages(self, session_scope: str, limit: int = 10) -> list[dict[str, str]]:
        return []

    def save_messages(self, messages: Any, session_scope: str) -> None:
        """Conversations are not kept: what they taught is."""

    def close(self) -> None:
        """There is nothing to close."""


def _row(uid: str, vector: Vector | None, payload: Mapping[str, Any]) -> Row:
    return Row(
        uid=uid,
        kind=payload.get("kind", "project"),
        text=payload["data"],
        vector=None if vector is None else pack(vector),
        payload={name: value for name, value in payload.items() if name not in COMPUTED},
        bug=payload.get("bug"),
    )


def _payload(row: Row) -> dict[str, Any]:
    moments = {"created_at": row.created_at, "updated_at": row.updated_at}
    return {
        **row.payload,
        **OWNER,
        **{name: moment.isoformat() for name, moment in moments.items() if moment},
        "data": row.text,
        "kind": row.kind,
        "bug": row.bug,
    }


def _fitting(found: list[Found], filters: Mapping[str, Any] | None) -> list[Found]:
    wanted = (filters or {}).items()
    return [one for one in found if all(one.payload.get(name) == value for name, value in wanted)]


def _raised(score: float, middle: float, steepness: float) -> float:
    """The number of which mem0's sigmoid makes `score`."""
    inside = min(score, 0.999)
    return middle + log(inside / (1 - inside)) / steepness
