"""Unified diffs both ways: written from two texts, and applied strictly to a tree, or refused with a sentence."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from agents.errors import ReportProblem
from agents.source import read

CONTEXT = 3
MOST_FILES = 20
MOST_LINES = 2000
MOST_CHARACTERS = 1 << 20

_HUNK = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_REFUSED = {
    "GIT binary patch": "changes a binary file",
    "Binary files ": "changes a binary file",
    "rename from ": "renames a file",
    "copy from ": "copies a file",
    "deleted file mode": "deletes a file",
    "new file mode 12": "creates a symbolic link",
    "new file mode 16": "adds a submodule",
    "new mode 12": "turns a file into a symbolic link",
}
_NO_NEWLINE = "\\ No newline at end of file"


@dataclass
class Hunk:
    """`old` and `new` are whole lines with their ends; `line` is where `old` is said to begin, from 1."""

    line: int
    old: list[str] = field(default_factory=list)
    new: list[str] = field(default_factory=list)


@dataclass
class FilePatch:
    path: str
    creates: bool = False
    hunks: list[Hunk] = field(default_factory=list)


def unified(path: str, old: str, new: str) -> str:
    """The change of one file from `old` to `new` as one hunk of a unified diff, as `git apply` takes it."""
    before, after = lines(old), lines(new)
    start = common_prefix(before, after)
    end = common_prefix(before[start:][::-1], after[start:][::-1])
    stop_before, stop_after = len(before) - end, len(after) - end
    top, bottom = max(start - CONTEXT, 0), min(stop_before + CONTEXT, len(before))
    body = [f" {line}" for line in before[top:start]]
    body += [f"-{line}" for line in before[start:stop_before]]
    body += [f"+{line}" for line in after[start:stop_after]]
    body += [f" {line}" for line in before[stop_before:bottom]]
    head = f"@@ -{_range(top, bottom - top)} +{_range(top, bottom - top + len(after) - len(before))} @@\n"
    origin = f"--- a/{path}\n" if old else "--- /dev/null\n"
    return f"{origin}+++ b/{path}\n" + head + "".join(map(_written, body))


def apply(root: Path, diff: str) -> dict[str, str]:
    """The new text of every file `diff` changes below `root`; nothing is written.

    Raises `ReportProblem` (patch-refused, patch-unreadable, patch-mismatch) when it may not or does not apply.
    """
    patches = parse(diff)
    return {patch.path: _patched(root, patch) for patch in patches}


def parse(diff: str) -> list[FilePatch]:
    """The files and hunks of a diff; raises `ReportProblem` for what is no diff or asks for more than changed text."""
    _refuse_by_size(diff)
    patches = list(_files(diff))
    if not patches or not all(patch.hunks for patch in patches):
        raise _unreadable("it has no file header with changed lines below it")
    if len(patches) > MOST_FILES:
        raise _refused(f"changes {len(patches)} files, more than {MOST_FILES}")
    if len({patch.path for patch in patches}) < len(patches):
        raise _unreadable("it names the same file twice")
    return patches


def lines(text: str) -> list[str]:
    """Lines as a diff counts them: ended by a line feed and nothing else."""
    parts = text.split("\n")
    return [f"{part}\n" for part in parts[:-1]] + ([parts[-1]] if parts[-1] else [])


def common_prefix(first: list[str], second: list[str]) -> int:
    """How many items two lists begin with alike."""
    count = 0
    for one, other in zip(first, second, strict=False):
        if one != other:
            break
        count += 1
    return count


def _range(start: int, count: int) -> str:
    return f"{start + 1 if count else start},{count}"


def _written(line: str) -> str:
    return line if line.endswith("\n") else f"{line}\n{_NO_NEWLINE}\n"


def _refuse_by_size(diff: str) -> None:
    if len(diff) > MOST_CHARACTERS:
        raise _refused(f"is larger than {MOST_CHARACTERS >> 20} MiB")
    changed = sum(1 for line in diff.split("\n") if line.startswith(("+", "-")))
    if changed > MOST_LINES:
        raise _refused(f"changes {changed} lines, more than {MOST_LINES}")


def _files(diff: str) -> Iterator[FilePatch]:
    rest = lines(diff if diff.endswith("\n") else f"{diff}\n")
    position = 0
    while position < len(rest):
        line = rest[position]
        for sign, what in _REFUSED.items():
            if line.startswith(sign):
                raise _refused(what)
        position += 1
        if line.startswith("--- ") and position < len(rest) and rest[position].startswith("+++ "):
            patch = _header(line, rest[position])
            position = _hunks(patch, rest, position + 1)
            yield patch


def _header(old: str, new: str) -> FilePatch:
    before, after = (line[4:].split("\t")[0].strip() for line in (old, new))
    if after == "/dev/null":
        raise _refused("deletes a file")
    path = after.removeprefix("b/") if before.startswith("a/") or before == "/dev/null" else after
    return FilePatch(_safe(path), creates=before == "/dev/null")


def _hunks(patch: FilePatch, rest: list[str], position: int) -> int:
    while position < len(rest) and (found := _HUNK.match(rest[position])):
        hunk = Hunk(int(found[1]))
        counts = [int(found[2] or 1) if found[2] != "0" else 0, int(found[4] or 1) if found[4] != "0" else 0]
        position = _body(hunk, counts, rest, position + 1)
        patch.hunks.append(hunk)
    return position


def _body(hunk: Hunk, counts: list[int], rest: list[str], position: int) -> int:
    """Read lines until both counts of the hunk's header are used up."""
    while position < len(rest) and (any(counts) or rest[position].startswith("\\")):
        sign, text = rest[position][:1], rest[position][1:]
        if sign == "\\":
            _without_newline(hunk, rest[position - 1][:1])
        elif sign in ("-", "+", " ", "\n"):
            _take(hunk, counts, sign, text if sign != "\n" else "\n")
        else:
            raise _unreadable(f"line {position + 1} begins with neither a space nor + nor -")
        position += 1
    if any(counts):
        raise _unreadable("its last hunk is cut short")
    return position


