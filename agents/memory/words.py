"""The words of a text, for code and prose alike: identifiers whole and in their parts."""

import re

# Paths, dotted names, commits and options stay whole as well, for it is they that tell one bug from another.
WHOLE = re.compile(r"\w+(?:[./:\\-]+\w+)*")
PART = re.compile(r"[A-Z]+(?![a-z])|\d+|[^\W\d_A-Z]+|[A-Z][^\W\d_A-Z]*")
STOP = frozenset(
    (
        *(
            "a",
            "an",
            "and",
            "are",
            "as",
            "at",
            "be",
            "but",
            "by",
            "do",
            "for",
            "from",
            "has",
            "have",
            "if",
            "in",
            "into",
        ),
        *(
            "is",
            "it",
            "its",
            "no",
            "not",
            "of",
            "on",
            "or",
            "so",
            "that",
            "the",
            "their",
            "then",
            "there",
            "this",
            "to",
        ),
        *("was", "were", "when", "which", "will", "with"),
    )
)


def words(text: str) -> list[str]:
    """The words of `text` in lower case, stop words left out; a compound is followed by its parts."""
    found: list[str] = []
    for whole in WHOLE.findall(text):
        parts = PART.findall(whole)
        found += [part.lower() for part in parts]
        if len(parts) > 1 or parts == []:
            found.append(whole.lower())
    return [word for word in found if word not in STOP]
