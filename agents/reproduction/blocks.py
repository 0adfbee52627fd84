"""The code, sessions, commands and output a report shows: fenced, indented, or just typed in."""

import ast
import re
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from agents.report import Snippet
from agents.source import tree_of

Kind = Literal["python", "session", "test", "shell", "output"]

MAX_BLOCKS = 40
MAX_BLOCK_CHARS = 20_000
MAX_SPLIT = 150  # lines of a mixed block that are tried as code
MAX_TYPED = 60  # lines of code without any mark

_FENCE = re.compile(r"^(?P<indent>\s{0,8})(?:> ?)?(?P<fence>`{3,}|~{3,})\s*\{?\.?(?P<info>[\w+#-]*)[^`]*$")
_JIRA = re.compile(r"^\s*\{(?:code|noformat)(?::(?P<info>\w+))?[^}]*\}\s*$")
_PRE = re.compile(r"^\s*<pre[^>]*>\s*(?:<code[^>]*>)?(?P<rest>.*)$", re.I)
_PRE_END = re.compile(r"^(?P<rest>.*?)(?:</code>)?\s*</pre>\s*$", re.I)
_DIRECTIVE = re.compile(r"^\s*\.\. (?:code-block|code|sourcecode|highlight)::\s*(?P<info>\w*)\s*$")
_PROMPT = re.compile(r"^\s*(?:>>>(?: |$)|In ?\[\d+\]: )")
_SHELL_PROMPT = re.compile(r"^\s*(?:\$|%|#|[\w.@~:/-]*[$#]|\([\w.-]+\) ?[\w.@~:/-]*\$) (?P<command>\S.*)$")
_COMMAND = re.compile(r"^\s*(?:python[\d.]*|py|pytest|tox|pip|git|uv|poetry|make)\s+\S")
_LABEL = re.compile(r"^[#*_\s>-]*(.*?)[*_:\s]*$")

_SESSION_INFO = {"pycon", "pythonconsole", "python-console", "pycon3", "doctest", "ipython"}
_PYTHON_INFO = {"python", "py", "python3", "py3", "python2", "sage"}
_SHELL_INFO = {"bash", "sh", "shell", "console", "zsh", "shell-session", "terminal", "cmd", "powershell"}


@dataclass(frozen=True, slots=True)
class _Raw:
    text: str
    info: str
    lead: str
    firm: bool  # marked as code by its writer; else only indented


def cut(text: str) -> tuple[Snippet, ...]:
    """Return the blocks of `text` in their order, each with the kind it looks like and the line of prose above it."""
    found = [snippet for raw in _raw_blocks(text.replace("\r\n", "\n").split("\n")) for snippet in _snippets(raw)]
    return tuple(found[:MAX_BLOCKS])


def without_fences(text: str) -> str:
    """The text with its fenced blocks cut out; one that is never closed runs to the end."""
    kept: list[str] = []
    mark = ""
    for line in text.split("\n"):
        fence = re.match(r"[ \t]*(?:> ?)?(`{3,}|~{3,})", line)
        if not mark and fence:
            mark = fence[1]
        elif mark and fence and fence[1].startswith(mark) and not line.strip("> \t`~"):
            mark = ""
        elif not mark:
            kept.append(line)
    return "\n".join(kept)


def is_python(text: str) -> bool:
    """Does `text` parse as Python that does something (not prose, a number or a path that happens to parse)?"""
    tree = tree_of(text)
    return tree is not None and any(_acts(node) for node in tree.body)


def _acts(node: ast.stmt) -> bool:
    if not isinstance(node, ast.Expr):
        return not isinstance(node, ast.AnnAssign) or node.value is not None
    return any(isinstance(inner, ast.Call) for inner in ast.walk(node))


# --- finding blocks --------------------------------------------------------------------------------------------------


def _raw_blocks(lines: Sequence[str]) -> Iterator[_Raw]:
    index, lead = 0, ""
    while index < len(lines):
        after, raw = _block_at(lines, index, lead)
        if raw:
            yield raw
            lead = ""
        elif lines[index].strip():
            lead = lines[index].strip()
        index = max(after, index + 1)


def _block_at(lines: Sequence[str], index: int, lead: str) -> tuple[int, _Raw | None]:
    line = lines[index]
    if fence := _FENCE.match(line):
        return _fenced(lines, index, fence, lead)
    if (jira := _JIRA.match(line)) or _PRE.match(line):
        return _tagged(lines, index, (jira["info"] if jira else "") or "", lead)
    if directive := _DIRECTIVE.match(line):
        return _indented(lines, index + 1, directive["info"] or "python", lead, firm=True)
    if _PROMPT.match(line):
        return _prompted(lines, index, lead)
    blank_above = index == 0 or not lines[index - 1].strip()
    if blank_above and re.match(r"(?: {4}|\t)\S", line):
        return _indented(lines, index, "", lead, firm=lead.endswith("::"))
    return _typed_in(lines, index, lead) if blank_above else (index, None)


def _fenced(lines: Sequence[str], index: int, fence: re.Match[str], lead: str) -> tuple[int, _Raw]:
    """Up to the closing fence; one that is never closed runs to the end."""
    closing = re.compile(rf"^\s*(?:> ?)?{re.escape(fence['fence'][0])}{{{len(fence['fence'])},}}\s*$")
    end = next((n for n in range(index + 1, len(lines)) if closing.match(lines[n])), len(lines))
    quoted = lines[index].lstrip().startswith(">")
    body = [re.sub(r"^\s*> ?", "", line) if quoted else line for line in lines[index + 1 : end]]
    return end + 1, _raw(body, fence["info"], lead, firm=True)


