"""One call to an OpenAI-compatible server: the library finds and pays it, the bytes of its answer are read here.

Reading them here costs a sixth of the processor time, and shows what the library hides: comments that only keep the
connection open, an error in mid-stream, an answer that ends before it is finished.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, contextmanager
from typing import Any

import aiohttp
import httpx2
import openai

from agents.context import ModelRequest
from agents.errors import ContextTooLong, Dropped, Garbled, ModelProblem, Stalled
from agents.llm import clients, problems
from agents.llm.answer import Answer
from agents.llm.dialect import Dialect
from agents.llm.layer import Stream
from agents.llm.settings import ModelSettings
from agents.llm.sse import Events, Whole
from agents.llm.watch import Watch

ANSWER_LIMIT = 32 << 20  # bytes, far above the longest answer any model gives
NETWORK = (openai.APIConnectionError, httpx2.HTTPError, httpx2.StreamError, aiohttp.ClientError, OSError)


class OpenAIModel:
    """`stream` makes one attempt: it ends with a reply, or raises the `ModelProblem` that ended it."""

    offline = False

    def __init__(self, settings: ModelSettings) -> None:
        self.name = settings.model
        self.settings = settings
        self.dialect = Dialect()

    async def stream(self, request: ModelRequest) -> Stream:
        watch = Watch(self.settings.first_token_s, self.settings.between_s)
        answer = Answer(request, self.name)
        async with AsyncExitStack() as connection:
            response = await self._send(request, watch, connection)
            reads, cutter = Reads(response, watch), _cutter(response)
            while data := await reads.next(answer):
                if payloads := cutter.feed(data):
                    yield answer.take(payloads)
                    watch.heard(answer.spoke)
                if answer.done:
                    break
            yield answer.take(cutter.close())
        yield [answer.reply()]

    async def _send(self, request: ModelRequest, watch: Watch, connection: AsyncExitStack) -> Any:
        """The head of the answer. A server that refuses a parameter by name is asked again without it."""
        while True:
            body = self.dialect.body(request, self.name)
            try:
                with translated(begun=False):
                    completions = clients.client(self.settings).chat.completions
                    sending = completions.with_streaming_response.create(**body)
                    return await watch.over(connection.enter_async_context(sending))
            except ModelProblem as problem:
                if isinstance(problem, ContextTooLong) or not self._learns(body, problem.__cause__):
                    raise

    def _learns(self, body: dict[str, Any], cause: BaseException | None) -> bool:
        if not isinstance(cause, openai.APIStatusError) or cause.status_code not in (400, 422):
            return False
        return self.dialect.learns(body, cause.param or "", str(cause.body))


class Reads:
    """The bytes of an answer as they come."""

    def __init__(self, response: Any, watch: Watch) -> None:
        self.body: AsyncIterator[bytes] = response.iter_bytes()
        self.watch = watch
        self.size = 0

    async def next(self, answer: Answer) -> bytes:
        """The next bytes, b"" at the end. A connection that fails once everything was said has merely ended."""
        try:
            with translated(begun=True):
                data = await self.watch.over(anext(self.body, b""))
        except (Stalled, Dropped):
            if not answer.finish_reason:
                raise
            return b""
        self.size += len(data)
        if self.size > ANSWER_LIMIT:
            raise Garbled(f"The model server's answer has more than {ANSWER_LIMIT >> 20} MB and no end.")
        return data


@contextmanager
def translated(*, begun: bool) -> Iterator[None]:
    """Turn what the library raises into a `ModelProblem`; `begun` says whether the answer had begun."""
    try:
        yield
    except openai.APIStatusError as error:
        raise problems.from_status(error.status_code, error.response.headers, error.body) from error
    except NETWORK as error:
        raise problems.from_network(error, begun) from error
    except (openai.OpenAIError, httpx2.InvalidURL, ValueError) as error:
        raise problems.unsendable(error) from error


def _cutter(response: Any) -> Events | Whole:
    kind = response.headers.get("content-type", "")
    return Whole() if kind.startswith("application/json") else Events()
