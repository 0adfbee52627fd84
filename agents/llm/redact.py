"""Nothing secret leaves: what is stored, what is sent and what is shown are the same redacted text."""

from collections.abc import Callable
from contextlib import aclosing
from dataclasses import replace

from agents.context import CallNotice, Delta, ModelReply, ModelRequest
from agents.llm.layer import Layer, Stream


class Redacted:
    """Passes on requests whose texts went through `redact`; what a server says of a failure goes through it as well."""

    offline = False

    def __init__(self, model: Layer, redact: Callable[[str], str]) -> None:
        self.model = model
        self.name = model.name
        self.redact = redact

    async def stream(self, request: ModelRequest) -> Stream:
        messages = tuple(replace(message, text=self.redact(message.text)) for message in request.messages)
        async with aclosing(self.model.stream(replace(request, messages=messages))) as batches:
            async for batch in batches:
                yield [self._clean(item) for item in batch]

    def _clean(self, item: Delta | CallNotice | ModelReply) -> Delta | CallNotice | ModelReply:
        match item:
            case CallNotice(detail=detail) if detail:
                return replace(item, detail=self.redact(detail))
            case ModelReply(error_text=text) if text:
                return replace(item, error_text=self.redact(text))
        return item
