"""A text as a vector, made of its words and of the letters they are made of: no model, no download, always the same.

Words that share letters lie close to each other (paginate, pagination), words that mean the same do not: a search
always fuses this with keywords.
"""

import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from agents.memory.words import words

DIMENSIONS = 4096
TAG = b"hw01"  # names this embedder in a packed vector: vectors of another one are made anew
LETTERS_WEIGHT = 0.5

Vector = NDArray[np.float32]
PACKED = np.dtype([("place", "<u2"), ("value", "<f4")])


def embed(text: str) -> Vector:
    """The vector of `text`: `DIMENSIONS` float32 values >= 0 of length 1, or all 0 for a text without words."""
    weights = np.zeros(DIMENSIONS, dtype=np.float32)
    for feature, count in Counter(_features(words(text))).items():
        weight = LETTERS_WEIGHT if feature.startswith("#") else 1.0
        weights[zlib.crc32(feature.encode()) % DIMENSIONS] += weight * (1.0 + np.log(count))
    length = float(np.linalg.norm(weights))
    return weights / np.float32(length) if length else weights


def pack(vector: Vector) -> bytes:
    """A vector as few bytes: most of its values are 0."""
    places = np.flatnonzero(vector)
    packed = np.empty(len(places), dtype=PACKED)
    packed["place"], packed["value"] = places, vector[places]
    return TAG + packed.tobytes()


def readable(packed: bytes | None) -> bool:
    """Was this vector made by this embedder?"""
    return packed is not None and packed.startswith(TAG) and (len(packed) - len(TAG)) % PACKED.itemsize == 0


class Index:
    """Many packed vectors, compared with one at a time."""

    def __init__(self, packed: Sequence[bytes]) -> None:
        parts = [np.frombuffer(one, dtype=PACKED, offset=len(TAG)) for one in packed]
        whole = np.concatenate(parts) if parts else np.empty(0, dtype=PACKED)
        self.places = whole["place"].astype(np.intp)
        self.values = np.ascontiguousarray(whole["value"])
        self.owners = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
        self.size = len(parts)

    def cosines(self, vector: Vector) -> NDArray[np.float64]:
        """The cosine of `vector` with each vector of the index, 0 to 1."""
        products = vector[self.places] * self.values
        return np.bincount(self.owners, weights=products, minlength=self.size).astype(np.float64)


def _features(found: Iterable[str]) -> Iterator[str]:
    """Each word, and the runs of three and four letters in it, its ends marked."""
    for word in found:
        yield word
        framed = f"<{word}>"
        for size in (3, 4):
            yield from (f"#{framed[at : at + size]}" for at in range(len(framed) - size + 1))
