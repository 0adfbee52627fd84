"""A regular expression that matches too much or too little: flags, anchors, greed, quantifiers."""

import ast
from collections.abc import Iterator

from agents.mutation.edit import Edit, Example
from agents.mutation.place import Place

name = "regex"
pattern = "a pattern matches too much or too little"
prior = 0.6

_CHANGES: tuple[tuple[str, str], ...] = (
    (r".*", r".*?"), (r".+", r".+?"), (r"+", r"*"), (r"*", r"+"), (r".*?", r".*"), (r"?", r""), (r"[^", r"["),
    (r"\s*", r"\s+"), (r"\s+", r"\s*"), (r"\d+", r"\d*"), (r"\w", r"\S"), (r"\.", r"."), (r"\n", r"\r?\n"),
    (r"$", r"\Z"), (r"$", r""), (r"^", r""), (r"\b", r""),
    (r"a-z", r"a-zA-Z"), (r"A-Z", r"a-zA-Z"), (r"A-Za-z", r"A-Za-z0-9"), (r"a-z0-9", r"a-z0-9_"), (r"[0-9]", r"\d"),
)  # fmt: skip


def propose(place: Place) -> Iterator[Edit]:
    for node in place.each(ast.Constant):
        if isinstance(node.value, (str, bytes)) and _is_a_pattern(place, node):
            for old, new in _CHANGES:
                yield from _changed(place, node, old, new)


def _is_a_pattern(place: Place, node: ast.Constant) -> bool:
    """A raw string with a metacharacter, or the first argument of a function of `re`."""
    text = place.text(node)
    raw = "r" in text[: min(text.find(quote) % len(text) for quote in "'\"")].lower()
    parent = place.parents[node]
    of_re = isinstance(parent, ast.Call) and place.text(parent.func).startswith("re.") and parent.args[:1] == [node]
    return of_re or (raw and any(sign in text for sign in ".*+?[(\\^$|"))


def _changed(place: Place, node: ast.Constant, old: str, new: str) -> Iterator[Edit]:
    """Every single occurrence of `old`, one after the other."""
    text, at = place.text(node), -1
    while (at := text.find(old, at + 1)) >= 0:
        if text[at - 1] != "\\" or old.startswith("\\"):
            changed = text[:at] + new + text[at + len(old) :]
            yield place.replace(node, changed, f"in a pattern, `{old}` becomes `{new}`", 0.8)


def examples() -> tuple[Example, ...]:
    return (
        Example("def f(a):\n    return re.match(r'<.*>', a)\n", "def f(a):\n    return re.match(r'<.*?>', a)\n"),
        Example("NAME = re.compile(r'[a-z]+')\n", "NAME = re.compile(r'[a-zA-Z]+')\n"),
    )
