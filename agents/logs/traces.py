"""Stack traces in any text: which exception, what it said, and the frames, innermost first."""

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from agents.report import Frame, Trace

MAX_LINES = 2000  # a trace longer than this is recursion printed in full
MAX_MESSAGE_LINES = 12
MAX_WIDTH = 2000

_HEADER = re.compile(r"Traceback \(most recent call last\):?\s*$")
_IPYTHON = re.compile(r"^\s*([A-Za-z_][\w.]*)\s{2,}Traceback \(most recent call last\)\s*$")
_FRAME = re.compile(r'^\s*File "(?P<path>[^"]+)", line (?P<line>\d+)(?:, in (?P<function>.+?))?\s*$')
_CELL_FRAME = re.compile(
    r"^\s*(?:File (?P<path>[^\s\"].*?):(?P<line>\d+), in (?P<function>[^(\s]+)"
    r"|(?P<cell>(?:Cell )?In ?\[\d+\]), line (?P<cell_line>\d+))"
)
_OLD_CELL_FRAME = re.compile(r"^\s*(?P<path>\S+\.py[cx]?|<ipython-input[^>]*>) in (?P<function>[\w<>]+)\b.*$")
_ARROW = re.compile(r"^\s*-+> ?(?P<line>\d+)\s?(?P<code>.*)$")
_MARKS = re.compile(r"^\s*[\^~]+\s*$")
_REPEATED = re.compile(r"^\s*\[Previous line repeated (\d+) more times?\]")
_RAISED = re.compile(r"^(?P<exception>[A-Za-z_][\w.]*(?:\.<locals>\.\w+)*)(?:: ?(?P<message>.*))?$")
_CHAIN = re.compile(r"(?:During handling of the above exception|The above exception was the direct cause)")
_GUTTER = re.compile(r"^\s*(?:\|(?: {1,2}|$)|\+-\+-+ \d+ -+|\+-+$|\+ (?=Exception Group))")
_LOG_LINE = re.compile(
    r"^\W{0,3}(?:\d{4}-\d\d-\d\d|\d\d:\d\d:\d\d|[A-Z][a-z]{2} [ \d]\d \d\d:"
    r"|(?:DEBUG|INFO|WARN|WARNING|ERROR|CRITICAL|FATAL)\b)"
)
_PYTEST_E = re.compile(
    r"^E\s{2,}(?P<exception>[A-Za-z_][\w.]*(?:Error|Exception|Warning|Exit|Failed|Interrupt))(?:: ?(?P<message>.*))?$"
)
_PYTEST_ASSERT = re.compile(r"^E\s{2,}(?P<message>assert .*)$")
_PYTEST_AT = re.compile(
    r"^(?P<path>[^\s:][^:]*\.py):(?P<line>\d+): (?:in (?P<function>\S+)|(?P<exception>[A-Za-z_]\w*))\s*$"
)

_JAVA_FRAME = re.compile(
    r"^\s*at (?:[\w.]+/)*(?P<function>[\w.$<>]+)"
    r"\((?P<path>[\w$]+\.\w+|Native Method|Unknown Source)(?::(?P<line>\d+))?\)"
)
_JAVA_HEAD = re.compile(
    r"^(?:.*?\bException in thread \"[^\"]*\" |Caused by: |Suppressed: |.*?\s)?"
    r"(?P<exception>(?:[a-z_]\w*\.)+[A-Z][\w$]*)(?:: (?P<message>.*))?$"
)
_JS_FRAME = re.compile(
    r"^\s*at (?:(?:async )?(?P<function>[^()]+?) \()?(?P<path>(?:file://|https?://|"
    r"node:)?[^\s():]+(?::\\[^\s():]+)?):(?P<line>\d+):\d+\)?\s*$"
)
_JS_HEAD = re.compile(
    r"^(?:.*?(?:Uncaught |\s))?(?P<exception>[A-Z]\w*(?:Error|Exception)|Error)(?: \[\w+\])?(?:: (?P<message>.*))?$"
)
_GO_HEAD = re.compile(r"^.*?\b(?P<exception>panic|fatal error): (?P<message>.*)$")
_GO_CALL = re.compile(r"^(?P<function>[\w./*()\-]+?)\((?:[^()]*|\.\.\.)\)$")
_GO_PLACE = re.compile(r"^\s+(?P<path>/?\S+\.go):(?P<line>\d+)(?: \+0x[0-9a-f]+)?$")

