"""What the reporter attached, as streams of text lines: files and archives, bounded, never unpacked to disk."""

import bz2
import codecs
import io
import lzma
import re
import struct
import tarfile
import time
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import IO, BinaryIO, cast

import zstandard

from agents.report import Attachment

BLOCK = 1 << 20
MAX_NAME = 200
_DAMAGED = (
    OSError, EOFError, ValueError, NotImplementedError, RuntimeError, zlib.error, lzma.LZMAError, struct.error,
    tarfile.TarError, zipfile.BadZipFile, zstandard.ZstdError,
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Caps:
    """How much is read of what somebody else packed. The ratio counts once `ratio_floor` bytes have come out."""

    members: int = 10_000
    output_bytes: int = 8 << 30
    ratio: int = 1000
    ratio_floor: int = 64 << 20
    seconds: float = 300.0
    depth: int = 6  # layers: three archives, each compressed
    spool_bytes: int = 256 << 20  # an archive inside an archive that must be sought in
    xz_memory: int = 96 << 20


@dataclass(frozen=True, slots=True)
class Skipped:
    """A member that was not read, and why, in words for the reporter."""

    name: str
    reason: str


@dataclass(slots=True)
class Member:
    """One text file; `name` tells where it lay ("bundle.tgz!var/log/app.log"). Its blocks can be read once."""

    name: str
    stream: "_Counted"
    head: bytes = b""
    cut: str = ""  # why reading stopped early; known when the blocks are used up
    size: int = 0

    def blocks(self) -> Iterator[bytes]:
        """The text as UTF-8 in blocks of about a megabyte."""
        decode = _decoder(self.head)
        block = self.head
        while block:
            self.size += len(block)
            yield decode(block)
            try:
                block = self.stream.read(BLOCK)
            except _Limit as limit:
                self.cut = str(limit)
                return
            except _DAMAGED as error:
                self.cut = f"damaged from byte {self.size} on ({_said(error)})"
                return


class _Limit(Exception):
    """A cap was reached; the text names it."""


@dataclass
class _Budget:
    """What is left for all attachments together."""

    caps: Caps
    check: Callable[[], None]
    started: float = field(default_factory=time.monotonic)
    members: int = 0
    output: int = 0

    def spend(self, amount: int) -> None:
        self.check()
        self.output += amount
        if self.output > self.caps.output_bytes:
            raise _Limit(f"stopped after {self.caps.output_bytes >> 20} MiB of text in all")
        if time.monotonic() - self.started > self.caps.seconds:
            raise _Limit(f"stopped after {self.caps.seconds:.0f} s of reading")

    def enter(self) -> None:
        self.members += 1
        if self.members > self.caps.members:
            raise _Limit(f"the archives hold more than {self.caps.members:,} files")


class _Counted(io.RawIOBase):
    """A stream that charges what is read to the budget, and knows a bomb by what came out for what went in."""

    def __init__(self, inner: IO[bytes], budget: _Budget, packed: Callable[[], int] | None = None) -> None:
        self._inner, self._budget, self._packed = inner, budget, packed
        self._out = 0

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        data = self._inner.read(BLOCK if size is None or size < 0 else min(size, BLOCK))
        self._out += len(data)
        self._budget.spend(len(data))
        caps = self._budget.caps
        if self._packed and self._out > caps.ratio_floor and self._out > caps.ratio * max(1, self._packed()):
            raise _Limit(f"unpacks to more than {caps.ratio:,} times its size; stopped after {self._out >> 20} MiB")
        return data

    def readinto(self, buffer: object) -> int:
        view = memoryview(cast("bytearray", buffer))
        data = self.read(len(view))
        view[: len(data)] = data
        return len(data)


def members(
    attachments: Iterable[Attachment], *, caps: Caps | None = None, check: Callable[[], None] = lambda: None
) -> Iterator[Member | Skipped]:
    """Yield each text file in the attachments, archives opened; use a member's blocks before asking for the next."""
    budget = _Budget(caps or Caps(), check)
    for attachment in attachments:
        name = shown(attachment.name)
        try:
            with Path(attachment.path).open("rb") as file:
                yield from _opened(name, file, budget, 0)
        except _Limit as limit:
            yield Skipped(name, str(limit))
        except _DAMAGED as error:
            yield Skipped(name, f"cannot be read: {_said(error)}")


def shown(name: str) -> str:
    """A hostile file name made fit to show: no control or direction characters, bounded."""
    clean = re.sub(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]", "?", name)
    return clean if len(clean) <= MAX_NAME else f"{clean[:90]}...{clean[-90:]}"


def _said(error: BaseException) -> str:
    return (str(error) or type(error).__name__)[:120]


# --- kinds of file ---------------------------------------------------------------------------------------------------


def _opened(
    name: str, file: IO[bytes], budget: _Budget, depth: int, packed: Callable[[], int] | None = None
) -> Iterator[Member | Skipped]:
    stream = _Counted(file, budget, packed)
    head = _fill(stream, 64 << 10)
    kind = _kind(head)
    if kind and depth >= budget.caps.depth:
        yield Skipped(name, f"packed more than {budget.caps.depth} layers deep")
    elif kind in ("gzip", "xz", "bzip2", "zstd"):
        yield from _unpacked(name, kind, head, stream, budget, depth)
    elif kind == "tar":
        yield from _tar(name, head, stream, budget, depth)
    elif kind == "zip":
        yield from _zip(name, head, stream, budget, depth)
    elif reason := _not_text(head):
        yield Skipped(name, reason)
    else:
        budget.enter()
        yield Member(name, stream, head)


def _fill(stream: _Counted, size: int) -> bytes:
    parts, missing = [], size
    while missing > 0 and (data := stream.read(missing)):
        parts.append(data)
        missing -= len(data)
    return b"".join(parts)


def _kind(head: bytes) -> str:
    for magic, kind in (
        (b"\x1f\x8b", "gzip"),
        (b"\xfd7zXZ\x00", "xz"),
        (b"BZh", "bzip2"),
        (b"(\xb5/\xfd", "zstd"),
        (b"PK\x03\x04", "zip"),
        (b"PK\x05\x06", "zip"),
    ):
        if head.startswith(magic):
            return kind
    return "tar" if head[257:262] == b"ustar" else ""


def _not_text(head: bytes) -> str:
    if not head:
        return "empty"
    if _utf16(head):
        return ""
    sample = head[:8192]
    odd = sum(sample.count(code) for code in (*range(9), *range(14, 27), *range(28, 32)))
    return "a binary file, not a log" if odd > len(sample) * 0.02 + 2 else ""


def _utf16(head: bytes) -> str:
    """The UTF-16 flavour of a text, by its mark or by zeros in every other byte; "" when it is none."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16-le" if head[0] == 0xFF else "utf-16-be"
    sample = head[: min(len(head), 4096) & ~1]
    if len(sample) < 8:
        return ""
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    if odd > len(sample) * 0.4 and even < len(sample) * 0.02:
        return "utf-16-le"
    return "utf-16-be" if even > len(sample) * 0.4 and odd < len(sample) * 0.02 else ""


def _decoder(head: bytes) -> Callable[[bytes], bytes]:
    """A function from raw blocks to UTF-8 blocks, in order."""
    if not (encoding := _utf16(head)):
        return lambda block: block.removeprefix(b"\xef\xbb\xbf")
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    return lambda block: decoder.decode(block).removeprefix("\ufeff").encode("utf-8", "replace")


class _Joined(io.RawIOBase):
    """What was already read of a stream, and the rest of it."""

    def __init__(self, head: bytes, rest: _Counted) -> None:
        self._head, self._rest = head, rest
        self.taken = 0

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        size = BLOCK if size is None or size < 0 else size
        data, self._head = self._head[:size], self._head[size:]
        data = data or self._rest.read(size)
        self.taken += len(data)
        return data

    def readinto(self, buffer: object) -> int:
        view = memoryview(cast("bytearray", buffer))
        data = self.read(len(view))
        view[: len(data)] = data
        return len(data)


class _Inflated(io.RawIOBase):
    """A compressed stream, unpacked as it is read and never more than a block at a time; joined streams go on."""

    def __init__(self, kind: str, source: _Joined, caps: Caps) -> None:
        self._kind, self._source, self._caps = kind, source, caps
        self._unpack = _unpacker(kind, caps)
        self._pending = b""

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        while True:
            if self._unpack.eof:
                self._pending = self._unpack.rest or self._source.read(BLOCK)
                if not self._pending.strip(b"\0"):
                    return b""
                self._unpack = _unpacker(self._kind, self._caps)
            if self._unpack.hungry and not self._pending:
                self._pending = self._source.read(BLOCK)
            starved = self._unpack.hungry and not self._pending
            data = self._unpack.feed(self._pending, BLOCK if size < 0 else size)
            self._pending = b""
            if data:
                return data
            if starved and not self._unpack.eof:
                raise EOFError("the compressed file ends in the middle")


class _Unpacker:
    """One face for the unpackers of the standard library."""

    def __init__(self, inner: "zlib._Decompress | lzma.LZMADecompressor | bz2.BZ2Decompressor") -> None:
        self._inner = inner
        self._tail = b""

    @property
    def eof(self) -> bool:
        return self._inner.eof

    @property
    def rest(self) -> bytes:
        return self._inner.unused_data

    @property
    def hungry(self) -> bool:
        return not self._tail and bool(getattr(self._inner, "needs_input", True))

    def feed(self, data: bytes, size: int) -> bytes:
        out = self._inner.decompress(self._tail + data, size)
        self._tail = getattr(self._inner, "unconsumed_tail", b"")
        return out


def _unpacker(kind: str, caps: Caps) -> _Unpacker:
    if kind == "gzip":
        return _Unpacker(zlib.decompressobj(wbits=31))
    if kind == "xz":
        return _Unpacker(lzma.LZMADecompressor(memlimit=caps.xz_memory))
    return _Unpacker(bz2.BZ2Decompressor())


def _unpacked(
    name: str, kind: str, head: bytes, stream: _Counted, budget: _Budget, depth: int
) -> Iterator[Member | Skipped]:
    source = _Joined(head, stream)
    inner: io.RawIOBase
    if kind == "zstd":
        reader = zstandard.ZstdDecompressor(max_window_size=64 << 20).stream_reader(
            cast("BinaryIO", source), read_across_frames=True, read_size=128 << 10
        )
        inner = cast("io.RawIOBase", reader)
    else:
        inner = _Inflated(kind, source, budget.caps)
    plain = re.sub(
        r"\.(?:gz|xz|bz2|zst|zstd|tgz)$", lambda found: ".tar" if found[0] == ".tgz" else "", name, flags=re.I
    )
    try:
        yield from _opened(
            plain if plain != name else name, cast("IO[bytes]", inner), budget, depth + 1, lambda: source.taken
        )
    except _DAMAGED as error:
        yield Skipped(name, f"cannot be unpacked: {_said(error)}")


def _tar(name: str, head: bytes, stream: _Counted, budget: _Budget, depth: int) -> Iterator[Member | Skipped]:
    with tarfile.open(fileobj=cast("BinaryIO", _Joined(head, stream)), mode="r|", bufsize=64 << 10) as archive:
        for entry in archive:
            inner = f"{name}!{shown(entry.name)}"
            if entry.isdir():
                continue
            if not entry.isreg() or entry.issparse():
                yield Skipped(inner, "not a plain file (link, device or sparse)")
                continue
            budget.enter()
            file = archive.extractfile(entry)
            if file is not None:
                yield from _opened(inner, file, budget, depth + 1)


def _zip(name: str, head: bytes, stream: _Counted, budget: _Budget, depth: int) -> Iterator[Member | Skipped]:
    with SpooledTemporaryFile(max_size=16 << 20) as spool:
        source = _Joined(head, stream)
        while block := source.read(BLOCK):
            spool.write(block)
            if source.taken > budget.caps.spool_bytes and depth:
                raise _Limit(f"a zip of more than {budget.caps.spool_bytes >> 20} MiB inside an archive")
        entries = _announced_entries(spool, source.taken)
        if entries > budget.caps.members:
            yield Skipped(name, f"the zip lists {entries:,} files; at most {budget.caps.members:,} are read")
            return
        with zipfile.ZipFile(spool) as archive:
            yield from _zip_entries(name, archive, budget, depth)


def _announced_entries(spool: IO[bytes], size: int) -> int:
    """The number of entries in a zip's end record, read before the directory itself is."""
    spool.seek(max(0, size - 66_000))
    tail = spool.read()
    at = tail.rfind(b"PK\x05\x06")
    return struct.unpack_from("<H", tail, at + 10)[0] if at >= 0 and len(tail) >= at + 12 else 0


def _zip_entries(name: str, archive: zipfile.ZipFile, budget: _Budget, depth: int) -> Iterator[Member | Skipped]:
    end = 0
    for entry in sorted(archive.infolist(), key=lambda one: one.header_offset):
        inner = f"{name}!{shown(entry.filename)}"
        if entry.is_dir():
            continue
        if entry.header_offset < end:
            yield Skipped(inner, "shares its bytes with another file: the zip is a bomb")
        elif entry.flag_bits & 1:
            yield Skipped(inner, "encrypted")
        else:
            budget.enter()
            yield from _zip_entry(inner, entry, archive, budget, depth)
        end = max(end, entry.header_offset + entry.compress_size)


def _zip_entry(
    inner: str, entry: zipfile.ZipInfo, archive: zipfile.ZipFile, budget: _Budget, depth: int
) -> Iterator[Member | Skipped]:
    try:
        with archive.open(entry) as file:
            yield from _opened(inner, file, budget, depth + 1, lambda: max(1, entry.compress_size))
    except _DAMAGED as error:
        yield Skipped(inner, f"cannot be unpacked: {_said(error)}")
