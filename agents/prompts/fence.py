"""Fence foreign text off, so that a model can tell data from instructions and the data cannot end its own fence.

A fence carries a digest of the text inside it: whoever wrote the text would have had to know the digest beforehand.
It is the same for the same text, so equal prompts stay equal, byte by byte.
"""

import re
from hashlib import blake2b

# Control characters, line-order overrides, invisible and tag characters, lone surrogates: a person reading the page
# would not see them, or not as what they are; the model would. They are spelled out instead.
UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e0fff]"
)
INLINE_LIMIT = 300


def fenced(name: str, text: str) -> str:
    """Return `text` between two lines that name it and cannot occur in it."""
    body = visible(text.replace("\r\n", "\n")).strip("\n") or "(empty)"
    mark = _mark(body)
    return f"<<<DATA {name} {mark}\n{body}\nDATA {name} {mark}>>>"


def one_line(text: str) -> str:
    """Return `text` as one short line, for a place in a sentence."""
    line = " ".join(visible(text).split())
    return line if len(line) <= INLINE_LIMIT else line[: INLINE_LIMIT - 1] + "…"


def visible(text: str) -> str:
    """Return `text` with every character spelled out that a reader could not see."""
    return UNSEEN.sub(lambda found: f"<U+{ord(found[0]):04X}>", text)


def _mark(body: str) -> str:
    mark = blake2b(body.encode(), digest_size=8).hexdigest()
    while mark in body:  # a fixed point of the digest; costs nothing to rule out
        mark = blake2b(mark.encode(), digest_size=8).hexdigest()
    return mark