MARKERS = (
    "Traceback (most recent call last)",
    "\tat ",
    "    at ",
    "goroutine ",
    "SyntaxError: ",
    "IndentationError: ",
    "\nE  ",
)


@dataclass(frozen=True, slots=True)
class _Found:
    """A trace and the 0-based index of the first line after it."""

    trace: Trace
    after: int


def parse(text: str) -> tuple[Trace, ...]:
    """Return the traces of `text` in their order; those an exception was raised from are in its `causes`."""
    if not any(marker in "\n" + text for marker in MARKERS):
        return ()
    lines = [line[:MAX_WIDTH].rstrip() for line in text.split("\n")]
    return tuple(_linked(tuple(_scan(lines)), lines))


def fingerprint(trace: Trace) -> str:
    """The same for two traces of one failure: exceptions and in-project functions, no lines, values or addresses."""
    names = [frame for frame in trace.frames if in_project(frame.path)] or list(trace.frames)
    parts = [f"{_module(frame.path)}:{frame.function}" for frame in names]
    flat = [part for before, part in zip(["", *parts], parts, strict=False) if part != before][:8]
    chain = [trace.exception, *(cause.exception for cause in trace.causes)]
    return hashlib.sha256("|".join(chain + flat).encode()).hexdigest()[:16]


def in_project(path: str) -> bool:
    """Is this more than the language's own library? Installed packages count: the one at fault may be among them."""
    lowered = path.lower().replace("\\", "/")
    if "site-packages/" in lowered or "dist-packages/" in lowered:
        return True
    return not any(
        part in lowered for part in ("/lib/python", "python3", "<frozen", "node:", "node_modules", "/go/src/runtime")
    )


def _module(path: str) -> str:
    return re.split(r"[/\\]", path)[-1]


def _scan(lines: Sequence[str]) -> Iterator[_Found]:
    index = 0
    while index < len(lines):
        found = next((hit for read in _READERS if (hit := read(lines, index))), None)
        if found:
            yield found
        index = max(found.after, index + 1) if found else index + 1


def _linked(found: Sequence[_Found], lines: Sequence[str]) -> Iterator[Trace]:
    """Join what was printed as a chain ("During handling of ...") or as the members of an exception group."""
    open_trace: Trace | None = None
    for hit in found:
        if open_trace is None:
            open_trace = hit.trace
        elif _is_chained(open_trace, hit.trace, lines):
            open_trace = replace(
                hit.trace, line=open_trace.line, causes=(replace(open_trace, causes=()), *open_trace.causes)
            )
        elif open_trace.exception.endswith("ExceptionGroup") and _GUTTER.match(lines[hit.trace.line - 1]):
            open_trace = replace(open_trace, end_line=hit.trace.end_line, causes=(*open_trace.causes, hit.trace))
        else:
            yield open_trace
            open_trace = hit.trace
    if open_trace:
        yield open_trace


def _is_chained(before: Trace, trace: Trace, lines: Sequence[str]) -> bool:
    between = lines[before.end_line - 1 : trace.line]
    return trace.line - before.end_line < 8 and any(_CHAIN.search(line) for line in between)


# --- Python ----------------------------------------------------------------------------------------------------------


def _python(lines: Sequence[str], start: int) -> _Found | None:
    header = _HEADER.search(lines[start])
    if not header or _IPYTHON.match(lines[start]):
        return None
    prefix = lines[start][: header.start()]
    body = [_unprefixed(line, prefix) for line in lines[start + 1 : start + 1 + MAX_LINES]]
    found = _python_body(body, start)
    return _one_line(found) if found and prefix.strip() and not _GUTTER.match(prefix) else found


def _one_line(found: _Found) -> _Found:
    """Where every line carries a log header, the line after the exception is the next record, not its message."""
    surplus = found.trace.message.count("\n")
    trace = replace(found.trace, message=found.trace.message.split("\n")[0], end_line=found.trace.end_line - surplus)
    return _Found(trace, found.after - surplus)


