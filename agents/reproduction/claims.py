"""What the report says a piece of code gives, and what it should give: pairs of values read from its sentences."""

import ast
import re
from collections.abc import Iterator, Sequence
from itertools import islice, zip_longest

from agents.report import Claim, Symptom
from agents.source import tree_of

MAX_CLAIMS = 12
MAX_LINE = 2000
MAX_AROUND = 80  # characters of prose around the one value of a section

_VALUE = (
    r"(?P<{0}>(?<![\w`])`{{1,2}}[^`\s](?:[^`\n]{{0,300}}[^`\s])?`{{1,2}}(?!\w)|\"[^\"\n]{{0,300}}\"|'[^'\n]{{0,300}}'"
    r"|[\[({{][^\n]{{0,300}}?[\])}}](?=[\s.,;]|$)|[-+]?\d(?:[\w.]*\w)?|"
    r"[A-Za-z_][\w.]{{0,60}}\([^\n]{{0,200}}?\)(?=[\s.,;]|$)|\b(?:True|False|None)\b)"
)
_EXPECTED, _OBSERVED = _VALUE.format("expected"), _VALUE.format("observed")
_LINK = r"(?:\s*(?:\b(?:is|was|be|should|are|it|to|a|an|the|value|result|output|of|as)\b|[:=>-])){0,6}\s*"
_GIVES = (
    r"(?:return|print|give|produce|yield|output|show|get|evaluate|render|be|equal|result|become|display)"
    r"(?:s|ed|ing)?(?: in| to)?"
)
_SHOULD = r"\b(?:should|must|ought to|supposed to|expect \w+ to|expected to)(?: have)?(?: \w+)?"
_GOT = (
    r"\b(?:got|get|actual\w*|observed|returns|returned|prints|printed|gives|gave|outputs|yields|"
    r"evaluates|results in)\b"
)
_GAP = r"[\s,.:;]+(?:[a-z]+[\s,.:;]+){0,4}?"
_RIGHT = r"(?:correct|right|expected|proper|desired)"
_INSTEAD = r"(?:instead of|rather than|but (?:it )?should|but (?:I )?expected|should|when it should)"
_PATTERNS = tuple(
    re.compile(pattern, re.I)
    for pattern in (
        rf"\b(?:expect|want)\w*{_LINK}{_EXPECTED}[^\n`]{{0,40}}?\b(?:but|got|actual\w*|instead|"
        rf"received){_GAP}{_OBSERVED}",
        rf"{_OBSERVED}\s*,?\s*{_INSTEAD}{_LINK}{_EXPECTED}",
        rf"{_SHOULD} {_GIVES}{_LINK}{_EXPECTED}[^\n`]{{0,30}}?\b(?:but|not|instead of|rather than){_GAP}{_OBSERVED}",
        rf"{_GOT}{_LINK}{_OBSERVED}{_GAP}(?:expect\w*|should be|instead of){_LINK}{_EXPECTED}",
        rf"{_SHOULD} {_GIVES}{_LINK}{_EXPECTED}",
        rf"{_EXPECTED} (?:is|was|would be|seems|looks) (?:to be )?(?:the )?{_RIGHT}\b",
        rf"\b{_RIGHT} (?:value|result|answer|output|one)(?: here)?{_LINK}{_EXPECTED}",
        rf"\bexpect\w*(?: (?:output|result|value|behaviou?r))?{_LINK}{_EXPECTED}",
    )
)
_OBSERVED_ONLY = re.compile(
    rf"(?:{_GOT}|\b(?:output|result)(?: of)?(?: \w+){{0,3}}? (?:is|was)\b){_LINK}{_OBSERVED}", re.I
)
_COMMENT = re.compile(
    r"#\s*(?:(?:->|=>|prints?|returns?|gives?|got|outputs?|actual\w*:?)\s*(?P<observed>[^#;]{1,300}?)\s*"
    r"(?:,|;|\(|but|instead of|—|-)?\s*)?"
    r"(?:(?:should|must|expect\w*|instead of|rather than|want\w*)(?: have| be| been| to| return|"
    r" print| give| is)*:?\s*"
    r"(?P<expected>[^#;)]{1,300}?))?\s*\)?\s*$",
    re.I,
)
_COMMENT_ASIDE = re.compile(
    r"#\s*(?P<observed>[^#;(]{1,100}?)\s*[,;(—-]+\s*(?:but )?(?:should be|expected:?|instead of|"
    r"expect)\s+(?P<expected>[^#;)]{1,300}?)\)?\s*$",
    re.I,
)
_PROMPTED = re.compile(r"\s*(?:>>>|\.\.\.|In ?\[\d+\]:)")
_OUT = re.compile(r"^\s*Out ?\[\d+\]: ?")
_RAISES = re.compile(
    r"\b(?:should|must|expect\w*|ought to|supposed to)\s+(?:(?:to|have|be|it)\s+){0,3}(?:raise|throw|"
    r"fail with|give|get|see)\w*\s+"
    r"(?:an?\s+|the\s+)?`{0,2}(?P<name>(?:\w+\.)*[A-Z]\w*(?:Error|Exception|Exit))\b",
    re.I,
)


_EXPECTS_ERROR = re.compile(
    r"(?<!not )(?<!n't )\b(?:expect|want)\w*:?\s+(?:(?:to|it|an?|the|get|see|be)\s+){0,4}"
    r"`{0,2}(?P<name>(?:\w+\.)*[A-Z]\w*(?:Error|Exception|Exit))\b",
    re.I,
)


