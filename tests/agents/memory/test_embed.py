"""Vectors of texts: alike for alike texts, and small."""

import numpy as np
import pytest

from agents.memory.embed import DIMENSIONS, Index, embed, pack, readable
from agents.memory.words import words


def cosine(one: str, other: str) -> float:
    return float(Index([pack(embed(one))]).cosines(embed(other))[0])


def test_a_text_is_like_itself() -> None:
    assert cosine("The pager drops pages", "the pager drops pages!") == pytest.approx(1.0)


def test_words_that_share_letters_are_alike() -> None:
    assert cosine("paginate", "pagination") > 0.3 > cosine("paginate", "xylophone")


def test_a_text_without_words_is_like_nothing() -> None:
    assert not embed("?! …").any()
    assert cosine("?!", "?!") == 0.0


def test_a_packed_vector_is_small_and_the_same() -> None:
    vector = embed("IndexError in src/pager.py")
    packed = pack(vector)
    assert len(packed) < 600
    assert readable(packed)
    assert Index([packed]).cosines(np.eye(1, DIMENSIONS, int(vector.argmax()), dtype=np.float32)[0])[0] == vector.max()


@pytest.mark.parametrize("stored", [None, b"", b"mini1234", b"hw01\x00"])
def test_vectors_of_another_embedder_are_not_read(stored: bytes | None) -> None:
    assert not readable(stored)


def test_identifiers_are_words_whole_and_in_parts() -> None:
    assert words("HTTPError in src/net_io.py, bug 31") == [
        *("http", "error", "httperror", "src", "net", "io", "py", "src/net_io.py", "bug", "31"),
    ]
