"""How much the tests that bless a patch would notice: mutants of the patched lines, killed or not."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from agents.repair.difference import Change, key


@dataclass(frozen=True)
class Mutant:
    """A small change of the patched file, in words: `<` were `<=` in line 42."""

    path: str
    text: str
    old: str
    new: str
    line: int


@dataclass(frozen=True)
class Strength:
    """`killed` of `tried` mutants made a test fail; `unnoticed` says in words which did not."""

    killed: int
    tried: int
    unnoticed: tuple[str, ...]

    @property
    def score(self) -> float:
        return round(self.killed / self.tried, 3) if self.tried else 0.0


def distinct(mutants: Iterable[Mutant], patched: str, limit: int) -> list[Mutant]:
    """The first `limit` mutants that are Python, differ from the patched file and from one another."""
    found: dict[str, Mutant] = {}
    for mutant in mutants:
        if len(found) == limit:
            break
        if identity := key([Change(mutant.path, patched, mutant.text)]):
            found.setdefault(identity, mutant)
    return list(found.values())


def measured(mutants: Sequence[Mutant], killed: Sequence[bool | None]) -> Strength:
    """The score of mutants that were killed or not; None is one that was not tried."""
    tried = [(mutant, dead) for mutant, dead in zip(mutants, killed, strict=True) if dead is not None]
    unnoticed = tuple(sentence(mutant) for mutant, dead in tried if not dead)
    return Strength(len(tried) - len(unnoticed), len(tried), unnoticed)


def sentence(mutant: Mutant) -> str:
    place = f"in line {mutant.line} of {mutant.path}"
    if not mutant.new.strip():
        return f"The tests would not notice if `{_short(mutant.old)}` were missing {place}."
    if not mutant.old.strip():
        return f"The tests would not notice `{_short(mutant.new)}` {place}."
    return f"The tests would not notice if `{_short(mutant.old)}` were `{_short(mutant.new)}` {place}."


def changed_lines(old: str, new: str) -> range:
    """The lines of `new` that differ from `old`, from 1."""
    before, after = old.split("\n"), new.split("\n")
    start = 0
    while start < min(len(before), len(after)) and before[start] == after[start]:
        start += 1
    end = 0
    while end < min(len(before), len(after)) - start and before[-1 - end] == after[-1 - end]:
        end += 1
    return range(start + 1, max(len(after) - end, start + 1) + 1)


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 80 else f"{line[:77]}..."