def in_prose(text: str) -> tuple[Claim, ...]:
    """Claims made in sentences, the fullest first."""
    found: dict[Claim, None] = {}
    for line in text.split("\n"):
        for match in (match for pattern in _PATTERNS for match in pattern.finditer(line[:MAX_LINE])):
            groups = match.groupdict()
            found[Claim(expected=_bare(groups["expected"]), observed=_bare(groups.get("observed") or ""))] = None
    told = {claim.expected for claim in found if claim.observed}
    full = [claim for claim in found if claim.observed or claim.expected not in told]
    full += [Claim(observed=value) for value in dict.fromkeys(_observed(text))]
    if {bool(claim.expected) for claim in full} == {True, False} and len(full) == 2:
        full.append(Claim(expected=full[0].expected, observed=full[1].observed))
    ordered = sorted(dict.fromkeys(full), key=lambda claim: not (claim.observed and claim.expected))
    return tuple(claim for claim in ordered if claim.expected != claim.observed)[:MAX_CLAIMS]


def _observed(text: str) -> list[str]:
    lines = (line[:MAX_LINE] for line in text.split("\n"))
    return [_bare(match["observed"]) for line in lines for match in _OBSERVED_ONLY.finditer(line)]


def in_comment(line: str) -> Claim | None:
    """The claim of a trailing comment: `# -> 3 but should be 4`, `# expected 4`, `# returns 3`."""
    at = _comment_start(line)
    plain = _COMMENT.search(line[:MAX_LINE], at) if at >= 0 else None
    match = plain if plain and plain["expected"] else (at >= 0 and _COMMENT_ASIDE.search(line[:MAX_LINE], at)) or plain
    if not match or not (match["expected"] or match["observed"]):
        return None
    return Claim(expected=_bare(match["expected"] or ""), observed=_bare(match["observed"] or ""))


def headed(expected: Sequence[str], observed: Sequence[str]) -> tuple[Claim, ...]:
    """The claims of sections that name one value each: "Expected: `3`", "Actual: `2`"."""
    wanted = [value for value in map(_only_value, expected) if value]
    seen = [value for value in map(_only_value, observed) if value]
    pairs = zip_longest(wanted, seen[: len(wanted)], fillvalue="")
    return tuple(Claim(expected=want, observed=got, firm=True) for want, got in pairs if want != got)


def _only_value(section: str) -> str:
    """The one value a section's first paragraph is about; "" when it is about none or several."""
    first = section.split("\n\n")[0].strip()
    spans = re.findall(r"(?<![\w`])`([^`\n]{1,300})`(?!\w)", first)
    if literal(first):
        return first
    if len(spans) != 1 or len(first) - len(spans[0]) > MAX_AROUND:
        return ""
    alone = first.strip("` .") == spans[0].strip("` .")
    return spans[0] if alone or (literal(spans[0]) and "(" not in spans[0]) else ""


def raising(text: str) -> str:
    """The exception the report says should be raised ("" when it names none)."""
    match = _RAISES.search(text) or _EXPECTS_ERROR.search(text)
    return match["name"] if match else ""


def literal(text: str) -> str:
    """`text` as a Python expression made of constants, containers and plain calls; "" when it is none."""
    trimmed = text.strip().rstrip(".;,") if not text.strip().endswith("...") else text.strip()
    tree = tree_of(trimmed)
    match tree.body if tree else []:
        case [ast.Expr(value=value)] if _plain(value):
            return trimmed
    return ""


def observed_values(symptom: Symptom) -> Iterator[str]:
    """Every value the report says was seen: in its sentences, its comments and the output it shows."""
    yield from (claim.observed for claim in symptom.claims if claim.observed)
    for snippet in symptom.snippets:
        if snippet.kind in ("output", "session") and not expects(snippet.lead):
            shown = (line for line in snippet.text.split("\n") if not _PROMPTED.match(line))
            yield from islice((_OUT.sub("", line).strip() for line in shown if line.strip()), 20)
        claims = (in_comment(line) for line in snippet.text.split("\n"))
        yield from (claim.observed for claim in claims if claim and claim.observed)


def expects(lead: str) -> bool:
    """Does this line announce what should come out?"""
    return re.search(r"expect|should|want|desired|correct", lead, re.I) is not None


def _plain(node: ast.expr) -> bool:
    allowed = (
        ast.Constant,
        ast.List,
        ast.Tuple,
        ast.Dict,
        ast.Set,
        ast.UnaryOp,
        ast.USub,
        ast.UAdd,
        ast.Load,
        ast.keyword,
    )
    names = (ast.Name, ast.Attribute)
    for inner in ast.walk(node):
        if isinstance(inner, ast.Call):
            if not isinstance(inner.func, names):
                return False
        elif not isinstance(inner, (*allowed, *names)):
            return False
    called = {id(part) for call in ast.walk(node) if isinstance(call, ast.Call) for part in ast.walk(call.func)}
    return all(id(inner) in called for inner in ast.walk(node) if isinstance(inner, names))


def _bare(value: str) -> str:
    return value.strip().strip("`").strip().rstrip(",") if value.startswith("`") else value.strip()


def _comment_start(line: str) -> int:
    """Where a comment begins; a `#` inside a string is none."""
    quote = ""
    for at, char in enumerate(line):
        if quote:
            quote = "" if char == quote else quote
        elif char in "\"'":
            quote = char
        elif char == "#":
            return at
    return -1
