"""Which memories hold the words of a query, and how much those words say: BM25, scaled from 0 to 1."""

import math
from collections import Counter, defaultdict
from collections.abc import Sequence

from agents.memory.words import words

K1 = 1.2
B = 0.75
ENOUGH = 2  # words that no other text holds say as much as any text can


class Keywords:
    """An inverted index over texts."""

    def __init__(self, texts: Sequence[str]) -> None:
        counts = [Counter(words(text)) for text in texts]
        self.lengths = [sum(count.values()) for count in counts]
        self.mean = sum(self.lengths) / len(texts) if texts else 1.0
        self.places: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)
        for place, count in enumerate(counts):
            for word, times in count.items():
                self.places[word].append((place, times))

    def scores(self, query: str) -> dict[int, float]:
        """{place of a text: score} for the texts with a word of `query`.

        1 is a text of mean length that holds each word of the query that any text holds, and enough of them: a scale of
        this corpus, where a fixed one would be far too wide for a few memories and too narrow for many.
        """
        asked = [word for word in dict.fromkeys(words(query)) if word in self.places]
        full = max(sum(self._weight(word) for word in asked), ENOUGH * self._idf(1))
        found: defaultdict[int, float] = defaultdict(float)
        for word in asked:
            for place, times in self.places[word]:
                found[place] += self._weight(word) * self._saturated(times, self.lengths[place])
        return {place: min(score / full, 1.0) for place, score in found.items()}

    def shared(self, query: str, text: str) -> list[str]:
        """The words of `query` that `text` holds, the rarest first."""
        common = dict.fromkeys(words(query)).keys() & set(words(text))
        return sorted(common, key=lambda word: (-self._weight(word), word))

    def _weight(self, word: str) -> float:
        return self._idf(len(self.places.get(word, ())))

    def _idf(self, holders: int) -> float:
        return math.log(1.0 + (len(self.lengths) - holders + 0.5) / (holders + 0.5))

    def _saturated(self, times: int, length: int) -> float:
        return times * (K1 + 1) / (times + K1 * (1 - B + B * length / self.mean))
