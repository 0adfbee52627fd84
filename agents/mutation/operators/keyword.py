"""A missing keyword argument of a well-known function, or one that should not be there."""

import ast
from collections.abc import Iterator

from agents.mutation.edit import Edit, Example
from agents.mutation.ingredients import callee
from agents.mutation.place import Place

name = "keyword"
pattern = "a call lacks a keyword argument, or has one too many"
prior = 0.6

KNOWN: dict[str, tuple[str, ...]] = {
    "compile": ("flags=re.DOTALL", "flags=re.IGNORECASE"),
    "decode": ("errors='replace'",),
    "dumps": ("sort_keys=True", "default=str"),
    "encode": ("errors='replace'",),
    "enumerate": ("start=1",),
    "fill": ("break_on_hyphens=False",),
    "int": ("base=10",),
    "makedirs": ("exist_ok=True",),
    "max": ("default=0", "default=None"),
    "min": ("default=0", "default=None"),
    "mkdir": ("exist_ok=True", "parents=True"),
    "open": ("encoding='utf-8'", "newline=''"),
    "parse_qs": ("keep_blank_values=True",),
    "parse_qsl": ("keep_blank_values=True",),
    "quote": ("safe=''",),
    "read_text": ("encoding='utf-8'",),
    "rmtree": ("ignore_errors=True",),
    "round": ("ndigits=2",),
    "rsplit": ("maxsplit=1",),
    "sort": ("reverse=True",),
    "sorted": ("reverse=True", "key=str"),
    "split": ("maxsplit=1",),
    "splitlines": ("keepends=True",),
    "sub": ("count=1", "flags=re.IGNORECASE"),
    "unlink": ("missing_ok=True",),
    "warn": ("stacklevel=2",),
    "wrap": ("break_long_words=False",),
    "write_text": ("encoding='utf-8'",),
    "zip": ("strict=True",),
}


def propose(place: Place) -> Iterator[Edit]:
    for call in place.each(ast.Call):
        given = {keyword.arg for keyword in call.keywords}
        for extra in KNOWN.get(callee(call), ()):
            if extra.split("=")[0] not in given:
                yield _with(place, call, [*map(place.text, call.keywords), extra], f"gains `{extra}`")
        for dropped in call.keywords:
            kept = [place.text(keyword) for keyword in call.keywords if keyword is not dropped]
            yield _with(place, call, kept, f"loses `{place.text(dropped)}`", 0.6)


def _with(place: Place, call: ast.Call, keywords: list[str], why: str, weight: float = 1.0) -> Edit:
    parts = [*map(place.text, call.args), *keywords]
    return place.replace(call, f"{place.text(call.func)}({', '.join(parts)})", f"`{place.text(call)}` {why}", weight)


def examples() -> tuple[Example, ...]:
    return (
        Example("def f(p):\n    os.makedirs(p)\n", "def f(p):\n    os.makedirs(p, exist_ok=True)\n"),
        Example("def f(a):\n    return sorted(a, reverse=True)\n", "def f(a):\n    return sorted(a)\n"),
    )
