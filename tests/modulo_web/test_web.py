"""The web process: what a request may carry, and from where a websocket may come."""

import http.client
import os
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.modulo_web.running import Running

LARGEST_BODY = 9 << 20
HANDSHAKE = (
    "GET /ws/bugs/ HTTP/1.1\r\nHost: {host}\r\nOrigin: {origin}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)


@pytest.fixture(scope="module")
def modulo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with Running(tmp_path_factory.mktemp("w") / "data") as running:
        running.until("ready http")
        yield running


def host(modulo: Running) -> str:
    return urlsplit(modulo.address).netloc


def raw(modulo: Running, request: bytes) -> bytes:
    """What the server answers to the bytes of a request, up to where it closes or falls silent."""
    name, port = host(modulo).split(":")
    with socket.create_connection((name, int(port)), timeout=10) as connection:
        connection.sendall(request)
        return connection.recv(65536)


def test_a_body_that_says_it_is_too_large_is_refused_before_it_is_sent(modulo: Running):
    head = f"POST /nowhere HTTP/1.1\r\nHost: {host(modulo)}\r\nContent-Length: {1 << 30}\r\n\r\n"
    answer = raw(modulo, head.encode())
    assert answer.startswith(b"HTTP/1.1 413")
    assert b"send larger files in parts" in answer


def test_a_body_without_a_length_is_cut_off_at_the_limit(modulo: Running):
    head = f"POST /nowhere HTTP/1.1\r\nHost: {host(modulo)}\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
    chunk = b"100000\r\n" + b"x" * (1 << 20) + b"\r\n"
    name, port = host(modulo).split(":")
    with socket.create_connection((name, int(port)), timeout=10) as connection:
        connection.sendall(head + chunk * (LARGEST_BODY >> 20))
        with pytest.raises(ConnectionError):
            connection.sendall(chunk * 1024)


def test_a_gigabyte_that_is_refused_leaves_the_process_small(modulo: Running):
    (pid,) = modulo.pids(" serve ")
    before = resident_mb(pid)
    name, port = host(modulo).split(":")
    head = f"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {1 << 30}\r\n\r\n".encode()
    with socket.create_connection((name, int(port)), timeout=10) as connection, pytest.raises(ConnectionError):
        connection.sendall(head + bytes(1 << 30))
    assert resident_mb(pid) - before < 50


def asked(modulo: Running, method: str, path: str, body: bytes = b"") -> tuple[int, str]:
    """The status and the type of the answer to a whole request."""
    with closing(http.client.HTTPConnection(host(modulo), timeout=30)) as connection:
        connection.request(method, path, body=body)
        answer = connection.getresponse()
        answer.read()
        return answer.status, answer.headers.get_content_type()


def test_a_body_within_the_limit_reaches_django(modulo: Running):
    status, _ = asked(modulo, "PUT", "/api/uploads/unknown/", bytes(8 << 20))
    assert status in (401, 403, 404)


@pytest.mark.parametrize("origin", ["http://evil.example", "http://127.0.0.1:1", "null", "https://127.0.0.1"])
def test_a_websocket_of_another_origin_is_refused(modulo: Running, origin: str):
    answer = raw(modulo, HANDSHAKE.format(host=host(modulo), origin=origin).encode())
    assert answer.startswith(b"HTTP/1.1 403")


def test_a_host_name_that_is_not_ours_is_refused(modulo: Running):
    answer = raw(modulo, b"GET / HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 400")


def test_static_files_are_served_with_their_type(modulo: Running):
    assert asked(modulo, "GET", "/static/modulo.css") == (200, "text/css")


def test_the_idle_web_process_is_small(modulo: Running):
    (pid,) = modulo.pids(" serve ")
    assert resident_mb(pid) <= 150


def resident_mb(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / (1 << 20)
