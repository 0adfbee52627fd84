"""A simulated model server: the streaming API of OpenAI with seeded times, lengths and faults, on this machine alone.

The same seed behaves the same call by call, in whatever order the calls come: what happens depends on a request's
content and on how often it was sent before. So a call that failed may succeed when it is tried again.
"""

import asyncio
import json
import threading
from collections import Counter, deque
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, TypeVar

from aiohttp import web

from agents.perf import replies
from agents.perf.profile import Draws, Fault, Profile

T = TypeVar("T")

KEPT_CALLS = 10_000
BODY_LIMIT = 64 << 20
JOIN_S = 10.0

Script = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request as it came, and what befell it."""

    body: dict[str, Any]
    fault: Fault
    authorization: str


@dataclass
class Server:
    """A server and what it was asked so far. `url` is what OPENAI_BASE_URL takes, once it listens."""

    profile: Profile
    script: Script = ()
    url: str = ""
    calls: deque[Call] = field(default_factory=lambda: deque(maxlen=KEPT_CALLS))
    seen: Counter[str] = field(default_factory=Counter)
    in_flight: int = 0
    most_in_flight: int = 0

    @property
    def faults(self) -> Counter[str]:
        return Counter(call.fault for call in self.calls)

    def application(self) -> web.Application:
        application = web.Application(client_max_size=BODY_LIMIT)
        application.router.add_get("/v1/models", _models)
        application.router.add_post("/v1/chat/completions", self._complete)
        return application

    async def _complete(self, request: web.Request) -> web.StreamResponse:
        try:
            turn = self._turn(await request.json(), request.headers.get("Authorization", ""))
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            return _error(400, "invalid_request_error", f"The request cannot be read: {error!r}")
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            return await turn.answer(request)
        finally:
            self.in_flight -= 1

    def _turn(self, body: dict[str, Any], authorization: str) -> "Turn":
        content = json.dumps([body["messages"], body.get("seed")])
        key = blake2b(content.encode(), digest_size=8).hexdigest()
        profile = self.profile.for_model(body["model"])
        draws = profile.draws(key, self.seen[key])
        text = replies.reply(body, profile.draws(key).chance, self.script)
        self.seen[key] += 1
        self.calls.append(Call(body=body, fault=draws.fault, authorization=authorization))
        return Turn(body, draws, text)


class Turn:
    """One request being answered."""

    def __init__(self, body: dict[str, Any], draws: Draws, text: str) -> None:
        self.body = body
        self.draws = draws
        limit = body.get("max_tokens") or body.get("max_completion_tokens") or 1 << 20
        tokens = replies.pieces(text, draws.profile.tokens)
        self.tokens = tokens[:limit]
        self.finish_reason = "length" if len(tokens) > limit else "stop"
        self.breaks_at = draws.chance.randint(1, max(1, len(self.tokens) - 1))

    async def answer(self, request: web.Request) -> web.StreamResponse:
        match self.draws.fault:
            case "limited":
                wait = self.draws.profile.retry_after
                headers = {} if wait < 0 else {"Retry-After": f"{wait:g}"}
                return _error(429, "rate_limit_exceeded", "Too many requests at once.", headers)
            case "failed":
                return _error(500, "server_error", "The server had a fault while processing your request.")
        return await (self._stream(request) if self.body.get("stream") else self._whole())

    async def _whole(self) -> web.Response:
        await asyncio.sleep(self.draws.first_gap() + sum(self.draws.gap() for _ in self.tokens))
        message = {"role": "assistant", "content": "".join(self.tokens)}
        choice = {"index": 0, "message": message, "finish_reason": self.finish_reason}
        return web.json_response(self._chunk([choice], self._usage()) | {"object": "chat.completion"})

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        with suppress(ConnectionError):  # a client may go away whenever it likes
            await self._say(response)
        return response

    async def _say(self, response: web.StreamResponse) -> None:
        clock = asyncio.get_running_loop().time
        due = clock() + self.draws.first_gap()
        for n, token in enumerate(self.tokens):
            await asyncio.sleep(due - clock())
            due += self.draws.gap()
            if n == self.breaks_at and await self._broke(response):
                return
            await self._write(response, self._chunk([{"index": 0, "delta": {"content": token}}]))
        await self._write(response, self._chunk([{"index": 0, "delta": {}, "finish_reason": self.finish_reason}]))
        if (self.body.get("stream_options") or {}).get("include_usage"):
            await self._write(response, self._chunk([], self._usage()))
        await response.write(b"data: [DONE]\n\n")

    async def _broke(self, response: web.StreamResponse) -> bool:
        """Let the call's fault happen, if it has one that breaks an answer off."""
        match self.draws.fault:
            case "cut":
                _hang_up(response)
            case "stall":
                await asyncio.sleep(self.draws.profile.stall_s)
                _hang_up(response)
            case "garbage":
                await response.write(b"data: {" + self.draws.chance.randbytes(64).replace(b"\n", b"?") + b"\n\n")
            case _:
                return False
        return True

    async def _write(self, response: web.StreamResponse, chunk: dict[str, Any]) -> None:
        await response.write(b"data: " + json.dumps(chunk).encode() + b"\n\n")

    def _chunk(self, choices: list[dict[str, Any]], usage: dict[str, int] | None = None) -> dict[str, Any]:
        head = {"id": "simulated", "object": "chat.completion.chunk", "model": self.body["model"]}
        return {**head, "choices": choices, "usage": usage}

    def _usage(self) -> dict[str, int]:
        tokens_in = sum(len(str(message.get("content"))) for message in self.body["messages"]) // 4
        return {"prompt_tokens": tokens_in, "completion_tokens": len(self.tokens)}


@contextmanager
def serve(profile: Profile = Profile(), script: Script = (), port: int = 0) -> Iterator[Server]:  # noqa: B008
    """A server that listens on the loopback address from a thread of its own for as long as the context lasts."""
    server = Server(profile, script)
    with listening(server.application(), port) as url:
        server.url = f"{url}/v1"
        yield server


@contextmanager
def listening(application: web.Application, port: int = 0) -> Iterator[str]:
    """Serve `application` on the loopback address, in a thread; yields its URL."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="simulated-model", daemon=True)
    thread.start()
    runner = web.AppRunner(application, access_log=None, handler_cancellation=True, shutdown_timeout=0.1)
    try:
        yield _on(loop, _listen(runner, port))
    finally:
        _on(loop, runner.cleanup())
        loop.call_soon_threadsafe(loop.stop)
        thread.join(JOIN_S)
        loop.close()


async def _listen(runner: web.AppRunner, port: int) -> str:
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port)
    await site.start()
    return "http://{}:{}".format(*runner.addresses[0][:2])


def _on(loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run_coroutine_threadsafe(work, loop).result(JOIN_S)


async def _models(request: web.Request) -> web.Response:
    return web.json_response({"object": "list", "data": [{"id": "simulated", "object": "model"}]})


def _error(status: int, code: str, message: str, headers: dict[str, str] | None = None) -> web.Response:
    return web.json_response({"error": {"message": message, "code": code}}, status=status, headers=headers)


def _hang_up(response: web.StreamResponse) -> None:
    """Cut the connection the hard way, in the middle of the answer."""
    transport = response._req.transport if response._req else None
    if transport:
        transport.abort()
