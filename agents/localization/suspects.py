"""The fused ranking as suspects and files: each with its place, its excerpt, and why it is there."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from agents.localization import ballot, fuse
from agents.localization.functions import Function, Index
from agents.results import RankedFile, Suspect

Lines = Mapping[tuple[str, int], float]

SAYS = {
    "trace": "the traceback passes through it",
    "spectrum": "the failing test runs it, most passing tests do not",
    "text": "the report speaks of it",
    "test": "the failing test speaks of it",
    "model": "the model points at it",
    "words": "its chunk shares words with the report",
    "history": "its file changed often and lately",
}
TELLING = 10  # ranks up to here are worth a mention


@dataclass(frozen=True)
class Ballots:
    """Every voter's opinion on functions and files, and on the lines of the spectrum and the traceback."""

    functions: Mapping[str, Mapping[tuple[str, int], float]]
    files: Mapping[str, Mapping[str, float]]
    spectrum: Lines
    trace: Lines
    weights: Mapping[str, float]


def ranked(index: Index, ballots: Ballots, limit: int) -> Iterator[Suspect]:
    """The functions some voter suspects, best first; a score of 1 would be the first place with every voter."""
    by_key = {function.key: function for function in index.functions}
    whole = _whole(ballots)
    fused = fuse.fuse(ballots.functions, ballots.weights)
    for key, (score, parts) in list(fused.items())[:limit]:
        function = by_key[key]
        line = suspicious_line(index, function, ballots)
        yield Suspect(
            path=function.path,
            line=line,
            end_line=function.last,
            function=function.name,
            score=round(score / whole, 4),
            parts=parts,
            excerpt=index.excerpt(function.path, line),
            reason=reason(parts),
        )


def ranked_files(ballots: Ballots, limit: int) -> Iterator[RankedFile]:
    whole = _whole(ballots)
    for path, (score, parts) in list(fuse.fuse(ballots.files, ballots.weights).items())[:limit]:
        yield RankedFile(path=path, score=round(score / whole, 4), parts=parts)


def suspicious_line(index: Index, function: Function, ballots: Ballots) -> int:
    """The line of the traceback, else the most suspicious one that ran, else where the definition begins."""
    found = ballot.worst_line(index, function, ballots.trace) or ballot.worst_line(index, function, ballots.spectrum)
    return found or max(function.body, 1)


def reason(parts: Mapping[str, float]) -> str:
    """Which voters put it high, in words, the strongest first."""
    voters = sorted((rank, voter) for voter, rank in parts.items() if rank <= TELLING)
    said = [SAYS[voter] for _, voter in voters if voter in SAYS]
    return ("; ".join(said) or "it ranks low with every voter").capitalize() + "."


def _whole(ballots: Ballots) -> float:
    voting = [voter for voter, opinion in ballots.functions.items() if opinion]
    return sum(ballots.weights[voter] for voter in voting) / (fuse.DAMPING + 1) or 1.0
