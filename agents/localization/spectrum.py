"""Which lines do failing tests run that passing tests do not? Spectrum-based fault localisation: Ochiai and DStar."""

import math
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

from agents.results import Spectrum

Line = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Counts:
    """How many failing and passing tests ran a line (`ef`, `ep`) and how many did not (`nf`, `np`)."""

    ef: int
    ep: int
    nf: int
    np: int


def ochiai(counts: Counts) -> float:
    """`ef / sqrt((ef + nf) (ef + ep))` (Abreu et al. 2007)."""
    if not counts.ef:
        return 0.0
    return counts.ef / math.sqrt((counts.ef + counts.nf) * (counts.ef + counts.ep))


def dstar(counts: Counts) -> float:
    """`ef^2 / (ep + nf)` (Wong et al. 2014); a line only failing tests run is as suspicious as can be."""
    if not counts.ef:
        return 0.0
    return counts.ef**2 / (counts.ep + counts.nf) if counts.ep + counts.nf else float("inf")


def count(spectrum: Spectrum) -> dict[Line, Counts]:
    """The counts of every line a failing test ran."""
    failed, passed = _runs(spectrum, spectrum.failing), _runs(spectrum, spectrum.passing)
    failing = sum(test in spectrum.covered for test in spectrum.failing)
    passing = sum(test in spectrum.covered for test in spectrum.passing)
    return {
        line: Counts(ran, passed[line], failing - ran, passing - passed[line])
        for line, ran in failed.items()
    }  # fmt: skip


def score(spectrum: Spectrum, formula: Callable[[Counts], float] = ochiai) -> dict[Line, float]:
    """The suspicion of every line a failing test ran."""
    return {line: formula(counts) for line, counts in count(spectrum).items()}


def of_failure(spectrum: Spectrum, test: str) -> Spectrum:
    """The spectrum of `test` (or its parametrised cases) alone: other failing tests have reasons of their own."""
    mine = tuple(name for name in spectrum.failing if name == test or name.startswith((f"{test}[", f"{test}::")))
    return Spectrum(
        covered={name: lines for name, lines in spectrum.covered.items() if name in {*mine, *spectrum.passing}},
        failing=mine,
        passing=spectrum.passing,
        seconds=spectrum.seconds,
    )


def covering(spectrum: Spectrum, wanted: Collection[Line]) -> tuple[str, ...]:
    """The passing tests that run one of the lines `wanted`, cheapest first."""
    sizes = {}
    for test in spectrum.passing:
        ran = spectrum.covered.get(test, {})
        if any((path, line) in wanted for path, lines in ran.items() for line in lines):
            sizes[test] = (spectrum.seconds.get(test, 0.0), sum(map(len, ran.values())))
    return tuple(sorted(sizes, key=lambda test: (*sizes[test], test)))


def _runs(spectrum: Spectrum, tests: Iterable[str]) -> Counter[Line]:
    return Counter(
        (path, line)
        for test in tests
        for path, lines in spectrum.covered.get(test, {}).items()
        for line in lines
    )  # fmt: skip
