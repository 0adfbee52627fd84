"""Words out of prose and code: identifiers as they are and in parts, common words left out."""

import re
from collections.abc import Iterator
from functools import lru_cache

WORD = re.compile(r"[^\W\d]\w*")
PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
OTHER_PART = re.compile(r"[^\W\d_]+")  # beyond ASCII there is no telling humps apart

# Words that say nothing of a place in code: English function words, Python's own, and what every report says.
_COMMON = """
    a about above after again all also always am an and any are as at be because been before being below between
    both but by can cannot could did do does doing don down during each ever few for from further get gets
    getting give given gives got had has have having he her here hers him his how however i if in into is isn it
    its itself just let like ll made make makes may me might more most must my need needs no nor not now of off
    on once one only or other ought our out over own please re same see seem seems shall she should since so
    some such than thanks that the their them then there these they thing this those though three through to too
    two under until up upon us use used uses using ve very via want was way we well were what when where whether
    which while who why will with within without won would yes yet you your actual actually behavior behaviour
    bug case code correct correctly current currently error example expect expected fail failed fails failing
    find fine fix fixed happen happens hi hello instead issue latest line many new problem python raise raised
    raises report reproduce result return returned returns run running something still test tests think try
    tried trying unexpected version work works working wrong assert async await break class continue def del
    elif else except false file finally global import lambda none nonlocal pass print self cls true yield str
    int list dict len recent call last traceback module usr lib site packages home user local py main
"""
COMMON = frozenset(_COMMON.split())


def terms(text: str) -> Iterator[str]:
    """The words of `text`, lower case, stemmed; an identifier of several parts comes whole as well."""
    for word in WORD.findall(text):
        yield from of_word(word)


@lru_cache(maxsize=200_000)
def of_word(word: str) -> tuple[str, ...]:
    parts = [part.lower() for part in (PART if word.isascii() else OTHER_PART).findall(word)]
    kept = [stem(part) for part in parts if len(part) > 1 and part not in COMMON]
    whole = word.strip("_").lower()
    if len(parts) > 1 and len(whole) > 3:
        kept.append(whole)
    return tuple(kept)


def stem(word: str) -> str:
    """Cut the commonest English endings, so that `parsing`, `parsed` and `parses` meet."""
    if len(word) > 5 and word.endswith("ies"):
        return word[:-3] + "y"
    for ending in ("ing", "ed", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 3 and not word.endswith("ss"):
            return word[: -len(ending)].rstrip("e")
    return word.rstrip("e") if len(word) > 3 else word
