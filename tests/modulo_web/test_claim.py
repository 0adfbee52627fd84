"""Who works on a data directory."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from modulo_web.claim import Claim, Holder

HOLD = """
import pathlib, sys
from modulo_web.claim import Claim
claim = Claim(pathlib.Path(sys.argv[1]))
print(claim.take("up"), flush=True)
input()
"""


@pytest.fixture
def claim(tmp_path: Path) -> Iterator[Callable[[], Claim]]:
    """Makes claims on one directory, as several processes would."""
    made: list[Claim] = []

    def make() -> Claim:
        made.append(Claim(tmp_path))
        return made[-1]

    yield make
    for each in made:
        each.release()


def test_a_directory_has_one_holder(claim: Callable[[], Claim]):
    first, second = claim(), claim()
    assert first.take("up")
    assert not second.take("triage")
    assert first.held
    assert not second.held


def test_a_released_directory_can_be_taken_again(claim: Callable[[], Claim]):
    first, second = claim(), claim()
    first.take("up")
    first.release()
    assert first.holder() is None
    assert second.take("triage")


def test_others_read_who_holds_it_and_where_its_pages_are(claim: Callable[[], Claim]):
    mine = claim()
    mine.take("up")
    mine.tell(Holder(pid=7, what="up", address="http://127.0.0.1:8000"))
    assert claim().holder() == Holder(pid=7, what="up", address="http://127.0.0.1:8000")


def test_the_claim_of_a_killed_process_is_free(claim: Callable[[], Claim], tmp_path: Path):
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"True\n"
        assert not claim().take("up")
        holder.kill()
    assert claim().take("up")


def test_a_damaged_note_of_the_holder_is_read_as_none(claim: Callable[[], Claim], tmp_path: Path):
    mine = claim()
    mine.take("up")
    (tmp_path / "run" / "holder.json").write_text("{")
    assert mine.holder() is None
