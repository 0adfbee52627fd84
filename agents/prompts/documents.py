"""Fill in a prompt document: what the model is told, with everything foreign fenced off as data.

A prompt `<name>` is up to three files beside this one: `<name>.system.md` (who the model is; no variables),
`<name>.user.md` (the task) and `<name>.schema.json` (the shape of the answer, when JSON is asked for).
In a user document

    {{name}}                a short value on one line, such as a number
    {{name|data}}           a fenced block of foreign text
    <!-- source: code -->   starts the next block of the page "What the model saw"

The stable part comes first, so that a server that caches prefixes can use it for every call of a kind.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import Any

from agents.context import Message
from agents.errors import AgentError
from agents.prompts.fence import fenced, one_line

HERE = Path(__file__).parent
VARIABLE = re.compile(r"\{\{\s*(\w+)\s*(\|\s*data\s*)?\}\}")
SOURCE = re.compile(r"^<!-- source: (\w+) -->\n", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """A prompt ready to send. `id` is "name@hash" of the documents; `json_schema` is set when JSON is asked for."""

    messages: tuple[Message, ...]
    id: str
    json_schema: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Prompt:
    name: str
    system: str
    user: str
    json_schema: dict[str, Any] | None
    id: str

    @property
    def variables(self) -> frozenset[str]:
        return frozenset(found[1] for found in VARIABLE.finditer(self.user))


def names() -> tuple[str, ...]:
    """The prompts there are."""
    return tuple(sorted(path.name.removesuffix(".user.md") for path in HERE.glob("*.user.md")))


def render(name: str, **values: str | int) -> Rendered:
    """Return the prompt `name` with `values` filled in; they must be exactly the variables of its document."""
    prompt = load(name)
    if prompt.variables != values.keys():
        raise AgentError(_mismatch(prompt, values))
    system = Message(role="system", text=prompt.system)
    return Rendered(messages=(system, *_user_blocks(prompt, values)), id=prompt.id, json_schema=prompt.json_schema)


@cache
def load(name: str) -> Prompt:
    if name not in names():
        raise AgentError(f"There is no prompt named {name!r}; there are {', '.join(names())}.")
    texts = [(HERE / f"{name}.{part}").read_text() for part in ("system.md", "user.md")]
    schema = HERE / f"{name}.schema.json"
    texts.append(schema.read_text() if schema.exists() else "")
    version = blake2b("\0".join(texts).encode(), digest_size=6).hexdigest()
    json_schema = json.loads(texts[2]) if texts[2] else None
    return Prompt(name, texts[0].strip(), texts[1].strip(), json_schema, f"{name}@{version}")


def _user_blocks(prompt: Prompt, values: Mapping[str, str | int]) -> list[Message]:
    first, *rest = SOURCE.split(prompt.user)
    blocks = [("prompt", first), *zip(rest[::2], rest[1::2], strict=True)]
    return [Message(role="user", text=_fill(text, values), source=source) for source, text in blocks if text.strip()]


def _fill(text: str, values: Mapping[str, str | int]) -> str:
    def value(found: re.Match[str]) -> str:
        text = str(values[found[1]])
        return fenced(found[1], text) if found[2] else one_line(text)

    return VARIABLE.sub(value, text.strip())


def _mismatch(prompt: Prompt, values: Mapping[str, object]) -> str:
    missing = ", ".join(sorted(prompt.variables - values.keys())) or "none"
    unknown = ", ".join(sorted(values.keys() - prompt.variables)) or "none"
    return f"The prompt {prompt.name!r} was given the wrong values (missing: {missing}; unknown: {unknown})."
