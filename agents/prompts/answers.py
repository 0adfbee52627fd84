"""Read what a model answered: JSON where JSON was asked, code out of its fence, edits out of search and replace blocks.

Models wrap, explain and cut short. What is recognisable is taken, what is not is `Garbled`; nothing is guessed.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar

import msgspec

from agents import codec
from agents.errors import Garbled

T = TypeVar("T")

THOUGHTS = re.compile(r"\A\s*<think>.*?</think>", re.DOTALL)
FENCE = re.compile(r"^(?P<mark>`{3,}|~{3,})[ \t]*(?P<kind>[\w+-]*)[^\n]*\n(?P<body>.*?)^(?P=mark)[ \t]*$", re.M | re.S)
EDIT = re.compile(
    r"^[ \t]*(?P<path>\S[^\n]*?)[ \t]*\n(?:(?:`{3,}|~{3,})[^\n]*\n)?"
    r"<{5,9} SEARCH[ \t]*\n(?P<search>.*?)^={5,9}[ \t]*\n(?P<replace>.*?)^>{5,9} REPLACE[ \t]*$",
    re.M | re.S,
)
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
    blocks = [
        found["body"] for found in FENCE.finditer(_lines(text)) if found["kind"] in ("", "python", "py", "python3")
    ]
    if not blocks:
        raise Garbled("The model's answer holds no fenced block of Python.")
    return max(blocks, key=len)


def replacements(text: str) -> tuple[Replacement, ...]:
    """Return the search and replace blocks of `text`, in order; raises `Garbled` when there is none."""
    found = tuple(
        Replacement(path=match["path"].strip("`*# \t:"), search=match["search"], replace=match["replace"])
        for match in EDIT.finditer(_lines(text))
    )
    if not found:
        raise Garbled("The model's answer holds no complete search and replace block.")
    return found


def _lines(text: str) -> str:
    return THOUGHTS.sub("", text).replace("\r\n", "\n")


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
