"""The watch over a tree of processes counts the living and is not disturbed by those that end."""

import os
import subprocess
import sys

from agents.sandbox.watch import descendants


def test_children_and_their_children_are_seen() -> None:
    program = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'print(1, flush=True); input()'])"
    with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout
        child.stdout.readline()
        assert len([pid for pid in descendants(os.getpid()) if pid >= child.pid]) >= 2
        child.communicate(b"\n")


def test_a_process_that_is_gone_has_no_descendants() -> None:
    gone = subprocess.Popen(["true"])
    gone.wait()
    assert list(descendants(gone.pid)) == []
