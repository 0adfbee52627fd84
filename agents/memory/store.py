"""One project's memories with both their indexes: written once each, found by meaning and by words together."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace

from agents.context import Fact
from agents.memory.embed import Index, Vector, embed, pack, readable
from agents.memory.keywords import Keywords, Scores
from agents.memory.rows import MemoryRows, Row
from agents.results import Recollection

POOL = 60  # the candidates of a search by either way
RELEVANT = 0.15  # of at most 1: below it a memory shares a common word with the query and no more
SHOWN_WORDS = 4
QUERY_LIMIT = 20_000  # characters: a report of megabytes says what it is about at its beginning


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A memory that may fit: `cosine` by meaning, `keyword` by words, both from 0 to 1."""

    row: Row
    cosine: float
    keyword: float

    @property
    def score(self) -> float:
        return (self.cosine + self.keyword) / 2


class Store:
    """Reads the rows when they have changed, and only then. `redact` sees every text before it is kept."""

    def __init__(self, rows: MemoryRows, redact: Callable[[str], str]) -> None:
        self.rows = rows
        self.redact = redact
        self._version: Hashable = None
        self._kept: tuple[Row, ...] = ()
        self._index = Index(())
        self._keywords = Keywords(())

    def remember(self, facts: Sequence[Fact]) -> tuple[str, ...]:
        """Keep the facts that are new, in one transaction; the uids of what was written."""
        return self.rows.add([self._row(fact) for fact in facts])

    def hits(self, query: str, vector: Vector, pool: int = POOL) -> list[Hit]:
        """The best `pool` by meaning and the best `pool` by words, each with both scores, best first."""
        self._read()
        cosines, keywords = self._index.cosines(vector), self._keywords.scores(query)
        places = {*_best(cosines, pool), *_best(keywords, pool)}
        hits = [self._hit(place, cosines, keywords) for place in places]
        return sorted(hits, key=lambda hit: (-hit.score, hit.row.uid))

    def keyword_hits(self, query: str, pool: int = POOL) -> list[tuple[Row, float]]:
        """The best `pool` memories by words, with their scores."""
        self._read()
        scores = self._keywords.scores(query)
        return [(self._kept[place], float(scores[place])) for place in _best(scores, pool)]

    def reason(self, query: str, text: str, cosine: float) -> str:
        """Why a memory was found, in a sentence."""
        shared = self._keywords.shared(query, text)[:SHOWN_WORDS]
        alike = f"its wording is {cosine:.0%} alike"
        return f"It has {', '.join(shared)} in common with this bug, and {alike}." if shared else f"I{alike[1:]}."

    def _hit(self, place: int, cosines: Scores, keywords: Scores) -> Hit:
        return Hit(row=self._kept[place], cosine=min(float(cosines[place]), 1.0), keyword=float(keywords[place]))

    def _row(self, fact: Fact) -> Row:
        text = self.redact(fact.text)
        edges = tuple((kind, self.redact(identifier), relation) for kind, identifier, relation in fact.edges)
        payload = {"confidence": fact.confidence}
        return Row(kind=fact.kind, text=text, vector=pack(embed(text)), payload=payload, edges=edges)

    def _read(self) -> None:
        version = self.rows.version()
        if version == self._version:
            return
        self._kept = self._embedded(self.rows.all())
        self._index = Index([row.vector for row in self._kept if row.vector])
        self._keywords = Keywords([row.text for row in self._kept])
        self._version = version

    def _embedded(self, rows: Sequence[Row]) -> tuple[Row, ...]:
        """The rows, those whose text was edited, or embedded by another version, with a new vector."""
        fresh = [replace(row, vector=pack(embed(row.text))) for row in rows if not readable(row.vector)]
        if fresh:
            self.rows.vectors(fresh)
        renewed = {row.uid: row for row in fresh}
        return tuple(renewed.get(row.uid, row) for row in rows)


def recollection(hit: Hit, reason: str) -> Recollection:
    return Recollection(
        memory=hit.row.uid,
        kind=hit.row.kind,
        text=hit.row.text,
        score=round(hit.score, 4),
        parts={"meaning": round(hit.cosine, 4), "words": round(hit.keyword, 4)},
        bug=hit.row.bug,
        reason=reason,
    )


def _best(scores: Scores, pool: int) -> list[int]:
    """The places of the `pool` highest scores above 0, the highest first."""
    return [int(place) for place in scores.argsort()[::-1][:pool] if scores[place] > 0]
