"""One HTTP client per server and event loop, so that connections stay warm from one call to the next."""

import asyncio
from collections.abc import AsyncIterator
from weakref import WeakKeyDictionary

import httpx2
from openai import AsyncOpenAI, DefaultAioHttpClient, Timeout

from agents.llm.loop import CALLS
from agents.llm.settings import ModelSettings

ERROR_BODY_LIMIT = 64 << 10

_opened: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[tuple[str, str], AsyncOpenAI]] = WeakKeyDictionary()


def client(settings: ModelSettings) -> AsyncOpenAI:
    """The client for `settings` on the running loop."""
    opened = _opened.setdefault(asyncio.get_running_loop(), {})
    key = (settings.base_url, settings.api_key)
    if key not in opened:
        opened[key] = _open(settings)
    return opened[key]


async def close_all() -> None:
    """Close what was opened on the running loop."""
    for opened in _opened.pop(asyncio.get_running_loop(), {}).values():
        await opened.close()


CALLS.endings.append(close_all)


def _open(settings: ModelSettings) -> AsyncOpenAI:
    # The silence between reads is watched where events can be told from comments; no limit of the transport's own.
    timeout = Timeout(None, connect=settings.connect_s)
    http = DefaultAioHttpClient(
        timeout=timeout,
        follow_redirects=False,  # no model server has a reason to send a prompt elsewhere
        event_hooks={"response": [_bound_error]},
    )
    return AsyncOpenAI(
        api_key=settings.api_key or "none",  # servers at home take any; the library wants one
        base_url=settings.base_url or None,
        http_client=http,
        max_retries=0,
        timeout=timeout,
        default_headers={"Accept-Encoding": "identity"},
    )


async def _bound_error(response: httpx2.Response) -> None:
    """The library reads the body of an error to its end: let that end be near."""
    if response.status_code >= 300 and isinstance(response.stream, httpx2.AsyncByteStream):
        response.stream = Bounded(response.stream)


class Bounded(httpx2.AsyncByteStream):
    """The first `ERROR_BODY_LIMIT` bytes of a stream."""

    def __init__(self, stream: httpx2.AsyncByteStream) -> None:
        self.stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        left = ERROR_BODY_LIMIT
        async for data in self.stream:
            yield data[:left]
            left -= len(data)
            if left <= 0:
                return

    async def aclose(self) -> None:
        await self.stream.aclose()
