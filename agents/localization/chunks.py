"""Cut files into pieces that can be judged on their own: never through a function, and the same each time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

from agents.results import Chunk
from agents.source import Unit, parse, read

CHARACTERS_PER_TOKEN = 4.5  # Python source; measured with o200k
LONGEST = 12  # a function of more than so many chunks' size is data, not code, and is left out


@dataclass(frozen=True, slots=True)
class Span:
    """Lines `first` to `last` of a file; `symbols` are the functions and classes in them."""

    first: int
    last: int
    size: int
    symbols: tuple[str, ...]


def cut(root: Path, paths: Sequence[str], tokens: int = 2000, limit: int = 64) -> tuple[Chunk, ...]:
    """Cut `paths` (most suspicious first) into chunks of about `tokens` tokens; at most `limit`, whole files first.

    A function that is longer than a chunk is a chunk of its own.
    """
    found: list[Chunk] = []
    for path in paths:
        if len(found) >= limit:
            break
        text = read(root, path)
        if text:
            found += of_file(path, text, tokens, len(found))
    return tuple(found[:limit])


def of_file(path: str, text: str, tokens: int, start: int = 0) -> list[Chunk]:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").removeprefix("\ufeff").split("\n")
    budget = int(tokens * CHARACTERS_PER_TOKEN)
    spans = [span for span in packed(spans_of(path, text, lines), budget) if span.size <= budget * LONGEST]
    return [_chunk(path, lines, span, index) for index, span in enumerate(spans, start)]


def spans_of(path: str, text: str, lines: Sequence[str]) -> Iterator[Span]:
    """The smallest pieces: each statement of the module and member of a class, with the lines before it."""
    source = parse(path, text)
    units: Sequence[Unit] = source.units if source else ()
    names = {getattr(node, "lineno", 0): name for name, node in source.scopes if name} if source else {}
    first = 1
    for unit in units:
        symbols = tuple(names[line] for line in range(first, unit.last + 1) if line in names)
        yield _span(lines, first, unit.last, symbols)
        first = unit.last + 1
    if first <= len(lines) and any(line.strip() for line in lines[first - 1 :]):
        yield from _unparsed(lines, first)


def _unparsed(lines: Sequence[str], first: int) -> Iterator[Span]:
    """What no parser could cut, at blank lines before a line that is not indented."""
    for number in range(first + 1, len(lines) + 1):
        text, above = lines[number - 1], lines[number - 2]
        if text[:1].strip() and not above.strip():
            yield _span(lines, first, number - 1, ())
            first = number
    yield _span(lines, first, len(lines), ())


def packed(spans: Iterator[Span], budget: int) -> Iterator[Span]:
    """Join neighbouring spans while they fit into `budget` characters."""
    current: Span | None = None
    for span in spans:
        if current and current.size + span.size > budget:
            yield current
            current = None
        current = _joined(current, span) if current else span
    if current:
        yield current


def _joined(left: Span, right: Span) -> Span:
    return Span(left.first, right.last, left.size + right.size, left.symbols + right.symbols)


def _span(lines: Sequence[str], first: int, last: int, symbols: tuple[str, ...]) -> Span:
    return Span(first, last, sum(len(line) + 1 for line in lines[first - 1 : last]), symbols)


def _chunk(path: str, lines: Sequence[str], span: Span, index: int) -> Chunk:
    text = "\n".join(lines[span.first - 1 : span.last])
    key = blake2b(f"{path}\0{span.first}\0{text}".encode("utf-8", "surrogatepass"), digest_size=10).hexdigest()
    return Chunk(
        key=key, index=index, path=path, line=span.first, end_line=span.last, text=text, symbols=span.symbols
    )  # fmt: skip
