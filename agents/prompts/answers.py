"""Read what a model answered: JSON where JSON was asked, code out of its fence, edits out of search and replace blocks.

Models wrap, explain and cut short. What is recognisable is taken, what is not is `Garbled`; nothing is guessed.
"""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

import msgspec

from agents import codec
from agents.errors import Garbled

T = TypeVar("T")

THOUGHTS = re.compile(r"\A\s*<think>.*?</think>", re.DOTALL)
FENCE = re.compile(r" {0,3}(?P<mark>`{3,}|~{3,})[ \t]*(?P<kind>[\w+-]*)")
PYTHON = frozenset({"", "python", "py", "python3"})
SEARCH = re.compile(r"<{5,9} SEARCH\s*")
PATH = re.compile(r"[\s`*#]*(?P<path>[^\s`*#:]*[./][^\s`*#:]*)[\s`*#:]*")
LONGEST_PATH = 1000
JSON_STARTS = 50  # a text with more opening braces than this before its JSON was not written to be read


@dataclass(frozen=True, slots=True, kw_only=True)
class Replacement:
    """Replace the one occurrence of `search` in the file `path` (as the model named it: hostile) by `replace`."""

    path: str
    search: str
    replace: str


def as_json(text: str, kind: type[T]) -> T:
    """Return the first JSON object in `text` that fits `kind`; raises `Garbled` when there is none."""
    problem = "it holds no JSON object"
    for data in _objects(THOUGHTS.sub("", text)):
        try:
            return codec.from_json(kind, data)
        except msgspec.ValidationError as misfit:
            problem = str(misfit)
    raise Garbled(f"The model's answer is not the JSON that was asked for: {problem}.")


def code(text: str) -> str:
    """Return the longest fenced block of Python in `text`; raises `Garbled` when there is none."""
    blocks = [body for kind, body in _fenced(_lines(text)) if kind in PYTHON]
    if not blocks:
        raise Garbled("The model's answer holds no fenced block of Python.")
    return max(blocks, key=len)


def replacements(text: str) -> tuple[Replacement, ...]:
    """Return the search and replace blocks of `text`, in order; raises `Garbled` when there is none.

    A block without a path of its own goes to the file of the block before it.
    """
    found = tuple(_edits(_lines(text)))
    if not found:
        raise Garbled("The model's answer holds no complete search and replace block.")
    return found


def _fenced(lines: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Kind and body of each fenced block that is closed."""
    rest = iter(lines)
    for line in rest:
        if opened := FENCE.match(line):
            body, closed = _until(rest, opened["mark"])
            if closed:
                yield opened["kind"].lower(), body


def _edits(lines: Iterable[str]) -> Iterator[Replacement]:
    """The blocks that are complete, each with the path last named before it."""
    rest, path = iter(lines), ""
    for line in rest:
        if SEARCH.fullmatch(line):
            size = line.count("<")
            search, divided = _until(rest, "=" * size)
            replace, closed = _until(rest, ">" * size + " REPLACE")
            if path and divided and closed and line not in replace:
                yield Replacement(path=path, search=search, replace=replace)
        elif named := PATH.fullmatch(line[:LONGEST_PATH]):
            path = named["path"]


def _until(rest: Iterator[str], mark: str) -> tuple[str, bool]:
    """The text up to the line `mark`, and whether that line came."""
    body: list[str] = []
    for line in rest:
        if line.strip() == mark:
            return "".join(body), True
        body.append(f"{line}\n")
    return "", False


def _lines(text: str) -> list[str]:
    return THOUGHTS.sub("", text).replace("\r\n", "\n").split("\n")


def _objects(text: str) -> Iterator[object]:
    """The JSON objects in `text`, outermost first, whatever stands around them."""
    decoder, start = json.JSONDecoder(parse_constant=_refuse), text.find("{")
    for _ in range(JSON_STARTS):
        if start < 0:
            return
        try:
            data, end = decoder.raw_decode(text, start)
        except (ValueError, RecursionError):  # not JSON, a number of thousands of digits, thousands of brackets
            end = start + 1
        else:
            yield data
        start = text.find("{", end)


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")
