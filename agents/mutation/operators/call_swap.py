"""The neighbouring function was meant: append for extend, find for index, any for all."""

import ast
from collections.abc import Iterator

from agents.mutation.edit import Edit, Example
from agents.mutation.ingredients import callee
from agents.mutation.place import Place

name = "call_swap"
pattern = "a function is called where its sibling is meant"
prior = 0.8

_FAMILIES = """
append extend insert appendleft / add update discard / remove discard pop / popleft pop / setdefault get
find index rfind rindex / startswith endswith __contains__ / replace removeprefix removesuffix / ljust rjust center
strip lstrip rstrip removeprefix removesuffix / split rsplit partition rpartition splitlines
lower upper casefold title capitalize / islower isupper / isdigit isdecimal isnumeric isalnum isalpha
match search fullmatch finditer findall / group groups groupdict / start end span
quote quote_plus / unquote unquote_plus
any all / min max sum / floor ceil trunc round / int float round Decimal / range len / enumerate iter
list tuple set frozenset sorted dict / sorted reversed list / zip zip_longest / keys values items
union intersection difference symmetric_difference / issubset issuperset isdisjoint
str repr bytes ascii / isinstance issubclass / type isinstance / hasattr callable getattr / copy deepcopy
read readline readlines / load loads / dump dumps / now utcnow today / utcfromtimestamp fromtimestamp
isabs exists isfile isdir / basename dirname abspath realpath normpath
"""
FAMILIES = tuple(tuple(family.split()) for line in _FAMILIES.splitlines() for family in line.split("/"))


def propose(place: Place) -> Iterator[Edit]:
    for call in place.each(ast.Call):
        for rank, other in enumerate(siblings(callee(call))):
            if isinstance(call.func, ast.Attribute):
                yield place.replace(call.func, f"{place.text(call.func.value)}.{other}", weight=0.8**rank)
            else:
                yield place.replace(call.func, other, weight=0.8**rank)


def siblings(called: str) -> list[str]:
    """The other members of every family `called` belongs to."""
    found = [other for family in FAMILIES if called in family for other in family]
    return [other for other in dict.fromkeys(found) if other != called]


def examples() -> tuple[Example, ...]:
    return (
        Example("def f(a, b):\n    a.append(b)\n", "def f(a, b):\n    a.extend(b)\n"),
        Example("def f(a):\n    return any(a)\n", "def f(a):\n    return all(a)\n"),
    )
