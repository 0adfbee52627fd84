import doctest

import pytest

from agents.sandbox import declarations, versions


@pytest.mark.parametrize("module", [versions, declarations])
def test_the_examples_in_the_documentation_hold(module: object) -> None:
    assert doctest.testmod(module).failed == 0
