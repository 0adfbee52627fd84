"""Five abuses: each is ended within its limit and reported as what it is, and the host stays unharmed."""

import time
from pathlib import Path

import pytest

from tests.agents.sandbox.conftest import USERS, Visit

RUNGS = ("bwrap", "namespaces", "rlimits")
ISOLATING = RUNGS[:2]

on_every_rung = pytest.mark.parametrize("rung", RUNGS)
as_every_user = pytest.mark.parametrize("user", USERS)

MIB = 1 << 20


@on_every_rung
@as_every_user
def test_one_process_that_eats_memory_is_ended(rung: str, user: str, visit: Visit) -> None:
    eats = f"kept = []\nwhile len(kept) < 40: kept.append(bytearray({8 * MIB}))\nprint('ate')"
    assert visit("", user, eats)["stdout"] == "ate\n"
    endless = eats.replace("len(kept) < 40", "True")
    assert visit(rung, user, endless, memory_bytes=160 * MIB)["ended"] == "memory"


TREE = f"""
import os, time
for _ in range(6):
    if os.fork() == 0:
        kept = b'x' * {60 * MIB}
        time.sleep(30)
time.sleep(30)
"""


@on_every_rung
@as_every_user
def test_a_tree_of_processes_may_not_eat_together_what_one_may_not(rung: str, user: str, visit: Visit) -> None:
    done = visit(rung, user, TREE, memory_bytes=200 * MIB)
    assert done["ended"] == "memory"
    assert done["seconds"] < 15


BOMB = """
import os, time
forks = 0
while forks < 200:
    try:
        if os.fork() == 0:
            time.sleep(60)
            os._exit(0)
    except OSError:
        break
    forks += 1
print(forks, flush=True)
os._exit(0)
"""


@on_every_rung
@as_every_user
def test_a_fork_bomb_goes_no_further_than_its_limit(rung: str, user: str, visit: Visit) -> None:
    done = visit(rung, user, BOMB, processes=40)
    assert 20 < int(done["stdout"]) <= 40


FILL = f"""
import os, time
time.sleep(.3)
for name in 'abcdefghijklmnop':
    open(os.environ['TMPDIR'] + '/' + name, 'wb').write(b'x' * {4 * MIB})
"""


@pytest.mark.parametrize("rung", ISOLATING)
@as_every_user
def test_many_files_below_the_file_limit_fill_the_disk_and_no_more(rung: str, user: str, visit: Visit) -> None:
    done = visit(rung, user, FILL, disk_bytes=40 * MIB, file_bytes=5 * MIB)
    assert done["ended"] == "disk"
    assert "No space left" in done["stderr"]


@on_every_rung
@as_every_user
def test_one_file_grows_no_further_than_its_limit(rung: str, user: str, visit: Visit) -> None:
    grow = f"import os\nopen(os.environ['TMPDIR'] + '/big', 'wb').write(b'x' * {20 * MIB})"
    done = visit(rung, user, grow, file_bytes=5 * MIB)
    assert done["exit_code"] != 0
    assert "File too large" in done["stderr"]


def test_without_file_systems_of_its_own_the_files_are_added_up(visit: Visit) -> None:
    assert visit("rlimits", USERS[0], f"{FILL}\ntime.sleep(20)", disk_bytes=20 * MIB)["ended"] == "disk"


DAEMON = """
import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        for fd in range(3): os.close(fd)
        time.sleep(1.6)
        open({marker!r}, 'w').close()
    os._exit(0)
{then}
"""


@on_every_rung
@as_every_user
@pytest.mark.parametrize("then", ["time.sleep(60)", "time.sleep(.3)"])
def test_a_daemon_does_not_outlive_its_job(then: str, rung: str, user: str, visit: Visit, open_directory: Path) -> None:
    open_directory.chmod(0o777)
    marker = open_directory / "marker"
    daemon = DAEMON.format(marker=str(marker), then=then)
    done = visit(rung, user, daemon, writable=[open_directory], wall_s=1)
    assert done["ended"] == ("timed_out" if "60" in then else "exited")
    time.sleep(1.8)
    assert not marker.exists()


def test_without_a_sandbox_the_daemon_leaves_its_marker(visit: Visit, open_directory: Path) -> None:
    open_directory.chmod(0o777)
    marker = open_directory / "marker"
    visit("", USERS[0], DAEMON.format(marker=str(marker), then=""))
    time.sleep(2.5)
    assert marker.exists()


@on_every_rung
@as_every_user
def test_endless_output_is_cut(rung: str, user: str, visit: Visit) -> None:
    done = visit(rung, user, "while True: print('x' * 1000)", output_bytes=MIB)
    assert done["ended"] == "output"
    assert len(done["stdout"]) <= MIB


@on_every_rung
@as_every_user
def test_endless_work_is_ended_in_time(rung: str, user: str, visit: Visit) -> None:
    done = visit(rung, user, "while True: pass", wall_s=1)
    assert done["ended"] == "timed_out"
    assert done["seconds"] < 8
