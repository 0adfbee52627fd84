"""The scorer for when there is no model: it counts shared words and says so, and never poses as a model."""

import math
import time
from collections import Counter
from collections.abc import Iterable

from agents.localization.words import terms
from agents.results import Chunk, ChunkScore

NAME = "offline scorer (words)"
SATURATION = 12.0  # so much shared weight makes a score of about .63
SHOWN = 4  # shared words named in the reason


def score(chunk: Chunk, question: str) -> ChunkScore:
    """How much of `question` the words of `chunk` speak of, from 0 to 1, and its function that does so most."""
    began = time.perf_counter()
    asked = Counter(terms(question))
    shared = weights(asked, terms(chunk.text))
    total = sum(shared.values())
    function, line = _best_symbol(chunk, asked)
    said = ", ".join(sorted(shared, key=lambda term: (-shared[term], term))[:SHOWN])
    return ChunkScore(
        key=chunk.key,
        score=round(1 - math.exp(-total / SATURATION), 4),
        function=function,
        line=line,
        reason=f"shares the words {said}" if said else "shares no word with the report",
        scorer=NAME,
        seconds=round(time.perf_counter() - began, 6),
    )


def weights(asked: Counter[str], words: Iterable[str]) -> dict[str, float]:
    """What each shared word counts: more when the report says it often, when the chunk does, and when it is long."""
    found = Counter(word for word in words if word in asked)
    return {
        word: (1 + math.log(asked[word])) * (1 + math.log(count)) / 2 * min(len(word), 12) / 6
        for word, count in found.items()
    }


def _best_symbol(chunk: Chunk, asked: Counter[str]) -> tuple[str, int]:
    """The symbol whose definition and following lines share most with the question, and its line."""
    best, best_line, most, current, start = "", 0, 0.0, "", 0
    collected: Counter[str] = Counter()
    for number, text in [*enumerate(chunk.text.split("\n"), chunk.line), (chunk.end_line + 1, "")]:
        opened = _defined(text, chunk.symbols) or (current and number > chunk.end_line)
        if opened and current:
            total = sum(weights(asked, collected.elements()).values())
            best, best_line, most = (current, start, total) if total > most else (best, best_line, most)
        if opened:
            current, start, collected = str(opened), number, Counter()
        collected.update(terms(text))
    return best, best_line


def _defined(line: str, symbols: Iterable[str]) -> str:
    """The symbol the line begins the definition of, if any."""
    words = line.split(None, 2)
    name = ""
    if len(words) > 1 and words[0] in ("def", "class"):
        name = words[1]
    elif len(words) > 2 and words[:2] == ["async", "def"]:
        name = words[2]
    name = name.split("(")[0].split(":")[0]
    return next((known for known in symbols if name and known.rpartition(".")[2] == name), "")
