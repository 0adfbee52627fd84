"""What streams, gathered into frames: a call's first text at once, then at most a frame each 25 ms for all calls."""

from __future__ import annotations

import threading
import time
from types import TracebackType
from typing import Any

from bugs import events, streams

FRAME_S = 0.025
KEY_FRAMES = streams.FRAMES_KEPT // 2  # a late page finds each open call's whole text within what the stream keeps


class LiveWriter:
    """Tells the open pages of one bug what a stage's calls say; a context manager that flushes when it ends."""

    def __init__(self, bug_id: int, run: int, stage: str) -> None:
        self._bug_id = bug_id
        self._where = {"run": run, "stage": stage}
        self._said: dict[str, str] = {}
        self._waiting: list[dict[str, Any]] = []
        self._frames = 0
        self._sent_at = 0.0
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._closed = False
        self._urgent = False
        self._thread: threading.Thread | None = None

    def __enter__(self) -> LiveWriter:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._closed = True
        self._wake.set()
        if self._thread is not None:
            self._thread.join(timeout=1.0)
        self._flush()

    def delta(self, cell: str, offset: int, text: str) -> None:
        """`cell` said `text`, which begins at `offset` (UTF-16 units); an earlier offset takes back what stood."""
        with self._lock:
            first = cell not in self._said
            self._said[cell] = head(self._said.get(cell, ""), offset) + text
            self._add_text(cell, offset, text)
        self._tell(at_once=first)

    def finish(self, cell: str) -> None:
        """`cell` will say no more: its text is stored, key frames leave it out."""
        with self._lock:
            self._said.pop(cell, None)

    def progress(self, payload: dict[str, Any]) -> None:
        with self._lock:
            self._waiting.append({"t": "progress", **payload, **self._where})
        self._tell(at_once=False)

    def _add_text(self, cell: str, offset: int, text: str) -> None:
        last = self._waiting[-1] if self._waiting else {}
        if last.get("c") == cell and last["o"] + width(last["x"]) == offset:
            last["x"] += text
        else:
            self._waiting.append({"t": "token_delta", "c": cell, "o": offset, "x": text, **self._where})

    def _tell(self, at_once: bool) -> None:
        """A thread of its own talks to the broker: whoever speaks here may be an event loop."""
        self._urgent = self._urgent or at_once
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._pump, name="frames", daemon=True)
                self._thread.start()
        self._wake.set()

    def _pump(self) -> None:
        while not self._closed:
            self._wake.wait()
            self._wake.clear()
            if not self._urgent:
                time.sleep(max(0.0, self._sent_at + FRAME_S - time.monotonic()))
            self._urgent = False
            self._flush()

    def _flush(self) -> None:
        frame = self._next_frame()
        if frame:
            events.tell(self._bug_id, *frame)

    def _next_frame(self) -> list[dict[str, Any]]:
        with self._lock:
            frame, self._waiting = self._waiting, []
            self._sent_at = time.monotonic()
            self._frames += bool(frame)
            if frame and self._frames % KEY_FRAMES == 0:
                return frame + self._key_frame()
            return frame

    def _key_frame(self) -> list[dict[str, Any]]:
        return [{"t": "token_delta", "c": c, "o": 0, "x": text, **self._where} for c, text in self._said.items()]


def width(text: str) -> int:
    """The length of `text` as browsers count it: in UTF-16 units."""
    return len(text) if text.isascii() else len(text) + sum(character > "\uffff" for character in text)


def head(text: str, units: int) -> str:
    """The first `units` UTF-16 units of `text`."""
    if units >= width(text):
        return text
    return text.encode("utf-16-le")[: 2 * units].decode("utf-16-le", "ignore")
