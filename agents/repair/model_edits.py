"""A model's search and replace blocks, applied strictly: each block must occur exactly once."""

from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from agents.errors import Garbled
from agents.repair.difference import Change
from agents.source import read

Block = tuple[str, str, str]  # path, search, replace


def apply(root: Path, blocks: Iterable[Block], allowed: Iterable[str]) -> tuple[Change, ...]:
    """The files the blocks change; raises `Garbled` for a file that was not shown or lines that do not match."""
    texts: dict[str, tuple[str, str]] = {}
    for path, search, replace in blocks:
        name = _known(path, tuple(allowed))
        old, new = texts.get(name) or (_text(root, name),) * 2
        texts[name] = (old, _replaced(new, search, replace, name))
    return tuple(Change(path, old, new) for path, (old, new) in texts.items() if old != new)


def _known(path: str, allowed: tuple[str, ...]) -> str:
    """The file that was meant: a model drops or invents leading directories."""
    wanted = PurePosixPath(path.removeprefix("./").removeprefix("a/"))
    hits = [name for name in allowed if PurePosixPath(name) == wanted]
    hits = hits or [name for name in allowed if name.endswith(f"/{wanted}") or str(wanted).endswith(f"/{name}")]
    if len(hits) != 1:
        raise Garbled(f"The model changes {path!r}, which is not one of the files it was shown.")
    return hits[0]


def _text(root: Path, path: str) -> str:
    text = read(root, path)
    if text is None:
        raise Garbled(f"The model changes {path}, which is no UTF-8 text file of this commit.")
    return text


def _replaced(text: str, search: str, replace: str, path: str) -> str:
    if "\r\n" in text:
        search, replace = (part.replace("\r\n", "\n").replace("\n", "\r\n") for part in (search, replace))
    if not search.strip():
        raise Garbled(f"A block for {path} has nothing under SEARCH.")
    count = text.count(search)
    if count == 0 and not text.endswith("\n") and text.endswith(search.rstrip("\r\n")):
        return text.removesuffix(search.rstrip("\r\n")) + replace.rstrip("\r\n")
    if count != 1:
        raise Garbled(f"The lines under SEARCH for {path} occur {count} times; they must occur once.")
    return text.replace(search, replace)
