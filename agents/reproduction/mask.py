"""Message templates: what stays of an error message when values, paths, ids and numbers are taken out."""

import hashlib
import re
from difflib import SequenceMatcher

MAX_CHARS = 2000

_MASKS = (
    (re.compile(r"\b0x[0-9a-fA-F]+\b"), "<hex>"),
    (re.compile(r"\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b"), "<id>"),
    (re.compile(r"\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?"), "<date>"),
    (re.compile(r"(?<![\w<])(?:[A-Za-z]:)?(?:[\\/][\w.@~+-]+){2,}[\\/]?"), "<path>"),
    (re.compile(r"(?<!\w)[bru]{0,2}'(?:[^'\\\n]|\\.)*'(?!\w)"), "<value>"),
    (re.compile(r"(?<!\w)[bru]{0,2}\"(?:[^\"\\\n]|\\.)*\""), "<value>"),
    (re.compile(r"`[^`\n]+`"), "<value>"),
    (re.compile(r"(?<![\w<])[+-]?\d+(?:[.,_]\d+)*(?:e[+-]?\d+)?(?!\w)"), "<number>"),
)


def template(message: str) -> str:
    """Return `message` with its values masked; two messages of one `raise` have one template."""
    text = message[:MAX_CHARS]
    for pattern, name in _MASKS:
        text = pattern.sub(name, text)
    return re.sub(r"\s+", " ", text).strip()


def similarity(one: str, other: str) -> float:
    """How alike two messages are once masked: 0 (nothing in common) .. 1 (the same template)."""
    left, right = template(one), template(other)
    if left == right:
        return 1.0
    return SequenceMatcher(None, _words(left), _words(right), autojunk=False).ratio()


def digest(text: str) -> str:
    """A short name for `text`, the same wherever it is computed."""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16]


def _words(text: str) -> list[str]:
    return re.findall(r"<\w+>|\w+|[^\w\s]", text.lower())[:400]
