"""Log templates: lines that differ only in numbers, names and ids become one pattern with `<*>` where they differ."""

import re
from collections import defaultdict
from collections.abc import Sequence

HOLE = "<*>"
MAX_LINE = 1000
MAX_TOKENS = 60
ROUNDS = 4
MANY = 8  # fillers that make a word a variable; fewer suffice where something announces a value
_AFTER = {"=": 2, ":": 3}
_ANNOUNCES = {"user": 2, "for": 3, "from": 2, "host": 2, "to": 3, "file": 2}

_LEVEL = re.compile(
    r"(?i)(?<![A-Za-z])(?P<level>fatal|critical|crit|emerg|alert|panic|severe|error|err|warning|warn|"
    r"notice|info|debug|trace|fine)(?![A-Za-z])"
)
_KLOG = re.compile(r"^(?P<level>[IWEF])\d{4} \d\d:")
_NAMES = {
    **dict.fromkeys(("crit", "emerg", "alert", "panic"), "critical"),
    **dict.fromkeys(("severe", "err", "e"), "error"),
    **dict.fromkeys(("warn", "w"), "warning"),
    "fine": "debug",
    "i": "info",
    "f": "fatal",
}
SEVERITY = {"fatal": 5, "critical": 5, "error": 4, "warning": 3, "notice": 2, "info": 1, "debug": 0, "trace": 0, "": 1}

_ANSI = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")
_MASKS = re.compile(
    r"(?P<url>\b[a-z][a-z0-9+.-]{1,12}://[^\s\"'<>]+)"
    r"|(?P<quoted>\"(?:[^\"\\\n]|\\.){0,300}\"(?!\s*:)|(?<![\w])'(?:[^'\\\n]|\\.){0,300}'(?!\w))"
    r"|(?P<path>(?<![\w<.])(?:/[\w.@~+%=-]+){2,}/?(?:\?\S*)?)"
    r"|(?P<dotted>\b(?:[A-Za-z_][\w-]*\.){2,}[\w-]+(?::\d+)?)"
    r"|(?P<month>\b(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec|Mon|Tue|Wed|Thu|Fri|Sat|"
    r"Sun)[a-z]{0,6}(?=,? +\d))"
    r"|(?P<token>[^\s=:,;\[\](){}\"'|<>/]*\d[^\s=:,;\[\](){}\"'|<>/]*(?: ?(?:[KMGT]i?B|ms|us|ns|"
    r"secs?|seconds?|bytes|%)\b)?)"
    r"|(?P<value>(?<==)(?:true|false|null|None|True|False)\b)"
    r"|(?P<empty>\(\)|\[\])"
)
_RUNS = re.compile(r"<\*>(?:[ ,.:/|-]{0,2}<\*>)+")
_TOKEN = re.compile(r"<\*>|[A-Za-z_][\w-]*|[^\w\s]|\s+|\w+")


def mask(line: str) -> str:
    """Return the pattern of one line: what surely varies (numbers, ids, paths, quoted text) replaced by `<*>`."""
    text = _ANSI.sub("", line[:MAX_LINE]).strip()
    return _RUNS.sub(HOLE, _MASKS.sub(_hole, text))


def _hole(match: re.Match[str]) -> str:
    return f"({HOLE})" if match["empty"] else HOLE


def level(line: str) -> str:
    """The severity a line gives itself, in lower case; "" when it names none."""
    match = _KLOG.match(line) or _LEVEL.search(line[:200])
    name = match["level"].lower() if match else ""
    return _NAMES.get(name, name)


def merge(patterns: Sequence[str]) -> dict[str, str]:
    """Map each pattern to the one it belongs to: a word that many alike patterns differ in is a variable too."""
    current = {pattern: pattern for pattern in patterns}
    for _ in range(ROUNDS):
        changed = _round(sorted(set(current.values())))
        if not changed:
            break
        current = {pattern: changed.get(now, now) for pattern, now in current.items()}
    return current


def _round(patterns: Sequence[str]) -> dict[str, str]:
    """One round: the patterns that get a new hole, with what they become."""
    split = {pattern: tuple(_TOKEN.findall(pattern))[:MAX_TOKENS] for pattern in patterns}
    holes: dict[int, set[str]] = defaultdict(set)
    places = [(pattern, at) for pattern, tokens in split.items() for at, token in enumerate(tokens) if _is_word(token)]
    for pattern, at in places:
        holes[_key(split[pattern], at)].add(split[pattern][at])
    changed: dict[str, list[int]] = defaultdict(list)
    for pattern, at in places:
        tokens = split[pattern]
        if len(holes[_key(tokens, at)]) >= _enough(tokens, at):
            changed[pattern].append(at)
    return {pattern: _with_holes(pattern, split[pattern], places) for pattern, places in changed.items()}


def _is_word(token: str) -> bool:
    return token != HOLE and (token[0].isalnum() or token[0] == "_")


def _key(tokens: tuple[str, ...], at: int) -> int:
    return hash((tokens[:at], tokens[at + 1 :]))


def _enough(tokens: tuple[str, ...], at: int) -> int:
    before = tokens[at - 1] if at else ""
    if before in _AFTER:
        return _AFTER[before]
    if before.isspace() and at >= 2:
        return _AFTER.get(tokens[at - 2], _ANNOUNCES.get(tokens[at - 2].lower(), MANY))
    return MANY


def _with_holes(pattern: str, tokens: tuple[str, ...], places: Sequence[int]) -> str:
    holed = "".join(HOLE if at in places else token for at, token in enumerate(tokens))
    return _RUNS.sub(HOLE, holed + pattern[sum(map(len, tokens)) :])
