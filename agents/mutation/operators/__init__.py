"""The mutation operators, one file each: the mistake it undoes, what it proposes, and examples.

Each module has `name`, `pattern` (the mistake in words), `prior` (how often such a change is the fix), `propose(place)`
and `examples()`.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Protocol

from agents.mutation.edit import Edit, Example
from agents.mutation.operators import (
    argument,
    arithmetic,
    attribute,
    augment,
    await_,
    boundary,
    call_swap,
    compare,
    constant,
    control,
    default,
    exceptions,
    guard,
    keyword,
    logic,
    mutable_default,
    negate,
    off_by_one,
    regex,
    return_value,
    slice_bound,
    statement,
    variable,
    wrap,
)
from agents.mutation.place import Place


class Operator(Protocol):
    name: str
    pattern: str
    prior: float

    def propose(self, place: Place) -> Iterator[Edit]: ...
    def examples(self) -> tuple[Example, ...]: ...


ALL: tuple[Operator, ...] = (
    boundary, off_by_one, compare, logic, negate, constant, arithmetic, augment, variable, attribute, argument, keyword,
    call_swap, guard, slice_bound, return_value, default, mutable_default, wrap, control, exceptions, statement, regex,
    await_,
)  # fmt: skip
JUDGES: tuple[Operator, ...] = (
    boundary,
    off_by_one,
    compare,
    logic,
    negate,
    constant,
    arithmetic,
    augment,
    return_value,
)


def propose(place: Place, operators: tuple[Operator, ...] = ALL) -> Iterator[tuple[Operator, Edit]]:
    """Every edit the operators can think of in one place, each marked with its operator's name."""
    for operator in operators:
        for edit in operator.propose(place):
            yield operator, replace(edit, operator=operator.name)
