"""Which functions do the words of the report point at? BM25 over names, code, comments and strings."""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Generic, TypeVar

from agents.localization.functions import Function, Index
from agents.localization.words import terms

K1, B = 1.2, 0.75  # Robertson's usual constants
NAME, PATH = 3, 2  # how often a function's name and its path count as if they stood in its text

Key = tuple[str, int]


K = TypeVar("K", bound=Hashable)


@dataclass(frozen=True)
class Corpus(Generic[K]):
    """Documents by key, indexed by their words."""

    lengths: Mapping[K, float]
    postings: Mapping[str, Sequence[tuple[K, float]]]

    @property
    def mean(self) -> float:
        return sum(self.lengths.values()) / max(len(self.lengths), 1) or 1.0

    def rarity(self, term: str) -> float:
        holding = len(self.postings.get(term, ()))
        return math.log(1 + (len(self.lengths) - holding + 0.5) / (holding + 0.5))

    def search(self, query: Mapping[str, float]) -> dict[K, float]:
        """BM25 of every document that shares a word with `query` {term: weight}."""
        scores: dict[K, float] = defaultdict(float)
        mean = self.mean
        for term, weight in query.items():
            rarity = weight * self.rarity(term)
            for key, count in self.postings.get(term, ()):
                norm = K1 * (1 - B + B * self.lengths[key] / mean)
                scores[key] += rarity * count * (K1 + 1) / (count + norm)
        return dict(scores)


def corpus(documents: Iterable[tuple[K, Counter[str]]]) -> Corpus[K]:
    lengths: dict[K, float] = {}
    postings: dict[str, list[tuple[K, float]]] = defaultdict(list)
    for key, counts in documents:
        lengths[key] = float(counts.total())
        for term, count in counts.items():
            postings[term].append((key, float(count)))
    return Corpus(lengths, postings)


def document(function: Function) -> Counter[str]:
    """A function as a bag of words: its text, its name and its path."""
    counts = Counter(terms(function.text))
    for term in terms(function.name):
        counts[term] += NAME
    for term in terms(PurePosixPath(function.path).with_suffix("").as_posix()):
        counts[term] += PATH
    return counts


def of_functions(index: Index) -> Corpus[Key]:
    return corpus((function.key, document(function)) for function in index.functions)


def of_files(index: Index) -> Corpus[str]:
    """Whole files as documents; a path counts once per file, not once per function."""
    files: dict[str, Counter[str]] = defaultdict(Counter)
    for function in index.functions:
        files[function.path].update(terms(function.text))
    for path, counts in files.items():
        for term in terms(PurePosixPath(path).with_suffix("").as_posix()):
            counts[term] += PATH * NAME
    return corpus(files.items())


def query(passages: Sequence[tuple[float, str]]) -> dict[str, float]:
    """Words to search for out of [(weight, text)]; a word said often counts more, but ever less so."""
    weights: dict[str, float] = defaultdict(float)
    for weight, text in passages:
        for term, count in Counter(terms(text)).items():
            weights[term] += weight * (1 + math.log(count))
    return dict(weights)


# --- what the report names outright -----------------------------------------------------------------------------------

CODE_LIKE = re.compile(
    r"`+([^`\n]+)`+|\b([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+)\b|\b([A-Za-z_]\w*)\s?\(|\b(\w*_\w+|[A-Z]\w*[a-z]\w*[A-Z]\w*)\b"
)
DOTTED = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*")
LITERAL = re.compile(r"""(?P<quote>"{3}|'{3}|"|')(?P<body>(?:\\.|(?!(?P=quote)).)*)(?P=quote)""", re.DOTALL)
PLACEHOLDER = re.compile(r"\{[^{}]*\}|%[-+ #0-9.]*[sdrifgx]|\\n")
MESSAGE = 12  # characters of a message template that must be found verbatim


def mentions(text: str) -> Counter[str]:
    """Names in `text` that are written the way code is written: quoted, called, dotted, joined."""
    found: Counter[str] = Counter()
    for groups in CODE_LIKE.findall(text):
        for name in DOTTED.findall(next(group for group in groups if group)):
            found[name] += 1
    return found


def named(index: Index, text: str) -> dict[Key, float]:
    """Functions and classes `text` mentions by name; the rarer the name among the functions, the more it says."""
    wanted = {part: name for name in mentions(text) for part in name.split(".")}
    full = {name for name in mentions(text) if "." in name}
    holders = Counter(function.name.rpartition(".")[2] for function in index.functions if function.name)
    scores: dict[Key, float] = {}
    for function in index.functions:
        own = function.name.rpartition(".")[2]
        if own in wanted:
            exact = any(name == function.name or name.endswith(f".{function.name}") for name in full)
            scores[function.key] = (2.0 if exact and "." in function.name else 1.0) / math.sqrt(holders[own])
    return scores


def said(index: Index, text: str) -> dict[Key, float]:
    """Functions one of whose string constants, a message template, stands in `text` word for word."""
    spoken = " ".join(text.split())
    scores: dict[Key, float] = {}
    for function in index.functions:
        length = max((len(piece) for piece in pieces(function.text) if piece in spoken), default=0)
        if length:
            scores[function.key] = float(length)
    return scores


def pieces(code: str) -> Iterable[str]:
    """The constant pieces of a function's message templates that are long enough to be telling."""
    for literal in LITERAL.finditer(code):
        for piece in PLACEHOLDER.split(literal["body"]):
            clean = " ".join(piece.split())
            if len(clean) >= MESSAGE and " " in clean:
                yield clean


# --- the votes --------------------------------------------------------------------------------------------------------

# Shares of the best BM25 score that the other signs add; found on commit messages and reports of a dozen libraries.
NAMED, SAID, FILE = 0.2, 0.4, 0.2
TELLING = 30.0  # characters of a message found verbatim that count in full


class Library:
    """A repository's functions and files, ready to be searched for words."""

    def __init__(self, index: Index) -> None:
        self.index = index
        self.functions = of_functions(index)
        self.files = of_files(index)

    def words(self, passages: Sequence[tuple[float, str]]) -> dict[Key, float]:
        """The words alone: a test names what it calls, not what is wrong with it."""
        return self.functions.search(query(passages))

    def votes(self, passages: Sequence[tuple[float, str]]) -> dict[Key, float]:
        """How much each function has to do with [(weight, text)]: words, names, messages, and the file around it."""
        asked, whole = query(passages), "\n".join(text for _, text in passages)
        scores = self.functions.search(asked)
        top = max(scores.values(), default=1.0)
        around = _normal(self.files.search(asked))
        for key, score in named(self.index, whole).items():
            scores[key] = scores.get(key, 0.0) + NAMED * top * score
        for key, length in said(self.index, whole).items():
            scores[key] = scores.get(key, 0.0) + SAID * top * min(length / TELLING, 1.0)
        return {key: score + FILE * top * around.get(key[0], 0.0) for key, score in scores.items()}


def _normal(scores: Mapping[str, float]) -> dict[str, float]:
    top = max(scores.values(), default=1.0)
    return {key: score / top for key, score in scores.items()}
