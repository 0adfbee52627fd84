"""Which memory: mem0 over the project's rows, or the plain one over the same rows."""

import os
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from agents.context import Memory
from agents.memory.local import LocalMemory
from agents.memory.rows import MemoryRows


def build(engine: str, rows: MemoryRows, redact: Callable[[str], str], directory: Path) -> Memory:
    """The memory of one project, by `engine` "mem0" or "local"; what mem0 writes when imported goes to `directory`."""
    if engine == "local":
        return LocalMemory(rows, redact)
    quiet(directory)
    memory: Memory = import_module("agents.memory.mem0").Mem0Memory(rows, redact)
    return memory


def quiet(directory: Path) -> None:
    """What mem0 reads from the environment when it is imported: no telemetry, and no file in the home directory."""
    os.environ["MEM0_TELEMETRY"] = "False"
    os.environ["MEM0_DIR"] = str(directory)
