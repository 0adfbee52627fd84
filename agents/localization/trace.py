"""Which functions does the traceback pass through? The innermost frame of the project counts most."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import PurePosixPath

from agents.localization.functions import Function, Index
from agents.report import Frame

DECAY = 0.7  # what a frame counts, compared with the one it called

INSTALLED = re.compile(r"(?:^|/)(?:site-packages|dist-packages)/(.+)$")
INTERPRETER = re.compile(r"(?:^|/)(?:lib(?:64)?/python\d[\d.]*|Lib|<frozen [\w.]+>)(?:/|$)")


def score(frames: Sequence[Frame]) -> dict[tuple[str, int], float]:
    """{(path, line): weight} of `frames`, innermost first, whose paths are the repository's."""
    scores: dict[tuple[str, int], float] = defaultdict(float)
    for depth, frame in enumerate(frames):
        place = (frame.path, frame.line)
        scores[place] = max(scores[place], DECAY**depth)
    return dict(scores)


def located(index: Index, frames: Iterable[Frame]) -> Iterator[Frame]:
    """The frames that lie in the repository, under its paths; the line is moved when the function has moved since."""
    for frame in frames:
        path = locate(frame.path, index.by_path)
        if path:
            owner = _owner(index, path, frame)
            yield replace(frame, path=path, line=frame.line if owner is None else owner.body + 1)


def _owner(index: Index, path: str, frame: Frame) -> Function | None:
    """The function the frame means when its line lies elsewhere in this version of the file."""
    here = index.at(path, frame.line)
    name = frame.function.rpartition(".")[2]
    if here is None or here.name.rpartition(".")[2] == name or name.startswith("<"):
        return None
    same = [function for function in index.by_path[path] if function.name.rpartition(".")[2] == name]
    return min(same, key=lambda function: abs(function.body - frame.line), default=None)


def locate(printed: str, paths: Iterable[str]) -> str:
    """The file of the repository a traceback's path means, "" when none: the longest common suffix decides.

    A path of an installed package must match from the package on; one of the interpreter itself never matches.
    """
    clean = printed.replace("\\", "/")
    if installed := INSTALLED.search(clean):
        whole = installed[1]
        return min((path for path in paths if _ends_with(path, whole)), key=len, default="")
    if INTERPRETER.search(clean):
        return ""
    return _longest_suffix(clean, paths)


def _longest_suffix(printed: str, paths: Iterable[str]) -> str:
    best, length, tied = "", 0, False
    for path in paths:
        common = _common_suffix(printed, path)
        if common > length:
            best, length, tied = path, common, False
        elif common == length and common:
            tied = True
    return "" if tied else best


def _ends_with(path: str, suffix: str) -> bool:
    return path == suffix or path.endswith(f"/{suffix}")


def _common_suffix(one: str, other: str) -> int:
    """How many trailing components two paths share."""
    pairs = zip(reversed(PurePosixPath(one).parts), reversed(PurePosixPath(other).parts), strict=False)
    shared = 0
    for left, right in pairs:
        if left != right:
            break
        shared += 1
    return shared
