import pytest

from agents.localization.trace import DECAY, locate, located, score
from agents.report import Frame

PATHS = ("src/click/core.py", "src/click/types.py", "other/core.py", "tools/json/decoder.py")


@pytest.mark.parametrize(
    "printed",
    [
        "/srv/venv/lib/python3.12/site-packages/click/core.py",
        "C:\\Users\\me\\venv\\Lib\\site-packages\\click\\core.py",
        "/home/me/click/core.py",
        "src/click/core.py",
    ],
)
def test_the_longest_common_suffix_decides(printed):
    assert locate(printed, PATHS) == "src/click/core.py"


def test_the_standard_library_is_not_the_project():
    assert locate("/usr/lib/python3.11/json/decoder.py", PATHS) == ""


def test_another_installed_package_is_not_the_project():
    assert locate("/venv/lib/python3.11/site-packages/flask/types.py", PATHS) == ""


def test_a_name_that_two_files_share_is_not_guessed():
    assert locate("core.py", PATHS) == ""


def test_frames_lose_weight_outwards():
    frames = (Frame(path="a.py", line=3, function="f"), Frame(path="a.py", line=9, function="g"))
    assert score(frames) == {("a.py", 3): 1.0, ("a.py", 9): DECAY}


def test_a_recursive_frame_keeps_its_innermost_weight():
    frames = (Frame(path="a.py", line=3, function="f"), Frame(path="a.py", line=3, function="f"))
    assert score(frames) == {("a.py", 3): 1.0}


def test_a_frame_of_another_version_finds_its_function_again(known):
    old = Frame(path="/x/site-packages/shop/basket.py", line=2, function="total")
    [frame] = located(known, [old])
    assert known.at(frame.path, frame.line).name == "Basket.total"


def test_foreign_frames_are_dropped(known):
    assert list(located(known, [Frame(path="/usr/lib/python3.11/json/decoder.py", line=1, function="decode")])) == []
