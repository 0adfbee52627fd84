"""A request as a chat completions API wants it, and what one server was found to refuse."""

from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from agents.context import ModelRequest

ROOM_TO_THINK = 8192  # tokens


@dataclass
class Dialect:
    """How one server wants to be asked. What it refuses by name is left out, or said its way, from then on."""

    refused: set[str] = field(default_factory=set)

    def body(self, request: ModelRequest, model: str) -> dict[str, Any]:
        """`request` as the body of a chat completion, without what this server is known to refuse."""
        wanted: dict[str, Any] = {
            **self._limit(request),
            "temperature": request.temperature,
            "stream_options": {"include_usage": True},
        }
        if request.sample:
            wanted["seed"] = request.sample  # servers at home would say the same thing for each sample
        if request.json_schema:
            wanted["response_format"] = _response_format(request)
        kept = {name: value for name, value in wanted.items() if name not in self.refused}
        return {"model": model, "messages": messages(request), "stream": True, **kept}

    def _limit(self, request: ModelRequest) -> dict[str, int]:
        """Models that refuse `max_tokens` think before they speak, and their thoughts count."""
        if "max_tokens" in self.refused:
            return {"max_completion_tokens": request.max_tokens + ROOM_TO_THINK}
        return {"max_tokens": request.max_tokens}

    def learns(self, body: dict[str, Any], param: str, words: str) -> bool:
        """Does a refusal name something of `body` that one can do without? Then it is left out from now on."""
        optional = body.keys() - {"model", "messages", "stream"}
        named = {name for name in optional if name == param.split(".")[0] or name in words}
        if "max_tokens" in named:
            named = {"max_tokens"}  # whoever refuses it recommends its successor in the same breath
        self.refused |= named
        return bool(named)


def messages(request: ModelRequest) -> list[dict[str, str]]:
    """The messages, neighbours of one role joined: some servers insist on roles that alternate."""
    joined = groupby(request.messages, key=lambda message: message.role)
    return [{"role": role, "content": "\n\n".join(_sendable(one.text) for one in group)} for role, group in joined]


def _sendable(text: str) -> str:
    """`text` without lone surrogates, which have no place in UTF-8."""
    return text.encode(errors="replace").decode()


def _response_format(request: ModelRequest) -> dict[str, Any]:
    name = "".join(letter if letter.isalnum() else "_" for letter in request.purpose)[:60] or "answer"
    return {"type": "json_schema", "json_schema": {"name": name, "strict": True, "schema": request.json_schema}}
