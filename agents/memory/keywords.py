"""Which memories hold the words of a query, and how much those words say: BM25, scaled from 0 to 1."""

import math
from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from agents.memory.words import words

K1 = 1.2
B = 0.75
ENOUGH = 2  # words that no other text holds say as much as any text can

Scores = NDArray[np.float64]


class Keywords:
    """An inverted index over texts: for each word the places of the texts that hold it, and its weight in each."""

    def __init__(self, texts: Sequence[str]) -> None:
        counts = [Counter(words(text)) for text in texts]
        lengths = np.array([count.total() for count in counts], dtype=np.float64)
        self.size = len(texts)
        self.stretch = K1 * (1 - B + B * lengths / ((lengths.mean() if self.size else 0.0) or 1.0))
        postings: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)
        for place, count in enumerate(counts):
            for word, times in count.items():
                postings[word].append((place, times))
        self.postings = {word: np.array(found, dtype=np.intp) for word, found in postings.items()}

    def scores(self, query: str) -> Scores:
        """A score for each text, 0 where it holds no word of `query`.

        1 is a text of mean length that holds each word of the query that any text holds, and enough of them: a scale of
        this corpus, where a fixed one would be far too wide for a few memories and too narrow for many.
        """
        total = np.zeros(self.size)
        asked = [word for word in dict.fromkeys(words(query)) if word in self.postings]
        for word in asked:
            places, times = self.postings[word].T
            total[places] += self._weight(word) * times * (K1 + 1) / (times + self.stretch[places])
        full = max(sum(self._weight(word) for word in asked), ENOUGH * self._idf(1))
        return np.minimum(total / full, 1.0)

    def shared(self, query: str, text: str) -> list[str]:
        """The words of `query` that `text` holds, the rarest first."""
        common = dict.fromkeys(words(query)).keys() & set(words(text))
        return sorted(common, key=lambda word: (-self._weight(word), word))

    def _weight(self, word: str) -> float:
        return self._idf(len(self.postings.get(word, ())))

    def _idf(self, holders: int) -> float:
        return math.log(1.0 + max(self.size - holders + 0.5, 0.5) / (holders + 0.5))
