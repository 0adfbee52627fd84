"""A project's repository, mirrored without trusting it, and its tree at one commit, without history or surprises."""

import hashlib
import os
import re
import shutil
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from tempfile import mkdtemp

from agents.errors import ModuloError, ReportProblem, SetupProblem
from agents.results import Checkout
from agents.sandbox import versions
from agents.sandbox.git import Budget, Check, GitFailed, git, without_password
from agents.sandbox.lock import locked

PROTOCOLS = ("https", "ssh")
_HEAD = "refs/modulo/head"
_REFS = ("+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*", f"+HEAD:{_HEAD}")
_LOCATION = "modulo-location"
_STALE = "modulo-stale"
_FRESH_S = 30.0
_FETCH = Budget(seconds=900)
_TREE_BYTES = 2 << 30
_TREE_FILES = 200_000
_SCP_FORM = re.compile(r"^(?:[\w.-]+@)?[\w.-]+:(?!//)(?!\\)[^\s]+$")


def mirror(
    location: str, cache: Path, check: Check, *, protocols: Sequence[str] = PROTOCOLS, trusted_paths: bool = True
) -> Path:
    """A bare mirror of `location` (a URL or a path on this machine) below `cache`, fetched anew unless just fetched.

    Raises `ReportProblem`. A mirror that exists is used even when its origin cannot be reached any more; the checkout's
    note then says so.
    """
    location = location.strip().removeprefix("file://")
    allowed = _allowed(location, protocols, trusted_paths)
    path = cache / "mirrors" / _name(location)
    path.parent.mkdir(parents=True, exist_ok=True)
    with locked(path.with_name(path.name + ".lock"), check):
        known = (path / _LOCATION).exists()
        if known and time.time() - (path / _LOCATION).stat().st_mtime < _FRESH_S:
            return path
        try:
            _fetch(path, location, allowed, check)
        except ReportProblem as problem:
            if not known:
                shutil.rmtree(path, ignore_errors=True)
                raise
            (path / _STALE).write_text(str(problem))
    return path


def _allowed(location: str, protocols: Sequence[str], trusted_paths: bool) -> tuple[str, ...]:
    """The protocols git may speak for `location`; refuses everything that is no plain address or path."""
    if not location or location.startswith("-") or "\n" in location or "\0" in location:
        raise ReportProblem(
            "The repository's address is empty or not an address.",
            hint="Give an https:// or ssh:// address, or an absolute path.",
            slug="repository-refused",
        )
    if location.startswith("/") and trusted_paths:
        _assert_repository(Path(location))
        return ("file",)
    scheme = location.split("://")[0] if "://" in location else "ssh" if _SCP_FORM.match(location) else ""
    if scheme not in protocols or "::" in location.split("/")[0]:
        raise ReportProblem(
            f"{without_password(location)!r} is not an address Modulo fetches from.",
            hint=f"Give an address that begins with {' or '.join(p + '://' for p in protocols)}, or an absolute path.",
            slug="repository-refused",
        )
    return (scheme,)


def _assert_repository(path: Path) -> None:
    if not path.exists():
        raise ReportProblem(
            f"There is no repository at {path}: the path does not exist on the machine Modulo runs on.",
            hint="Check the path, or give the repository's address.",
            slug="repository-missing",
        )
    bare = (path / "HEAD").exists() and (path / "objects").exists()
    if path.is_file() or bare or (path / ".git").exists():
        return
    above = next((parent for parent in path.parents if (parent / ".git").exists()), None)
    raise ReportProblem(
        f"{path} is not a git repository.",
        hint=f"Did you mean {above}?"
        if above
        else "Give the directory that holds `.git`, or run `git init` and commit.",
        slug="repository-not-git",
    )


def _name(location: str) -> str:
    word = re.sub(r"\W+", "-", without_password(location).removesuffix(".git").rstrip("/").rsplit("/", 1)[-1])[:40]
    return f"{word.strip('-').lower()}-{hashlib.sha256(location.encode()).hexdigest()[:12]}.git"


def _fetch(path: Path, location: str, protocols: Sequence[str], check: Check) -> None:
    cache = path.parent.parent
    try:
        if not (path / "HEAD").exists():
            git(cache, "init", "--quiet", "--bare", "--template=", "--", str(path), check=check)
        for leftover in (path / "objects" / "pack").glob("tmp_*"):
            leftover.unlink(missing_ok=True)
        _get(path, location, _REFS, protocols, check)
    except GitFailed as failed:
        raise _problem(location, failed) from failed
    except OSError as error:
        raise SetupProblem(
            f"The mirror could not be written: {error}.", hint="Free disk space.", slug="disk-full"
        ) from error
    (path / _LOCATION).write_text(location)
    (path / _LOCATION).chmod(0o600)
    (path / _STALE).unlink(missing_ok=True)


