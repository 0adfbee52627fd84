"""Which process holds a stage, in a name that tells on the same machine whether it still lives."""

from __future__ import annotations

import os
import socket
from pathlib import Path


def me() -> str:
    """The name of this process: host, process namespace, process, and when it began (numbers of processes return)."""
    return f"{_machine()}:{os.getpid()}:{_began(os.getpid())}"


def is_gone(owner: str) -> bool:
    """Did the process of that name end? Of another machine or container nobody here can say: its lease will."""
    machine, _, process = owner.partition(":")
    pid, _, began = process.partition(":")
    if machine != _machine() or not pid.isdecimal() or not began:
        return False
    return _began(int(pid)) != began


def _machine() -> str:
    """Host and process namespace: containers may share a host's name and count their processes each from 1."""
    try:
        namespace = str(Path("/proc/self/ns/pid").stat().st_ino)
    except OSError:  # no /proc here
        namespace = ""
    return f"{socket.gethostname()[:40].replace(':', '-')}/{namespace}"


def _began(pid: int) -> str:
    """When the process began, in ticks since the machine did; "" when there is none or nobody can tell."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    fields = status.rpartition(")")[2].split()
    state, began = fields[0], fields[19]
    return "" if state in "ZX" else began
