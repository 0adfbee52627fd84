"""Child processes that do not outlive their supervisor."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from modulo_web import children
from modulo_web.children import Child, Part

PYTHON = sys.executable
PARENT = """
import signal, subprocess, sys, time
from modulo_web.children import dies_with_parent
child = subprocess.Popen(["sleep", "60"], preexec_fn=dies_with_parent(signal.SIGKILL))
print(child.pid, flush=True)
time.sleep(60)
"""


def gone(pid: int, seconds: float = 5.0) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        state = Path(f"/proc/{pid}/stat")
        if not state.exists() or state.read_text().rpartition(")")[2].split()[0] == "Z":
            return True
        time.sleep(0.02)
    return False


@pytest.mark.skipif(sys.platform != "linux", reason="other kernels cannot signal the children of a killed process")
def test_a_child_of_a_killed_parent_dies_with_it():
    with subprocess.Popen([PYTHON, "-c", PARENT], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert not gone(pid, 0.1)
        parent.kill()
    assert gone(pid)


def test_what_a_child_prints_goes_to_its_log(tmp_path: Path):
    child = Child(Part(name="loud", command=[PYTHON, "-c", "print('hello'); import sys; sys.exit(3)"]), tmp_path)
    child.start()
    assert child.process is not None
    child.process.wait(10)
    assert child.ended() == 3
    assert (tmp_path / "loud.log").read_text() == "hello\n"


def test_a_child_that_keeps_failing_waits_longer_each_time(tmp_path: Path):
    child = Child(Part(name="sick", command=["false"]), tmp_path)
    pauses = []
    for _ in range(8):
        child.start()
        assert child.process is not None
        child.process.wait(10)
        child.ended()
        pauses.append(round(child.due_at - time.monotonic(), 1))
    assert pauses == [0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0, 5.0]


def test_ending_a_child_ends_what_it_left_in_its_group(tmp_path: Path):
    child = Child(Part(name="parent", command=["sh", "-c", "sleep 60 & echo $!; wait"]), tmp_path)
    child.start()
    while not (tmp_path / "parent.log").read_text():
        time.sleep(0.01)
    grandchild = int((tmp_path / "parent.log").read_text())
    child.end_group()
    assert gone(grandchild)


def test_a_child_is_not_in_the_group_that_ctrl_c_reaches(tmp_path: Path):
    child = Child(Part(name="quiet", command=["sleep", "60"]), tmp_path)
    child.start()
    assert child.process is not None
    assert os.getpgid(child.process.pid) != os.getpgrp()
    child.signal(signal.SIGTERM)
    assert child.process.wait(5) == -signal.SIGTERM
    child.end_group()


def test_a_log_that_has_grown_is_set_aside_while_its_writer_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(children, "LONGEST_LOG", 10)
    log = tmp_path / "a.log"
    with log.open("a") as writer:
        for text in ("first, long enough\n", "second, long enough\n", "third\n"):
            children.rotate(log)
            writer.write(text)
            writer.flush()
    assert log.read_text() == "third\n"
    assert (tmp_path / "a.log.1").read_text() == "second, long enough\n"
    assert (tmp_path / "a.log.2").read_text() == "first, long enough\n"
