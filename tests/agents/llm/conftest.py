"""Connections opened by a test are closed by its end."""

from collections.abc import Iterator

import pytest

from agents.llm import gateway


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    yield
    gateway.shutdown()
