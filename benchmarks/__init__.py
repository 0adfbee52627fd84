"""Measurements of what Modulo promises: one module each, `python -m benchmarks NAME` runs one and writes its page.

A benchmark is a module here with a docstring (what is promised, and how it is measured) and `measure() -> Measurement`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """`ratio` is compared with `goal` as the benchmark's docstring says; `figures` are what it was made of."""

    ratio: float
    goal: float
    holds: bool
    figures: Mapping[str, object] = field(default_factory=dict)
