"""From opinions on lines to opinions on functions and files: a place is as suspicious as its worst line."""

from collections.abc import Iterable, Mapping, Sequence

from agents.localization.functions import Function, Index
from agents.results import Chunk, ChunkScore

Key = tuple[str, int]
NAMELESS = 0.5  # what a chunk's score counts for the functions the scorer did not name
HAIR = 1e-6  # less than any two counts of tests can differ by


def of_functions(index: Index, lines: Mapping[tuple[str, int], float]) -> dict[Key, float]:
    """{function: its highest line}; the line of its `def` runs when the module is imported and says nothing."""
    scores: dict[Key, float] = {}
    for (path, line), score in lines.items():
        function = index.at(path, line)
        if function and not (function.callable and line <= function.body):
            scores[function.key] = max(scores.get(function.key, 0.0), score)
    return scores


def ties_broken(scores: Mapping[Key, float], by: Mapping[Key, float]) -> dict[Key, float]:
    """`scores`, where equals follow the order of `by`: one failing test alone makes dozens of lines equal."""
    most = max(by.values(), default=0.0) or 1.0
    return {key: score + HAIR * by.get(key, 0.0) / most for key, score in scores.items()}


def of_files(functions: Mapping[Key, float]) -> dict[str, float]:
    """{path: its highest function}."""
    scores: dict[str, float] = {}
    for (path, _), score in functions.items():
        scores[path] = max(scores.get(path, 0.0), score)
    return scores


def of_chunks(index: Index, chunks: Sequence[Chunk], scores: Iterable[ChunkScore]) -> dict[Key, float]:
    """{function: the score of its chunk}, whole for the function the scorer named."""
    by_key = {chunk.key: chunk for chunk in chunks}
    votes: dict[Key, float] = {}
    for score in scores:
        chunk = by_key.get(score.key)
        for function in index.by_path.get(chunk.path, ()) if chunk and score.score > 0 else ():
            if chunk and chunk.line <= function.body <= chunk.end_line:
                named = function.name == score.function
                votes[function.key] = max(votes.get(function.key, 0.0), score.score * (1 if named else NAMELESS))
    return votes


def worst_line(index: Index, function: Function, lines: Mapping[tuple[str, int], float]) -> int:
    """The function's own line with the highest score, 0 when none has any.

    Of equals the last counts, which ran nearest to the failure.
    """
    own = [
        (score, line)
        for (path, line), score in lines.items()
        if path == function.path and function.body < line <= function.last and index.at(path, line) is function
    ]
    return max(own)[1] if own and max(own)[0] > 0 else 0
