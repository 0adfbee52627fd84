"""What the simulated model says: deterministic, in the shape that was asked for, and not always right."""

import json
import random
import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

WORDS = (
    *("the value", "comes from", "a loop", "that ends", "one step early", "because", "its bound", "is compared"),
    *("before it", "is raised", "so that", "each caller", "reads a state", "already replaced", "the last item"),
)
BLOCK = re.compile(r"^<<<DATA (\w+) (\w+)\n(.*?)\nDATA \1 \2>>>$", re.M | re.S)
MARGIN = re.compile(r"^\s*(\d+)\s*[|:]\s?")
PATH = re.compile(r"[\w./-]+\.py\b")
FLIPS = (
    (" <= ", " < "),
    (" < ", " <= "),
    (" >= ", " > "),
    (" > ", " >= "),
    (" == ", " != "),
    (" - 1", ""),
    (" + 1", ""),
)
PIECE = re.compile(r"\s?\w{1,6}|\s?[^\w\s]{1,3}|\s+")


def reply(body: Mapping[str, Any], chance: random.Random, script: Sequence[tuple[str, str]] = ()) -> str:
    """The answer to a request: the scripted one whose `when` occurs in it, else one of the shape it asks for."""
    said = "\n\n".join(str(message.get("content")) for message in body["messages"])
    for when, scripted in script:
        if when in said:
            return scripted
    blocks = {name: text for name, _, text in BLOCK.findall(said)}
    if schema := _schema(body):
        return json.dumps(_score(blocks, chance) if "score" in schema.get("properties", {}) else fill(schema, chance))
    if ">>>>>>> REPLACE" in said:
        return _edit(blocks.get("sources", ""), chance)
    if "```python" in said:
        return "cannot reproduce: the report does not show how the code is called"
    return prose(chance, 60)


def pieces(text: str, count: int) -> list[str]:
    """`text` cut into tokens; into exactly `count` when that is not 0, with spaces at the end if it is too short."""
    if not count:
        return PIECE.findall(text)
    size, longer = divmod(len(text), count)
    ends = [n * size + min(n, longer) for n in range(count + 1)]
    return [text[begin:end] or " " for begin, end in pairwise(ends)]


def prose(chance: random.Random, words: int) -> str:
    return " ".join(chance.choices(WORDS, k=words)).capitalize() + "."


def fill(schema: Mapping[str, Any], chance: random.Random) -> Any:
    """A value of the schema's shape."""
    match schema.get("type"):
        case "object":
            return {name: fill(part, chance) for name, part in schema.get("properties", {}).items()}
        case "array":
            return [fill(schema.get("items", {}), chance) for _ in range(chance.randint(1, 2))]
        case "integer":
            return chance.randint(0, 100)
        case "number":
            return round(chance.random(), 2)
        case "boolean":
            return chance.random() < 0.5
    return prose(chance, 8)


def _schema(body: Mapping[str, Any]) -> Mapping[str, Any]:
    wanted = body.get("response_format") or {}
    return (wanted.get("json_schema") or {}).get("schema") or {}


def _score(blocks: Mapping[str, str], chance: random.Random) -> dict[str, Any]:
    """A chunk scores by the names it shares with the question, and a little by chance."""
    code = blocks.get("code", "")
    asked = set(re.findall(r"\w{4,}", blocks.get("question", "").lower()))
    hits = [sum(word in line.lower() for word in asked) for line in code.splitlines()] or [0]
    best = hits.index(max(hits))
    score = min(0.95, 0.15 * max(hits) + 0.1 * chance.random())
    function = next(iter(re.findall(r"def (\w+)", "\n".join(code.splitlines()[: best + 1]))[::-1]), "")
    line = MARGIN.match((code.splitlines() or [""])[best])
    reason = f"{max(hits)} words of the symptom occur in one line."
    return {
        "reason": reason,
        "function": function,
        "line": int(line[1]) if line else best + 1,
        "score": round(score, 2),
    }


def _edit(sources: str, chance: random.Random) -> str:
    """One comparison or bound of the sources, turned round."""
    places = [(path, line, old, new) for path, line in _lines(sources) for old, new in FLIPS if old in line]
    if not places:
        return "The code that was shown holds no comparison; I propose no change."
    path, line, old, new = chance.choice(places)
    search = f"<<<<<<< SEARCH\n{line}\n=======\n{line.replace(old, new, 1)}\n>>>>>>> REPLACE"
    return f"The bound in this line looks wrong.\n\n{path}\n{search}\n"


def _lines(sources: str) -> list[tuple[str, str]]:
    """The lines of code in the sources with the path last named before each."""
    found, path = [], ""
    for line in sources.splitlines():
        code = MARGIN.sub("", line)
        named = PATH.search(line)
        if named and code == line:
            path = named[0]
        elif path:
            found.append((path, code))
    return found
