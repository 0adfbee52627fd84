"""A small project with one planted fault, checked out and reproduced: what Fix and Validate begin with."""

import atexit
import shutil
import tempfile
from dataclasses import replace
from functools import cache
from pathlib import Path

from agents.context import Options
from agents.repair.candidates import Idea, candidate
from agents.repair.difference import Change
from agents.report import Frame, Report, Signature, Source
from agents.results import (
    Candidate,
    Checkout,
    Environment,
    Findings,
    Outcome,
    Reproduction,
    ReproductionTest,
    RootCause,
    Suspect,
)
from agents.sandbox import environment
from tests.agents.stages.context import PlainContext

CODE = '''"""Prices."""


def unit_price(amount):
    """Ten and more are cheaper."""
    if amount > 10:
        return 4
    return 5


def total(amount):
    return amount * unit_price(amount)
'''
SUITE = """from shop import total, unit_price


def test_few():
    assert total(9) == 45


def test_many():
    assert total(11) == 44


def test_one_more_than_a_few():
    assert unit_price(9) == 5
"""
REPORTED = "from shop import total\n\n\ndef test_reported():\n    assert total(10) == 40\n"
TEST = ReproductionTest(
    id="tests/test_reported.py::test_reported", origin="snippet", files={"tests/test_reported.py": REPORTED}
)
FAILURE = Signature(
    exception="AssertionError",
    message="assert <n> == <n>",
    raw="assert 50 == 40",
    frames=(Frame(path="tests/test_reported.py", line=5, function="test_reported"),),
)


def project(root: Path) -> Checkout:
    (root / "tests").mkdir(parents=True)
    (root / "shop.py").write_text(CODE)
    (root / "tests" / "test_shop.py").write_text(SUITE)
    return Checkout(root=str(root), mirror="", commit="0" * 40)


@cache
def plain_python() -> Environment:
    """An environment with pytest and nothing else: plugins of the environment these tests run in start slowly."""
    place = Path(tempfile.mkdtemp(prefix="plain-python-"))
    atexit.register(shutil.rmtree, place, ignore_errors=True)
    empty = Checkout(root=str(place), mirror="", commit="0" * 40)
    return environment.prepare(empty, Source(location=""), place / "cache", lambda event: None, lambda: None)


def reproduced(checkout: Checkout, test: ReproductionTest = TEST) -> Reproduction:
    return Reproduction(
        verdict="reproduced",
        reason="It fails as the report says.",
        test=test,
        signature=FAILURE,
        runs=(Outcome(test=test.id, passed=False, signature=FAILURE, output="assert 50 == 40"),),
        checkout=checkout,
        environment=replace(plain_python(), path=("",)),
        collected=3,
        suite_seconds=1.0,
    )


def context(root: Path, options: Options = Options(), test: ReproductionTest = TEST) -> PlainContext:  # noqa: B008
    checkout = project(root / "checkout")
    suspects = (Suspect(path="shop.py", line=6, function="unit_price", score=0.9),)
    cause = RootCause(verdict="suspects_ranked", reason="", suspects=suspects)
    findings = Findings(reproduce=reproduced(checkout, test), root_cause=cause)
    return PlainContext(
        report=Report(title="Ten cost too much", text=""), root=root, findings=findings, options=options
    )


def change(old: str, new: str, origin: str = "human") -> Candidate:
    """The planted project's file with one text replaced, as a candidate."""
    found = candidate(Idea((Change("shop.py", CODE, CODE.replace(old, new)),), origin, "a try", 0.5))
    assert found
    return found
