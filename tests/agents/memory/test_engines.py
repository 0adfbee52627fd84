"""Both engines keep the contract over rows in a dict."""

from pathlib import Path

import pytest

from agents.context import Memory
from agents.memory import engine
from agents.memory.rows import DictRows
from tests.agents.memory.contract import MemoryContract, hide


@pytest.mark.parametrize("kind", ["local", "mem0"])
class TestEngines(MemoryContract):
    @pytest.fixture
    def rows(self) -> DictRows:
        return DictRows()

    @pytest.fixture
    def memory(self, kind: str, rows: DictRows, tmp_path: Path) -> Memory:
        return engine.build(kind, rows, hide, tmp_path)

    @pytest.fixture
    def other(self, kind: str, rows: DictRows, tmp_path: Path) -> Memory:
        return engine.build(kind, rows, hide, tmp_path)
