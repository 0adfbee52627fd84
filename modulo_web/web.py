"""The web process: daphne on a socket that is already open, with a limit on what a request may carry."""

import logging
from typing import Any

import daphne.server  # first of all: it installs Twisted's asyncio reactor
from daphne.http_protocol import HTTPFactory, WebRequest

LARGEST_BODY = 9 << 20  # parts of files are 8 MiB; daphne keeps a whole body in memory
LARGEST_MESSAGE = 64 << 10
SECONDS_TO_CLOSE = 2

log = logging.getLogger(__name__)
loop = daphne.server.twisted_loop


class BoundedRequest(WebRequest):
    """Refuses a body that is too large before it is read, whatever the address; it never reaches Django."""

    received = 0

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        # Twisted would parse a form, in memory and a second time: Django does that itself.
        super().__init__(*args, **{**kwargs, "parsePOSTFormSubmission": False})

    def gotLength(self, length: int | None) -> None:
        super().gotLength(0 if (length or 0) > LARGEST_BODY else length)
        if (length or 0) > LARGEST_BODY:
            self._refuse()

    def handleContentChunk(self, data: bytes) -> None:
        self.received += len(data)
        if self.received <= LARGEST_BODY:
            super().handleContentChunk(data)
        elif self.received - len(data) <= LARGEST_BODY:
            self._refuse()

    def _refuse(self) -> None:
        log.info("a request body over %d bytes was refused", LARGEST_BODY)
        text = f"A request may carry {LARGEST_BODY >> 20} MiB; send larger files in parts.\n".encode()
        head = f"HTTP/1.1 413 Content Too Large\r\nContent-Type: text/plain\r\nContent-Length: {len(text)}\r\n"
        transport: Any = self.channel.transport
        transport.write(head.encode() + b"Connection: close\r\n\r\n" + text)
        transport.loseConnection()


class BoundedFactory(HTTPFactory):
    def buildProtocol(self, addr: Any) -> Any:
        protocol = super().buildProtocol(addr)
        protocol.requestFactory = BoundedRequest
        return protocol


def serve(application: Any, file_descriptor: int) -> None:
    """Answer requests on the listening socket `file_descriptor` until SIGTERM."""
    vars(daphne.server)["HTTPFactory"] = BoundedFactory  # daphne has no option for it
    server = daphne.server.Server(
        application=application,
        endpoints=[f"fd:fileno={file_descriptor}"],
        verbosity=0,
        server_name="",
        websocket_max_message_size=LARGEST_MESSAGE,
        websocket_max_frame_size=LARGEST_MESSAGE,
        application_close_timeout=SECONDS_TO_CLOSE,
    )
    server.run()
