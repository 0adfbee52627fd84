"""The order of patches that passed everything: promising, small and general before narrow, large and careless."""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from agents.repair.difference import Change, Difference, difference
from agents.repair.guard import Oracle, added, removed, telling_literals
from agents.results import Candidate
from agents.source import FUNCTIONS

PENALTY = 0.5  # what one sign of overfitting takes away: as much as half of the range of priors
PER_LINE = 0.02


@dataclass(frozen=True)
class Weighed:
    """A candidate that passed, and what makes one doubt it."""

    candidate: Candidate
    signs: tuple[str, ...] = ()


def rank(found: Sequence[Weighed]) -> list[Weighed]:
    """Best first; the order does not depend on the order given."""
    return sorted(found, key=lambda survivor: (-score(survivor), survivor.candidate.key))


def score(survivor: Weighed) -> float:
    size = sum(line.startswith(("+", "-")) for line in survivor.candidate.diff.splitlines()) - 2
    model = 0.3 if survivor.candidate.origin.startswith(("model", "human", "history", "memory")) else 0.0
    doubt = PENALTY * len(survivor.signs) + PER_LINE * size
    return survivor.candidate.prior + model - doubt


def signs(changes: Sequence[Change], oracle: Oracle) -> tuple[str, ...]:
    """Signs of overfitting, in words."""
    found = (difference(change) for change in changes if change.path.endswith((".py", ".pyi")))
    return tuple(dict.fromkeys(sign for one in found if one for sign in _signs(one, oracle)))


def _signs(found: Difference, oracle: Oracle) -> Iterator[str]:
    come, gone = list(added(found)), list(removed(found))
    values = [(type(node.value), node.value) for node in come if isinstance(node, ast.Constant)]
    if set(values) & telling_literals(oracle):
        yield "a value of the test stands in the patch"
    if any(_is_constant_condition(node) for node in come):
        yield "a condition is constant"
    if _counts(come, ast.Return) > _counts(gone, ast.Return) and _returns_early(come):
        yield "it returns early"
    if _counts(gone, ast.Call) > _counts(come, ast.Call):
        yield "it no longer calls something"
    if _counts(gone, ast.If) > _counts(come, ast.If) or _counts(gone, ast.Raise) > _counts(come, ast.Raise):
        yield "it drops a check"
    if any(isinstance(node, ast.ExceptHandler) for node in come):
        yield "it catches more exceptions"
    if _only_deletes(come, gone):
        yield "it only deletes"


def _is_constant_condition(node: ast.AST) -> bool:
    test = node.test if isinstance(node, (ast.If, ast.While, ast.IfExp)) else None
    parts = test.values if isinstance(test, ast.BoolOp) else [test]
    return any(isinstance(part, ast.Constant) or _is_self_comparison(part) for part in parts)


def _is_self_comparison(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Compare) and len(node.ops) == 1 and ast.dump(node.left) == ast.dump(node.comparators[0])


def _returns_early(nodes: list[ast.AST]) -> bool:
    branches = [node for node in nodes if isinstance(node, ast.If)]
    return any(isinstance(inner, ast.Return) for branch in branches for inner in branch.body)


def _counts(nodes: list[ast.AST], kind: type[ast.AST]) -> int:
    return sum(isinstance(node, kind) for node in nodes)


def _only_deletes(come: list[ast.AST], gone: list[ast.AST]) -> bool:
    around = (ast.Pass, *FUNCTIONS, ast.If, ast.For, ast.While, ast.With, ast.Try)  # what holds the deleted statement
    nothing_new = all(isinstance(node, around) for node in come if isinstance(node, ast.stmt))
    return nothing_new and _counts(gone, ast.stmt) > _counts(come, ast.stmt)