def _tagged(lines: Sequence[str], index: int, info: str, lead: str) -> tuple[int, _Raw]:
    first = _PRE.match(lines[index])
    body = [first["rest"]] if first and first["rest"] else []
    for end in range(index + 1, len(lines)):
        if _JIRA.match(lines[end]):
            return end + 1, _raw(body, info, lead, firm=True)
        if match := _PRE_END.match(lines[end]):
            return end + 1, _raw([*body, match["rest"]], info, lead, firm=True)
        body.append(lines[end])
    return len(lines), _raw(body, info, lead, firm=True)


def _indented(lines: Sequence[str], index: int, info: str, lead: str, *, firm: bool) -> tuple[int, _Raw | None]:
    end = index
    while end < len(lines) and (not lines[end].strip() or lines[end][:1] in " \t"):
        end += 1
    body = lines[index:end]
    return (end, _raw(body, info, lead, firm=firm)) if any(line.strip() for line in body) else (index, None)


def _prompted(lines: Sequence[str], index: int, lead: str) -> tuple[int, _Raw]:
    """A prompt session in running text: to the blank line that no prompt follows."""
    end = index
    while end < len(lines) and (lines[end].strip() or (end + 1 < len(lines) and _PROMPT.match(lines[end + 1]))):
        end += 1
    return end, _raw(lines[index:end], "pycon", lead, firm=True)


def _typed_in(lines: Sequence[str], index: int, lead: str) -> tuple[int, _Raw | None]:
    """Code with no marks at all: paragraphs from an import on that parse together."""
    if not re.match(r"(?:import \w|from [\w.]+ import )", lines[index]):
        return index, None
    best, end = index, index
    for end in range(index + 2, min(len(lines), index + MAX_TYPED) + 1):
        if end < len(lines) and lines[end].strip():
            continue
        if not is_python("\n".join(lines[index:end])):
            break
        best = end
    if best - index < 2:
        return index, None
    return best, _raw(lines[index:best], "python", lead, firm=True)


def _raw(body: Sequence[str], info: str, lead: str, *, firm: bool) -> _Raw:
    text = textwrap.dedent("\n".join(line.expandtabs(8) if line.startswith("\t") else line for line in body)).strip(
        "\n"
    )
    label = _LABEL.match(lead)
    return _Raw(text[:MAX_BLOCK_CHARS], info.lower(), (label[1] if label else lead)[:300], firm)


# --- what kind of block ----------------------------------------------------------------------------------------------


def _snippets(raw: _Raw) -> Iterator[Snippet]:
    if not raw.text.strip():
        return
    if (
        raw.info in _SESSION_INFO
        or _PROMPT.search(raw.text)
        or re.search(r"^\s*(?:>>> |In ?\[\d+\]: )", raw.text, re.M)
    ):
        yield Snippet(kind="session", text=raw.text, lead=raw.lead)
    elif is_python(raw.text) and raw.info not in _SHELL_INFO:
        yield Snippet(kind=_python_kind(raw.text), text=raw.text, lead=raw.lead)
    elif raw.info in _SHELL_INFO or _looks_like_shell(raw.text):
        yield Snippet(kind="shell", text=raw.text, lead=raw.lead)
    else:
        yield from _code_then_output(raw)


def _python_kind(text: str) -> Kind:
    tree = tree_of(text)
    tests = re.search(r"^\s*(?:async )?def test_\w*\(", text, re.M)
    calls = tree is not None and any(isinstance(node, ast.Expr) for node in tree.body)
    return "test" if tests and not calls else "python"


def _looks_like_shell(text: str) -> bool:
    first = next((line for line in text.split("\n") if line.strip()), "")
    return bool(_COMMAND.match(first) or (_SHELL_PROMPT.match(first) and not first.lstrip().startswith("# ")))


def _code_then_output(raw: _Raw) -> Iterator[Snippet]:
    """Code and what it printed, pasted in one block: the longest head that parses is the code."""
    lines = raw.text.split("\n")
    ends = (n for n in range(min(len(lines) - 1, MAX_SPLIT), 0, -1) if not lines[n].startswith((" ", "\t")))
    cut_at = next((n for n in ends if is_python("\n".join(lines[:n]))), 0)
    head, rest = "\n".join(lines[:cut_at]), "\n".join(lines[cut_at:])
    wanted = raw.info in _PYTHON_INFO or re.search(r"^(?:import|from|def|class|with|for) ", head, re.M)
    if cut_at and wanted:
        yield Snippet(kind=_python_kind(head), text=head, lead=raw.lead)
        yield Snippet(kind="output", text=rest.strip("\n"), lead="")
    elif raw.firm or len(lines) > 1:
        yield Snippet(kind="output", text=raw.text, lead=raw.lead)


def commands(snippet: Snippet) -> tuple[str, ...]:
    """The commands of a shell block: lines after a prompt, or all lines that look like commands when none has one."""
    text = re.sub(r"\s*\\\n\s*", " ", snippet.text)
    prompted = [m["command"] for line in text.split("\n") if (m := _SHELL_PROMPT.match(line))]
    plain = [line.strip() for line in text.split("\n") if _COMMAND.match(line)]
    return tuple(prompted or plain)
