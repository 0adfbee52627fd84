"""Many voters, one ranking: reciprocal ranks, so that no voter's scale counts, only its order."""

from collections import defaultdict
from collections.abc import Hashable, Mapping
from typing import TypeVar

K = TypeVar("K", bound=Hashable)

DAMPING = 10  # how slowly a vote loses weight down the ranking


def ranks(scores: Mapping[K, float]) -> dict[K, float]:
    """1-based ranks of `scores`, best first; equal scores share the mean of their ranks. A score of 0 is no opinion."""
    ordered = sorted((key for key in scores if scores[key] > 0), key=lambda key: -scores[key])
    ranked: dict[K, float] = {}
    start = 0
    while start < len(ordered):
        end = start
        while end < len(ordered) and scores[ordered[end]] == scores[ordered[start]]:
            end += 1
        mean = (start + 1 + end) / 2
        ranked.update(dict.fromkeys(ordered[start:end], mean))
        start = end
    return ranked


def fuse(
    votes: Mapping[str, Mapping[K, float]], weights: Mapping[str, float]
) -> dict[K, tuple[float, dict[str, float]]]:
    """Return {key: (score, {voter: rank})}, best first; whom no voter ranks is left out."""
    scores: dict[K, float] = defaultdict(float)
    parts: dict[K, dict[str, float]] = defaultdict(dict)
    for voter, opinion in votes.items():
        for key, rank in ranks(opinion).items():
            scores[key] += weights[voter] / (DAMPING + rank)
            parts[key][voter] = rank
    best_first = sorted(scores, key=lambda key: (-scores[key], str(key)))
    return {key: (scores[key], parts[key]) for key in best_first}
