"""What a server answers, chunk by chunk, believed only as far as it makes sense."""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from agents.context import Delta, ModelReply, ModelRequest
from agents.errors import Dropped, Garbled, ModelProblem
from agents.llm import problems
from agents.llm.layer import Batch

DONE = b"[DONE]"
BYTES_PER_TOKEN = 4.2  # of prompts in English and Python; used where a server does not count
MOST_TOKENS = 100_000_000  # a count above this is a lie


class Said(msgspec.Struct):
    content: Any = None


class Choice(msgspec.Struct):
    """`delta` in a stream, `message` in an answer that comes whole."""

    delta: Said | None = None
    message: Said | None = None
    finish_reason: str | None = None


class Chunk(msgspec.Struct):
    """One event. `usage` and `error` are taken as they come: a lie in them spoils nothing else."""

    choices: list[Choice] | None = None
    usage: Any = None
    error: Any = None
    object: Any = None
    message: Any = None


CHUNKS = msgspec.json.Decoder(Chunk)


class Answer:
    """Collects one call's answer. `finish_reason` is set once the model said all it had to say."""

    def __init__(self, request: ModelRequest, model: str) -> None:
        self.request = request
        self.model = model
        self.parts: list[str] = []
        self.counts = Counts()
        self.finish_reason = ""
        self.begun = False
        self.done = False
        self.problem: ModelProblem | None = None

    @property
    def spoke(self) -> bool:
        return bool(self.parts)

    def take(self, payloads: Sequence[bytes]) -> Batch:
        """The text in `payloads`, up to the end or the problem one of them tells of: then the answer is `done`."""
        batch: Batch = []
        for payload in payloads:
            if self.done or payload == DONE:
                self.done = True
                break
            if text := self._understood(payload):
                self.parts.append(text)
                batch.append(Delta(text))
        return batch

    def reply(self) -> ModelReply:
        """The reply, when nothing more will come; raises the `ModelProblem` that kept the answer from being one."""
        if self.problem:
            raise self.problem
        if not self.begun:
            raise Garbled("The model server's answer holds no completion.", hint=problems.ADDRESS_HINT)
        if not (self.done or self.finish_reason):
            raise Dropped("The model server ended its answer before it was finished.", hint="Run the stage again.")
        text = "".join(self.parts)
        return ModelReply(
            key=self.request.key,
            sample=self.request.sample,
            text=text,
            model=self.model,
            finish_reason=self.finish_reason or "stop",
            tokens_in=self.counts.tokens_in or estimate(message.text for message in self.request.messages),
            tokens_out=self.counts.tokens_out or estimate([text]),
            tokens_cached=self.counts.tokens_cached,
        )

    def _understood(self, payload: bytes) -> str:
        try:
            return self._text(decode(payload))
        except ModelProblem as problem:
            self.problem, self.done = problem, True
            return ""

    def _text(self, chunk: Chunk) -> str:
        if chunk.error or chunk.object == "error":
            raise problems.in_stream(chunk.error or chunk.message)
        self.counts.read(chunk.usage)
        self.begun = self.begun or chunk.choices is not None
        text = ""
        for choice in (chunk.choices or [])[:1]:  # one is asked for
            self.finish_reason = (choice.finish_reason or self.finish_reason)[:30]
            text = said(choice)
        return text


class Counts:
    """The tokens of a call as the server counts them; 0 where it does not, or where the number makes no sense."""

    def __init__(self) -> None:
        self.tokens_in = self.tokens_out = self.tokens_cached = 0

    def read(self, usage: Any) -> None:
        if isinstance(usage, dict):
            self.tokens_in = _count(usage.get("prompt_tokens")) or self.tokens_in
            self.tokens_out = _count(usage.get("completion_tokens")) or self.tokens_out
            details = usage.get("prompt_tokens_details")
            cached = _count(details.get("cached_tokens")) if isinstance(details, dict) else 0
            self.tokens_cached = min(cached, self.tokens_in)


def decode(payload: bytes) -> Chunk:
    try:
        return CHUNKS.decode(payload)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as misfit:
        raise Garbled(f"The model server sent what is not a chat completion: {misfit}.") from misfit


def said(choice: Choice) -> str:
    """The text in a choice; some servers send it in a list of parts. No database keeps a NUL."""
    content = (choice.delta or choice.message or Said()).content
    if isinstance(content, list):
        content = "".join(str(part.get("text") or "") for part in content if isinstance(part, dict))
    return content.replace("\0", "\ufffd") if isinstance(content, str) else ""


def estimate(texts: Iterable[str]) -> int:
    """About how many tokens `texts` are."""
    return round(sum(len(text.encode(errors="replace")) for text in texts) / BYTES_PER_TOKEN)


def _count(value: Any) -> int:
    return value if type(value) is int and 0 < value < MOST_TOKENS else 0
