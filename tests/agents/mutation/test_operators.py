"""Each operator undoes the mistakes its examples show, and leaves everything else as it was."""

import pytest

from agents.mutation.apply import apply
from agents.mutation.edit import Example
from agents.mutation.operators import ALL, Operator, propose, wrap
from agents.mutation.place import places
from agents.source import parse

EXAMPLES = [pytest.param(op, example, id=op.name) for op in ALL for example in op.examples()]


def variants(text: str, operator: Operator) -> list[str | None]:
    source = parse("m.py", text)
    assert source
    return [apply(text, edit) for place in places(source) for _, edit in propose(place, (operator,))]


@pytest.mark.parametrize(("operator", "example"), EXAMPLES)
def test_an_operator_makes_the_change_its_example_shows(operator: Operator, example: Example) -> None:
    assert example.after in variants(example.before, operator)


@pytest.mark.parametrize("operator", ALL, ids=lambda op: op.name)
def test_an_operator_says_which_mistake_it_undoes(operator: Operator) -> None:
    assert operator.pattern
    assert operator.examples()
    assert 0 < operator.prior <= 1


def test_operators_have_different_names() -> None:
    assert len({operator.name for operator in ALL}) == len(ALL)


def test_a_conversion_the_function_already_makes_is_tried_first() -> None:
    text = "def f(a, b):\n    return a.upper() == 'A' or b == 'B'\n"
    conversions = [made for made in variants(text, wrap) if made and "b." in made]
    assert "b.upper()" in conversions[0]