def _unprefixed(line: str, prefix: str) -> str:
    """Cut what stands before the text on every line: a log header of the same shape, or a group's gutter."""
    if prefix.strip() and _shape(line[: len(prefix)]) == _shape(prefix):
        return line[len(prefix) :]
    if gutter := _GUTTER.match(line):
        return line[gutter.end() :]
    return line[len(prefix) :] if prefix and not prefix.strip() and line.startswith(prefix) else line


def _shape(text: str) -> str:
    return re.sub(r"\d", "0", text.rstrip())


def _python_body(body: Sequence[str], start: int) -> _Found | None:
    """Read frames until the line that names the exception."""
    frames: list[Frame] = []
    index = 0
    while index < len(body):
        line = body[index]
        if match := _FRAME.match(line):
            code, index = _code_after(body, index + 1)
            frames.append(_frame(match["path"], match["line"], match["function"], code))
        elif _REPEATED.match(line) or _MARKS.match(line) or line[:1].isspace() or line == "...":
            index += 1
        elif (raised := _RAISED.match(line)) and _is_exception(raised["exception"], bool(frames)):
            return _ended(raised, frames, body, index, start)
        else:
            return None
    return None


def _code_after(body: Sequence[str], index: int) -> tuple[str, int]:
    """The source line printed under a frame ("" when none is), and where to go on."""
    if (
        index < len(body)
        and body[index][:1].isspace()
        and not _FRAME.match(body[index])
        and not _MARKS.match(body[index])
    ):
        return body[index].strip(), index + 1
    return "", index


def _is_exception(name: str, after_frames: bool) -> bool:
    last = name.rsplit(".", 1)[-1]
    return after_frames or last.endswith(("Error", "Exception", "Warning", "Exit", "Interrupt", "ExceptionGroup"))


def _ended(raised: re.Match[str], frames: list[Frame], body: Sequence[str], index: int, start: int) -> _Found:
    message, after = _message(raised["message"] or "", body, index + 1)
    trace = Trace(
        language="python",
        exception=raised["exception"],
        message=message,
        frames=tuple(reversed(frames)),
        line=start + 1,
        end_line=start + 1 + after,
    )
    return _Found(trace, start + 1 + after)


def _message(first: str, body: Sequence[str], index: int) -> tuple[str, int]:
    """A message may run over several lines: up to a blank line, a fence, a log header or the next trace."""
    parts = [first]
    while index < len(body) and len(parts) < MAX_MESSAGE_LINES and _goes_on(body[index]):
        parts.append(body[index])
        index += 1
    return "\n".join(parts).strip(), index


def _goes_on(line: str) -> bool:
    stops = not line.strip() or line.lstrip().startswith(("```", "~~~", ">>> ")) or _LOG_LINE.match(line)
    return not (stops or _HEADER.search(line) or _CHAIN.search(line) or _GUTTER.match(line) or _FRAME.match(line))


def _frame(path: str, line: str, function: str | None, code: str) -> Frame:
    return Frame(path=path, line=int(line), function=(function or "<module>").strip(), code=code)


def _syntax_error(lines: Sequence[str], start: int) -> _Found | None:
    """A syntax error printed alone has no header: a File line, the code, a caret, the error."""
    match = _FRAME.match(lines[start])
    if not match or match["function"]:
        return None
    found = _python_body(lines[start : start + 6], start - 1)
    return found if found and found.trace.exception.endswith(("SyntaxError", "IndentationError", "TabError")) else None


def _ipython(lines: Sequence[str], start: int) -> _Found | None:
    if not (head := _IPYTHON.match(lines[start])):
        return None
    frames: list[Frame] = []
    for index in range(start + 1, min(len(lines), start + MAX_LINES)):
        line = lines[index]
        raised = _RAISED.match(line)
        if raised and raised["exception"].rsplit(".", 1)[-1] == head[1].rsplit(".", 1)[-1]:
            return _ended(raised, frames, lines[start + 1 :], index - start - 1, start)
        _add_cell_frame(frames, line)
    return None