def _take(hunk: Hunk, counts: list[int], sign: str, text: str) -> None:
    if sign != "+":
        hunk.old.append(text)
        counts[0] -= 1
    if sign != "-":
        hunk.new.append(text)
        counts[1] -= 1
    if min(counts) < 0:
        raise _unreadable("a hunk has more lines than its header says")


def _without_newline(hunk: Hunk, sign: str) -> None:
    for side, signs in ((hunk.old, "- "), (hunk.new, "+ ")):
        if sign in signs and side:
            side[-1] = side[-1].removesuffix("\n")


def _safe(path: str) -> str:
    pure = PurePosixPath(path)
    if not path or path.startswith('"') or "\\" in path or "\0" in path:
        raise _refused(f"names the file {path!r}, which is no plain path")
    if pure.is_absolute() or ".." in pure.parts or ".git" in pure.parts:
        raise _refused(f"names {path!r}, which lies outside the source tree")
    return str(pure)


def _patched(root: Path, patch: FilePatch) -> str:
    old = _current(root, patch)
    text = lines(old)
    shift = 0
    for hunk in patch.hunks:
        before, after = _with_line_ends(hunk, old)
        at = _find(text, before, hunk.line - 1 + shift, patch.path, hunk.line)
        text[at : at + len(before)] = after
        shift += len(after) - len(before)
    return "".join(text)


def _current(root: Path, patch: FilePatch) -> str:
    target = root / patch.path
    if any(parent.is_symlink() for parent in (target, *target.parents) if root in parent.parents):
        raise _refused(f"changes {patch.path}, which is reached through a symbolic link")
    if patch.creates:
        if target.exists():
            raise _mismatch(f"it creates {patch.path}, which exists already")
        return ""
    text = read(root, patch.path)
    if text is None:
        raise _mismatch(f"{patch.path} is no UTF-8 text file of this commit")
    return text


def _with_line_ends(hunk: Hunk, text: str) -> tuple[list[str], list[str]]:
    """The hunk with the file's line ends: a diff that went through a form has lost or gained carriage returns."""
    file_has, hunk_has = "\r\n" in text, any(line.endswith("\r\n") for line in hunk.old)
    if not hunk.old or file_has == hunk_has:
        return hunk.old, hunk.new
    if file_has:
        return [_carriage(line) for line in hunk.old], [_carriage(line) for line in hunk.new]
    return [line.replace("\r\n", "\n") for line in hunk.old], [line.replace("\r\n", "\n") for line in hunk.new]


def _carriage(line: str) -> str:
    return f"{line[:-1]}\r\n" if line.endswith("\n") and not line.endswith("\r\n") else line


def _find(text: list[str], old: list[str], at: int, path: str, line: int) -> int:
    """Where `old` stands: at its line, else at the one other place where it does."""
    if not old:
        return max(0, min(at + 1, len(text)))
    if at >= 0 and text[at : at + len(old)] == old:
        return at
    places = [n for n in range(len(text) - len(old) + 1) if text[n : n + len(old)] == old]
    if len(places) != 1:
        found = "not in the file" if not places else f"in the file {len(places)} times"
        raise _mismatch(f"the lines it expects at line {line} of {path} are {found}")
    return places[0]


def _refused(what: str) -> ReportProblem:
    hint = "Send a diff that changes the text of existing source files, with paths relative to the repository."
    return ReportProblem(f"The patch {what}.", slug="patch-refused", hint=hint)


def _unreadable(why: str) -> ReportProblem:
    return ReportProblem(f"The patch cannot be read: {why}.", slug="patch-unreadable", hint="Make it with `git diff`.")


def _mismatch(why: str) -> ReportProblem:
    hint = "Make the diff against the commit that is being examined."
    return ReportProblem(f"The patch does not apply: {why}.", slug="patch-mismatch", hint=hint)
