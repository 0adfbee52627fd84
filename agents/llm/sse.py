"""Server-sent events, as model servers send them: bytes in, payloads out."""

from agents.errors import Garbled

LINE_LIMIT = 10 << 20  # one event of 10 MB holds more text than any model says


class Events:
    """Cuts a stream of bytes into the payloads of its `data:` lines.

    Every model server puts one JSON document on one line, so each line is an event of its own: nothing waits for the
    blank line after it, and servers that forget it are read as well. Comments (`: ping`) and other fields are skipped.
    """

    def __init__(self, limit: int = LINE_LIMIT) -> None:
        self.limit = limit
        self.rest = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """Return the payloads that `data` completes; raises `Garbled` when a line has no end."""
        searched = len(self.rest)
        self.rest += data
        end = self.rest.rfind(b"\n", searched)
        if end < 0:
            self._bound()
            return []
        lines, self.rest = bytes(self.rest[:end]), self.rest[end + 1 :]
        self._bound()
        return _payloads(lines)

    def close(self) -> list[bytes]:
        """Return the payload of a last line without an end."""
        lines, self.rest = bytes(self.rest), bytearray()
        return _payloads(lines)

    def _bound(self) -> None:
        if len(self.rest) > self.limit:
            raise Garbled(f"The model server sent a line of more than {self.limit >> 20} MB; that is no event stream.")


def _payloads(lines: bytes) -> list[bytes]:
    return [payload for line in lines.split(b"\n") if line.startswith(b"data:") and (payload := line[5:].strip())]


class Whole:
    """The same for a server that does not stream: one document, complete at its end."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []

    def feed(self, data: bytes) -> list[bytes]:
        self.parts.append(data)
        return []

    def close(self) -> list[bytes]:
        document = b"".join(self.parts).strip()
        return [document] if document else []