def _add_cell_frame(frames: list[Frame], line: str) -> None:
    if match := _CELL_FRAME.match(line):
        path, number = match["path"] or match["cell"], match["line"] or match["cell_line"]
        frames.append(_frame(path, number, match["function"], ""))
    elif match := _OLD_CELL_FRAME.match(line):
        frames.append(_frame(match["path"], "0", match["function"], ""))
    elif frames and (match := _ARROW.match(line)):
        frames[-1] = replace(frames[-1], line=int(match["line"]), code=match["code"].strip())


def _pytest(lines: Sequence[str], start: int) -> _Found | None:
    """What pytest prints: `E   Type: message`, then `path:line: Type`; above it outer frames,
    `path:line: in name`."""
    if not (raised := _PYTEST_E.match(lines[start]) or _PYTEST_ASSERT.match(lines[start])):
        return None
    index = start + 1
    message = [raised["message"] or ""]
    while index < len(lines) and lines[index].startswith("E  "):
        message.append(lines[index][1:].strip())
        index += 1
    places = [m for line in lines[index : index + 3] if (m := _PYTEST_AT.match(line))]
    frames = [_frame(m["path"], m["line"], m["function"] or "", "") for m in places[:1]]
    above = [m for line in lines[max(0, start - 60) : start] if (m := _PYTEST_AT.match(line)) and m["function"]]
    frames += [_frame(m["path"], m["line"], m["function"], "") for m in reversed(above)]
    trace = Trace(
        language="python",
        exception=raised.groupdict().get("exception") or "AssertionError",
        message="\n".join(message[:MAX_MESSAGE_LINES]).strip(),
        frames=tuple(frames),
        line=start + 1,
        end_line=index,
    )
    return _Found(trace, index)


# --- other languages -------------------------------------------------------------------------------------------------


def _at_frames(lines: Sequence[str], start: int) -> _Found | None:
    """Java and JavaScript: a head line, then `at ...` lines."""
    if start + 1 >= len(lines) or not re.match(r"\s+at ", lines[start + 1]):
        return None
    for language, head, frame in (("java", _JAVA_HEAD, _JAVA_FRAME), ("javascript", _JS_HEAD, _JS_FRAME)):
        match = head.match(lines[start])
        if match and frame.match(lines[start + 1]):
            return _at_body(language, match, frame, lines, start)
    return None


def _at_body(language: str, head: re.Match[str], frame: re.Pattern[str], lines: Sequence[str], start: int) -> _Found:
    frames, index = [], start + 1
    while index < len(lines) and re.match(r"\s+(?:at |\.\.\. \d+ (?:more|common))", lines[index]):
        if match := frame.match(lines[index]):
            frames.append(_frame(match["path"], match["line"] or "0", match["function"], ""))
        index += 1
    causes = _causes(lines, index) if language == "java" else ()
    end = max([index, *(cause.end_line for cause in causes)])
    trace = Trace(
        language=language,
        exception=head["exception"],
        message=head["message"] or "",
        frames=tuple(frames),
        line=start + 1,
        end_line=end,
        causes=causes,
    )
    return _Found(trace, end)


def _causes(lines: Sequence[str], index: int) -> tuple[Trace, ...]:
    if index >= len(lines) or not lines[index].lstrip().startswith("Caused by: "):
        return ()
    found = _at_frames([*lines[:index], lines[index].lstrip(), *lines[index + 1 :]], index)
    return (replace(found.trace, causes=()), *found.trace.causes) if found else ()


def _go(lines: Sequence[str], start: int) -> _Found | None:
    head = _GO_HEAD.match(lines[start])
    if not head or not any(line.startswith("goroutine ") for line in lines[start : start + 6]):
        return None
    frames: list[Frame] = []
    index = start + 1
    while index < len(lines) and index < start + MAX_LINES and not (frames and not lines[index].strip()):
        place = _GO_PLACE.match(lines[index])
        if place and (call := _GO_CALL.match(lines[index - 1].removeprefix("created by "))):
            frames.append(_frame(place["path"], place["line"], call["function"], ""))
        index += 1
    message = head["message"].removesuffix(" [recovered]")
    trace = Trace(
        language="go",
        exception=head["exception"],
        message=message,
        frames=tuple(frames),
        line=start + 1,
        end_line=index,
    )
    return _Found(trace, index)


_READERS = (_python, _ipython, _syntax_error, _pytest, _at_frames, _go)
