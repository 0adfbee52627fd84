"""Which lines does each test run? Recorded test by test, the failing ones first, for as long as the budget lasts."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from agents.context import Limits, Sandbox
from agents.results import Checkout, Environment, Spectrum
from agents.sandbox.testrun import run_tests

_TEST_PATH = re.compile(r"(^|/)(tests?/|test_[^/]*\.py$|[^/]*_tests?\.py$|conftest\.py$|tests\.py$)")
_NOT_PRODUCT = re.compile(r"(^|/)(docs?|examples?|benchmarks?|\.[^/]+)/|(^|/)setup\.py$")


def record(
    sandbox: Sandbox,
    checkout: Checkout,
    environment: Environment,
    tests: Sequence[str],
    *,
    files: Mapping[str, str] | None = None,
    budget_s: float = 20.0,
    check: Callable[[], None] | None = None,
) -> Spectrum:
    """The lines of the product's files that each of `tests` ran; tests that did not get to run in time are absent.

    A test that fails while its file is collected ran nothing that could be told apart, so it is absent, too.
    """
    limits = replace(Limits(), wall_s=budget_s, cpu_s=2 * budget_s)
    run = run_tests(
        sandbox, checkout, environment, tests,
        files=files, limits=limits, check=check, traced=product_files(checkout.root), test_s=budget_s,
    )  # fmt: skip
    told = [outcome for outcome in run.outcomes if outcome.test in run.lines and not outcome.skipped]
    return Spectrum(
        covered={outcome.test: run.lines[outcome.test] for outcome in told},
        failing=tuple(outcome.test for outcome in told if not outcome.passed),
        passing=tuple(outcome.test for outcome in told if outcome.passed),
    )


def product_files(root: str) -> tuple[str, ...]:
    """The Python files of the tree that are neither tests nor documentation."""
    names = (str(path.relative_to(root)) for path in sorted(Path(root).rglob("*.py")))
    return tuple(name for name in names if not _TEST_PATH.search(name) and not _NOT_PRODUCT.search(name))