def _get(path: Path, location: str, refs: Sequence[str], protocols: Sequence[str], check: Check) -> None:
    budget = Budget(seconds=_FETCH.seconds, grows=path, grow_bytes=_FETCH.grow_bytes)
    flags = (
        "--quiet",
        "--force",
        "--no-auto-gc",
        "--no-recurse-submodules",
        "--update-shallow",
        "--no-write-fetch-head",
    )
    git(
        path.parent.parent, f"--git-dir={path}", "fetch", *flags, "--", location, *refs,
        protocols=protocols, budget=budget, check=check,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Meaning:
    pattern: str
    sentence: str
    hint: str
    slug: str


_MEANINGS = (
    _Meaning(
        r"remote ref HEAD|no commits",
        "{0} has no commits yet.",
        "Push or commit something first.",
        "repository-empty",
    ),
    _Meaning(
        r"Username|Authentication failed|prompts disabled|Permission denied|Access denied|\b40[13]\b|publickey",
        "{0} does not exist, or needs a password Modulo does not have.",
        "Check the address; give the service's ssh key read access, or give a path to a clone on this machine.",
        "repository-refused",
    ),
    _Meaning(
        r"not found|does not exist|\b404\b|does not appear to be a git repository|not a git repository",
        "There is no git repository at {0}.",
        "Check the address, or give a path to a clone on this machine.",
        "repository-missing",
    ),
    _Meaning(
        r"No space left",
        "The disk is full: {0} could not be fetched.",
        "Free space where MODULO_DATA is, then run again.",
        "disk-full",
    ),
    _Meaning(
        r"dubious ownership|unable to read|Permission",
        "{0} may not be read by Modulo.",
        "Give the service's user read access.",
        "repository-refused",
    ),
)  # fmt: skip
_UNREACHABLE = _Meaning(
    "",
    "{0} could not be fetched: {1}",
    "Check the address and the network, or give a path to a clone on this machine.",
    "repository-unreachable",
)


def _problem(location: str, failed: GitFailed) -> ModuloError:
    meaning = next((m for m in _MEANINGS if re.search(m.pattern, failed.stderr)), _UNREACHABLE)
    said = failed.stderr.splitlines()[-1] if failed.stderr else "git gave no reason"
    return ReportProblem(
        meaning.sentence.format(without_password(location), said), hint=meaning.hint, slug=meaning.slug
    )


def resolve(mirror: Path, commit: str, check: Check) -> str:
    """The full id of `commit`: anything git can resolve, "" for the default branch; fetched by name when unknown."""
    names = [commit, commit.removeprefix("origin/")] if commit else [_HEAD]
    if found := _parse(mirror, names):
        return found
    if re.fullmatch(r"[0-9a-f]{40}|[0-9a-f]{64}|refs/[\w./-]+", commit):
        location = (mirror / _LOCATION).read_text()
        scheme = "file" if location.startswith("/") else location.split("://")[0] if "://" in location else "ssh"
        with suppress(GitFailed):
            _get(mirror, location, (f"+{commit}:refs/modulo/wanted/{commit.removeprefix('refs/')}",), (scheme,), check)
        if found := _parse(mirror, [commit, f"refs/modulo/wanted/{commit.removeprefix('refs/')}"]):
            return found
    raise ReportProblem(
        f"The repository has no commit {commit!r}.",
        hint="Give a branch, a tag or a commit id that was pushed; leave it empty for the default branch.",
        slug="commit-unknown",
    )


def _parse(mirror: Path, names: Sequence[str]) -> str:
    for name in names:
        with suppress(GitFailed):
            return read(mirror, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}").strip()
    return ""


def read(mirror: Path, *arguments: str, check: Check | None = None) -> str:
    """What a reading git command says about the mirror."""
    return git(mirror.parent.parent, f"--git-dir={mirror}", *arguments, check=check)


def checkout(mirror: Path, commit: str, destination: Path, check: Check) -> Checkout:
    """The tree of `commit` at `destination`, without `.git`; made once, complete or not at all.

    Symlinks that lead out of the tree, submodules and files kept in LFS are left out, and said in `note`.
    """
    full = resolve(mirror, commit, check)
    kept = destination.with_name(destination.name + ".checkout")
    if destination.exists() and kept.exists() and kept.read_text().splitlines()[:1] == [full]:
        return _described(mirror, full, destination, kept)
    entries = _entries(mirror, full, check)
    destination.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(mkdtemp(dir=destination.parent, prefix=".checkout-"))
    try:
        notes = _export(mirror, full, entries, fresh, check)
        fresh.chmod(0o755)
        shutil.rmtree(destination, ignore_errors=True)
        fresh.rename(destination)
    except OSError as error:
        raise SetupProblem(
            f"The tree could not be written: {error}.", hint="Free disk space.", slug="disk-full"
        ) from error
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    kept.write_text("\n".join((full, str(len(entries)), *notes)))
    return _described(mirror, full, destination, kept)


def _described(mirror: Path, commit: str, destination: Path, kept: Path) -> Checkout:
    _, files, *notes = kept.read_text().splitlines()
    if (mirror / _STALE).exists():
        notes.append(
            f"The mirror could not be refreshed, so newer commits are unknown: {(mirror / _STALE).read_text()}"
        )
    return Checkout(root=str(destination), mirror=str(mirror), commit=commit, files=int(files), note=" ".join(notes))


@dataclass(frozen=True, slots=True)
class _Entry:
    mode: str
    blob: str
    size: int
    path: str


def _entries(mirror: Path, commit: str, check: Check) -> list[_Entry]:
    listing = read(mirror, "ls-tree", "-r", "-l", "-z", "--full-tree", commit, check=check)
    entries = []
    for line in filter(None, listing.split("\0")):
        facts, path = line.split("\t", 1)
        mode, _, blob, size = facts.split()
        entries.append(_Entry(mode, blob, int(size) if size.isdigit() else 0, path))
    if len(entries) > _TREE_FILES or sum(entry.size for entry in entries) > _TREE_BYTES:
        raise ReportProblem(
            f"The tree has {len(entries)} files of {sum(e.size for e in entries) >> 20} MiB: more than Modulo takes.",
            hint="Give a smaller repository, or one project of it.",
            slug="repository-too-large",
        )
    return entries


def _export(mirror: Path, commit: str, entries: list[_Entry], target: Path, check: Check) -> list[str]:
    index = target.with_name(target.name + ".index")
    where = (f"--git-dir={mirror}", f"--work-tree={target}")
    env = {"GIT_INDEX_FILE": str(index)}
    try:
        git(mirror.parent.parent, *where, "read-tree", commit, env=env, check=check)
        git(mirror.parent.parent, *where, "checkout-index", "--all", "--force", "--quiet", env=env, check=check)
    except GitFailed as failed:
        raise ReportProblem(
            f"The tree of {commit[:12]} could not be written: {failed}",
            hint="Check the repository with `git fsck`.",
            slug="repository-broken",
        ) from failed
    finally:
        index.unlink(missing_ok=True)
    notes = [_links(target, entries), _submodules(entries), _lfs(target, entries)]
    versions.write(target, lambda: described_version(mirror, commit))
    return [note for note in notes if note]


def _links(target: Path, entries: list[_Entry]) -> str:
    """Git wrote symlinks as files that hold their goal; those that stay inside the tree become symlinks."""
    dropped = []
    for entry in entries:
        if entry.mode != "120000":
            continue
        path = target / entry.path
        goal = os.fsdecode(path.read_bytes()) if path.is_file() and not path.is_symlink() else ""
        path.unlink(missing_ok=True)
        if goal and _stays_inside(entry.path, goal):
            path.symlink_to(goal)
        else:
            dropped.append(entry.path)
    return f"Left out {len(dropped)} symlinks that lead out of the tree ({', '.join(dropped[:3])})." if dropped else ""


def _stays_inside(path: str, goal: str) -> bool:
    if goal.startswith("/") or "\0" in goal:
        return False
    depth = len(PurePosixPath(path).parent.parts)
    for part in goal.split("/"):
        depth += -1 if part == ".." else part not in ("", ".")
        if depth < 0:
            return False
    return True


def _submodules(entries: list[_Entry]) -> str:
    paths = [entry.path for entry in entries if entry.mode == "160000"]
    return f"Submodules are not fetched: {', '.join(paths[:5])}." if paths else ""


def _lfs(target: Path, entries: list[_Entry]) -> str:
    """A pointer to a file in LFS is a small text that begins with the address of its format."""
    small = (entry.path for entry in entries if entry.mode.startswith("100") and 100 <= entry.size <= 200)
    pointers = [path for path in small if _begins(target / path, b"version https://git-lfs.github.com/spec")]
    return f"{len(pointers)} files are kept in LFS and not fetched ({', '.join(pointers[:3])})." if pointers else ""


def _begins(path: Path, start: bytes) -> bool:
    if path.is_symlink() or not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(len(start)) == start


def described_version(mirror: Path, commit: str) -> str:
    with suppress(GitFailed):
        return read(mirror, "describe", "--tags", "--long", "--match", "*[0-9]*", commit).strip()
    return ""
