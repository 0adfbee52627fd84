"""A broker of our own on a unix socket."""

import os
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from modulo_web import broker


@pytest.fixture
def started(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    server = broker.available()
    assert server is not None
    socket = tmp_path / "run" / "s"
    directory = broker.prepare(server, socket, tmp_path)
    with subprocess.Popen(broker.command(server, socket, directory), stdout=subprocess.DEVNULL) as process:
        assert broker.wait(f"unix://{socket}", 10)
        yield process, socket
        process.kill()


def test_the_packaged_server_is_there_when_none_is_installed():
    found = broker._packaged()
    assert found is not None
    assert os.access(found.program, os.X_OK)


def test_only_its_owner_may_talk_to_it(started: tuple[subprocess.Popen[bytes], Path]):
    _, socket = started
    assert stat.S_IMODE(socket.stat().st_mode) == 0o700
    assert stat.S_IMODE(socket.parent.stat().st_mode) == 0o700


def test_what_it_was_given_survives_being_killed(started: tuple[subprocess.Popen[bytes], Path], tmp_path: Path):
    process, socket = started
    server = broker.available()
    assert server is not None
    with broker.client(f"unix://{socket}") as redis:
        redis.set("hint", "kept")
    process.kill()
    process.wait()
    again = broker.command(server, socket, broker.prepare(server, socket, tmp_path))
    with subprocess.Popen(again, stdout=subprocess.DEVNULL) as second:
        assert broker.wait(f"unix://{socket}", 10)
        with broker.client(f"unix://{socket}") as redis:
            assert redis.get("hint") == b"kept"
        second.kill()


def test_an_orphan_can_be_ended_and_its_absence_is_no_error(started: tuple[subprocess.Popen[bytes], Path]):
    process, socket = started
    broker.end_orphan(f"unix://{socket}")
    assert process.wait(5) == 0
    broker.end_orphan(f"unix://{socket}")


def test_a_socket_directory_of_somebody_else_is_refused(tmp_path: Path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(PermissionError, match="belongs to somebody else"):
        broker.private(tmp_path / "link")


def test_a_broker_that_is_not_there_does_not_answer(tmp_path: Path):
    assert not broker.wait(f"unix://{tmp_path}/nobody", 0.1)
