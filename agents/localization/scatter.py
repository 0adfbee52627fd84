"""A model's opinion of one chunk: its code with line numbers, and its answer held against what is really there."""

from dataclasses import dataclass

from agents.results import Chunk, ChunkScore

MOST_SAID = 500  # characters of a model's reason that are kept


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a model was asked to say of a chunk."""

    score: float
    function: str = ""
    line: int = 0
    reason: str = ""


def numbered(chunk: Chunk) -> str:
    """The chunk's text with the file's line numbers in the left margin."""
    width = len(str(chunk.end_line))
    return "\n".join(f"{number:{width}d}  {line}" for number, line in enumerate(chunk.text.split("\n"), chunk.line))


def judged(chunk: Chunk, answer: Answer, scorer: str, seconds: float = 0.0) -> ChunkScore:
    """`answer` as a score; a line or function the chunk does not hold is dropped."""
    if not 0.0 <= answer.score <= 1.0:
        return failed(chunk, "model-garbled", scorer, seconds)
    inside = chunk.line <= answer.line <= chunk.end_line
    return ChunkScore(
        key=chunk.key,
        score=answer.score,
        function=symbol(chunk, answer.function),
        line=answer.line if inside else 0,
        reason=answer.reason[:MOST_SAID],
        scorer=scorer,
        seconds=seconds,
    )


def failed(chunk: Chunk, error: str, scorer: str, seconds: float = 0.0) -> ChunkScore:
    """A chunk nobody could score: it has no opinion, and says why."""
    return ChunkScore(key=chunk.key, score=0.0, scorer=scorer, seconds=seconds, error=error)


def symbol(chunk: Chunk, named: str) -> str:
    """The chunk's symbol a model means, which may say `method` or `method()` for `Class.method`."""
    name = named.strip().removesuffix("()")
    last = name.rpartition(".")[2]
    exact = [known for known in chunk.symbols if known == name]
    loose = [known for known in chunk.symbols if known.rpartition(".")[2] == last]
    return (exact or loose or [""])[0]
