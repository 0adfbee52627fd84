"""What the report says went wrong: exception, message, frames, expected and observed, tests,
commands and snippets."""

import re
from collections.abc import Sequence

from agents.report import Frame, Report, Snippet, Symptom, Trace
from agents.reproduction import blocks, claims

MAX_TEXT = 400_000  # characters of a report that are read closely
MAX_SENTENCE = 600

_EXCEPTION = re.compile(
    r"(?<![\w.])`{0,2}(?P<name>(?:[A-Za-z_]\w*\.)*[A-Z]\w*(?:Error|Exception|Interrupt|Exit|Warning)|"
    r"StopIteration)`{0,2}"
    r"(?::\s*(?P<message>[^\n`]+))?"
)
_RAISED_LINE = re.compile(r"^(?P<name>(?:[A-Za-z_]\w*\.)*[A-Z]\w*(?:Error|Exception)): (?P<message>.+)$", re.M)
_WANTED = re.compile(
    r"\b(?:should|shall|must|expect(?:ed|ing|s)?|ought|instead of|rather than|would like|suggest)\b", re.I
)
_EXPECTED_HEAD = re.compile(
    r"^(?:what (?:did|do) (?:you|i) expect|expected|what should|what i expect|desired|correct|should be|"
    r"i(?: would)? expect)",
    re.I,
)
_OBSERVED_HEAD = re.compile(
    r"^(?:actual|observed|current|what (?:actually )?happen|what i (?:see|got|get)|instead|got|result|but|"
    r"error|wrong|bug)\w*",
    re.I,
)
_OTHER_HEAD = re.compile(
    r"^(?:steps|to reproduce|how to|repro|environment|version|system|additional|possible|describe|"
    r"checklist|logs?|screenshots?)",
    re.I,
)
_HEADING = re.compile(
    r"^\s*(?:#{1,6}\s*(?P<hash>.+?)\s*#*|\*\*(?P<bold>[^*]+?)\*\*:?|(?P<colon>[A-Z][^.:`\n]{2,50}):)\s*$"
)
_INLINE_HEAD = re.compile(
    r"^\s*[-*]?\s*(?:\*\*|__)?(?P<head>[A-Z][\w .()'-]{2,60}?)(?:\*\*|__)?\s*:(?:\*\*|__)?\s+(?P<rest>\S.*)$"
)
_EXPECTED = re.compile(
    r"\b(?:should(?! not be (?:closed|merged))|expect(?:ed|s|ing)?|supposed to|ought to|must)\b", re.I
)
_OBSERVED = re.compile(
    r"\b(?:instead|but (?:it |i )?(?:got|get|gives?|returns?|raises?|prints?)|(?:actual|wrong)ly|i get|"
    r"i got|results? in|"
    r"returns?|raises?|prints?|throws?|crash(?:es|ed)?|fails?|incorrect|wrong)\b",
    re.I,
)
_VERSION = re.compile(
    r"(?:^|[^\w.])(?P<label>[A-Za-z][\w .-]{0,30}?)\s*(?:version|ver\.?|v|==|"
    r"@)?\s*[:=]{0,2}\s*`?v?(?P<version>\d+\.\d+(?:\.\d+)*\w*)",
)
_NAMED_VERSION = re.compile(r"(?<![\w./-])(?P<label>[A-Za-z][\w-]+) v?(?P<version>\d+\.\d+\.\d+\w*)(?![\w.]*/)")
_NOT_PROJECT = re.compile(
    r"\b(?:python|cpython|pypy|linux|ubuntu|debian|mac ?os|windows|os|node|pip|gcc|kernel|chrome|firefox)\b", re.I
)
_TEST_ID = re.compile(r"(?<![\w/])(?P<id>(?:[\w.-]+/)*(?:test_\w+|\w+_tests?|tests?)\.py(?:::[\w]+(?:\[[^\]\n]*\])?)*)")
_DOTTED_TEST = re.compile(r"(?<![\w./])(?P<id>(?:\w+\.)+test_\w+)(?![\w/])(?!\.py)")
_TEST_NAME = re.compile(r"(?<![\w./:])(?P<id>test_\w{3,})(?![\w.]*\.py)\b")
_UNITTEST_LINE = re.compile(r"^(?:FAIL|ERROR): (?P<name>test_\w+) \((?P<where>[\w.]+)\)", re.M)
_INLINE_COMMAND = re.compile(r"`{1,2}(?:\$ )?(?P<command>(?:python[\d.]* -[mc] |pytest )[^`\n]+)`{1,2}")
_INTERMITTENT = re.compile(
    r"\b(?:sometimes|randomly|intermittent(?:ly)?|occasionally|flak(?:y|iness)|once in a while|not always|"
    r"sporadic(?:ally)?|"
    r"race condition|non-?determinis\w+|now and then)\b",
    re.I,
)
_HANGS = re.compile(
    r"\b(?:hangs?|hanging|hung|infinite(?:ly)? (?:loop|recurs)\w*|never (?:returns?|ends?|finish\w*|"
    r"terminates?)|freez\w+|froze|"
    r"deadlocks?|endless(?:ly)?|stuck|forever)\b",
    re.I,
)


