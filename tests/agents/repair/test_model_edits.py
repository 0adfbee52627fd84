"""A model's blocks apply strictly, or are refused with a sentence that names the file."""

from pathlib import Path

import pytest

from agents.errors import Garbled
from agents.repair.difference import Change
from agents.repair.model_edits import apply

TEXT = "def f(a):\n    return a\n\n\ndef g(a):\n    return a + 1\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "m.py").write_bytes(TEXT.encode())
    (tmp_path / "src" / "w.py").write_bytes(TEXT.replace("\n", "\r\n").encode())
    return tmp_path


def test_blocks_of_one_file_add_up(root: Path) -> None:
    blocks = [("src/m.py", "def f(a):\n", "def f(b):\n"), ("src/m.py", "    return a\n\n", "    return b\n\n")]
    assert apply(root, blocks, ["src/m.py"]) == (
        Change("src/m.py", TEXT, TEXT.replace("f(a):\n    return a\n", "f(b):\n    return b\n")),
    )


def test_a_file_named_without_its_directory_is_found(root: Path) -> None:
    (change,) = apply(root, [("m.py", "a + 1", "a + 2")], ["src/m.py", "src/w.py"])
    assert change.path == "src/m.py"


def test_line_ends_of_the_file_stay(root: Path) -> None:
    (change,) = apply(root, [("src/w.py", "    return a\n\n", "    a += 1\n    return a\n\n")], ["src/w.py"])
    assert change.new.count("\n") == change.new.count("\r\n") == change.old.count("\n") + 1


@pytest.mark.parametrize(
    "block",
    [
        ("src/m.py", "return a", "return b"),
        ("src/m.py", "nowhere", "x"),
        ("other.py", "a", "b"),
        ("src/m.py", "\n", "x"),
    ],
)
def test_a_block_that_does_not_fit_exactly_once_is_refused(root: Path, block: tuple[str, str, str]) -> None:
    with pytest.raises(Garbled, match=r"m\.py|other\.py"):
        apply(root, [block], ["src/m.py"])
