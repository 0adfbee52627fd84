"""A server that answers each request with exactly the bytes a test gives it, and asking it."""

import json
import socket
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import chain, repeat
from typing import Any

from agents.context import Message, ModelReply, ModelRequest
from agents.llm import gateway
from agents.llm.settings import ModelSettings

Step = bytes | float | Iterable[bytes]  # what to send, or how long to be silent
DONE = b"data: [DONE]\n\n"


@dataclass
class RawServer:
    url: str
    requests: list[dict[str, Any]] = field(default_factory=list)
    heads: list[bytes] = field(default_factory=list)
    gone: threading.Event = field(default_factory=threading.Event)


@contextmanager
def answering(*answers: Sequence[Step]) -> Iterator[RawServer]:
    """Answers the n-th connection with the n-th of `answers`, each later one with the last, then hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = RawServer(f"http://127.0.0.1:{listener.getsockname()[1]}/v1")
        thread = threading.Thread(target=_serve, args=(listener, server, answers), daemon=True)
        thread.start()
        yield server
        server.gone.set()
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(5)


def _serve(listener: socket.socket, server: RawServer, answers: Sequence[Sequence[Step]]) -> None:
    threads = []
    with suppress(OSError):
        for answer in chain(answers, repeat(answers[-1])):
            connection, _ = listener.accept()
            threads.append(threading.Thread(target=_answer, args=(connection, server, answer), daemon=True))
            threads[-1].start()
    for thread in threads:
        thread.join(5)


def _answer(connection: socket.socket, server: RawServer, answer: Sequence[Step]) -> None:
    with suppress(OSError), connection, connection.makefile("rb") as asked:
        head = b"".join(iter(asked.readline, b"\r\n"))
        length = next(
            int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-le")
        )
        server.heads.append(head)
        server.requests.append(json.loads(asked.read(length)))
        for step in answer:
            if isinstance(step, float):
                server.gone.wait(step)
            else:
                for data in [step] if isinstance(step, bytes) else step:
                    connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        connection.recv(1)


def head(status: str = "200 OK", kind: str = "text/event-stream", *more: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {kind}", "Connection: close", *more]
    return "\r\n".join(lines).encode() + b"\r\n\r\n"


def refusal(status: str, error: object, *more: str) -> list[Step]:
    return [head(status, "application/json", *more), json.dumps(error).encode()]


def event(chunk: object) -> bytes:
    return b"data: " + json.dumps(chunk).encode() + b"\n\n"


def says(text: str, finish: str | None = None) -> bytes:
    return event({"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": finish}]})


def ask(url: str, key: str = "one", **settings: Any) -> ModelReply:
    """One call with short limits; `attempts` is 1 unless said otherwise."""
    settings = {"model": "m", "attempts": 1, "first_token_s": 2.0, "between_s": 2.0, **settings}
    (reply,) = gateway.ask(gateway.build(ModelSettings(base_url=url, **settings), str), [request(key)])
    return reply


def request(key: str = "one", text: str = "Why?", **more: Any) -> ModelRequest:
    return ModelRequest(key=key, purpose="test", messages=(Message(role="user", text=text),), **more)


def seconds(since: float) -> float:
    return time.monotonic() - since