def read(report: Report, traces: Sequence[Trace]) -> Symptom:
    """Read title, text and comments. `traces` are those found in them, the most telling first."""
    text = full_text(report)
    said = prose(report)
    snippets = blocks.cut(text)
    exception, message = _exception(traces, said, snippets)
    wanted, seen = _sections(said, _EXPECTED_HEAD), _sections(said, _OBSERVED_HEAD)
    return Symptom(
        exception=exception,
        message=message,
        frames=_frames(traces),
        expected=next(iter(wanted), "") or _sentence(said, _EXPECTED),
        observed=next(iter(seen), "") or _sentence(said, _OBSERVED),
        version=_version(said),
        test_ids=_test_ids(text),
        commands=_commands(snippets, text),
        snippets=snippets,
        intermittent=bool(_INTERMITTENT.search(said)),
        hangs=bool(_HANGS.search(said)),
        claims=(*claims.headed(wanted, seen), *claims.in_prose(_joined(said))),
        should_raise=claims.raising(said),
    )


def full_text(report: Report) -> str:
    """Title, text and comments as one text, newest last."""
    parts = [report.title, report.text, *(comment.text for comment in report.comments)]
    return "\n\n".join(part.replace("\r\n", "\n") for part in parts)[:MAX_TEXT]


def prose(report: Report) -> str:
    """What is said in words: the text without its blocks of code and quoted replies."""
    without = re.sub(r"<!--.*?-->", "", blocks.without_fences(full_text(report)), flags=re.S)
    return "\n".join(line for line in without.split("\n") if not line.startswith((">", "    ", "\t")))


def _exception(traces: Sequence[Trace], prose: str, snippets: Sequence[Snippet]) -> tuple[str, str]:
    """The exception of the telling trace; else one that stands alone on a line of output; else one a sentence names."""
    if traces:
        return traces[0].exception, traces[0].message
    shown = (one.text for one in snippets if one.kind in ("output", "session") and not claims.expects(one.lead))
    if raised := next((match for text in shown if (match := _RAISED_LINE.search(text))), None):
        return raised["name"], raised["message"].strip()
    for match in _EXCEPTION.finditer(prose):
        sentence = _sentence_before(prose, match.start())
        if not _WANTED.search(sentence) and not match["name"].endswith("Warning"):
            return match["name"], (match["message"] or "").strip().strip("*_`")
    return "", ""


def _sentence_before(prose: str, at: int) -> str:
    start = max(prose.rfind(mark, 0, at) for mark in (". ", "\n", "; ", ", but ", "! ", "? "))
    return prose[start + 1 : at]


def _frames(traces: Sequence[Trace]) -> tuple[Frame, ...]:
    """The frames of the telling trace, then those of what it was raised from, each once."""
    if not traces:
        return ()
    every = [*traces[0].frames, *(frame for cause in traces[0].causes for frame in cause.frames)]
    return tuple(dict.fromkeys(every))


def _sections(prose: str, head: re.Pattern[str]) -> list[str]:
    """What stands under headings of this kind, or behind them on the same line."""
    lines = prose.split("\n")
    found = []
    for index, line in enumerate(lines):
        inline = _INLINE_HEAD.match(line)
        if inline and head.match(inline["head"]):
            found.append(inline["rest"].strip(" *_")[:MAX_SENTENCE])
        elif (title := _heading(line)) and head.match(title):
            found.append(_section(lines[index + 1 :]))
    return [section for section in found if section]


def _sentence(prose: str, words: re.Pattern[str]) -> str:
    """The first sentence that speaks this way."""
    return next((one for one in _sentences(prose) if words.search(one)), "")[:MAX_SENTENCE]


def _heading(line: str) -> str:
    match = _HEADING.match(line)
    return (match["hash"] or match["bold"] or match["colon"] or "").strip(" :*_") if match else ""


def _section(lines: Sequence[str]) -> str:
    body: list[str] = []
    for line in lines:
        if _heading(line) and (body or _OTHER_HEAD.match(_heading(line)) or line.lstrip().startswith("#")):
            break
        body.append(line)
    return "\n".join(body).strip()[:MAX_SENTENCE]


def _sentences(prose: str) -> list[str]:
    return [part.strip() for part in re.split(r"(?<=[.!?])\s+(?=[A-Z`\"'(])|\n+", _joined(prose)) if part.strip()]


def _joined(prose: str) -> str:
    """Wrapped lines of a paragraph as one line each."""
    return re.sub(r"(?<![\n:])\n(?![\n#*-])", " ", prose)


def _version(prose: str) -> str:
    """The version of the project: never that of Python or the system."""
    lines = [line for line in prose.split("\n") if len(line) <= 300]
    stated = [line for line in lines if re.search(r"version|==|\bv\d|release", line, re.I)]
    for pattern, where in ((_VERSION, stated), (_NAMED_VERSION, lines)):
        for match in (match for line in where for match in pattern.finditer(line)):
            if not _NOT_PROJECT.search(match["label"]):
                return match["version"]
    return ""


def _test_ids(text: str) -> tuple[str, ...]:
    found = [m["id"] for m in _TEST_ID.finditer(text)]
    found += [f"{m['where'].removesuffix('.' + m['name'])}.{m['name']}" for m in _UNITTEST_LINE.finditer(text)]
    found += [m["id"] for pattern in (_DOTTED_TEST, _TEST_NAME) for m in pattern.finditer(text)]
    return tuple(dict.fromkeys(found))[:20]


def _commands(snippets: Sequence[Snippet], text: str) -> tuple[str, ...]:
    shell = [command for snippet in snippets if snippet.kind == "shell" for command in blocks.commands(snippet)]
    inline = [match["command"].strip() for match in _INLINE_COMMAND.finditer(text)]
    return tuple(dict.fromkeys(shell + inline))[:20]
