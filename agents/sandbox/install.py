"""Build a virtual environment from requirements: wheels only, so that nothing of a project runs while it is built."""

import importlib.metadata
import os
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from agents.errors import ReportProblem, SetupProblem
from agents.events import Event, Notice
from agents.sandbox import program
from agents.sandbox.interpreters import Interpreter
from agents.sandbox.requirements import Requirements

Check = Callable[[], None]
Emit = Callable[[Event], None]

OWN_PYTEST_FITS = (3, 11)  # Modulo's own: before that pytest needs packages that Modulo does not have
_OWN = ("pytest", "pluggy", "iniconfig", "packaging", "pygments")
_ATTEMPTS = 25
_SECONDS = 900
_LOG_CHARS = 3000


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """A virtual environment that is there: what it holds, and which requirements it had to do without.

    `lasting` is False when the package index could not be reached: another time there may be more to have.
    """

    home: str
    installed: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()
    lasting: bool = True


def install(interpreter: Interpreter, needed: Requirements, home: Path, emit: Emit, check: Check) -> Installation:
    """Make `home` an environment of `interpreter` with all of `needed` that can be had, and pytest in any case."""
    wanted = list(needed.all())
    if not any(_name(text) == "pytest" for text in wanted):
        wanted.append("pytest")
    if interpreter.version >= OWN_PYTEST_FITS and all(map(_is_ours, wanted)):
        _make(interpreter, home, check, with_pip=False)
        copy_own_pytest(_packages(home))
        return Installation(home=str(home), installed=own_versions())
    installer = _installer(interpreter, home, check)
    skipped, reached = _negotiate(installer, wanted, set(needed.needed), emit, check)
    packages = _packages(home)
    if not (packages / "pytest").is_dir() and interpreter.version >= OWN_PYTEST_FITS:
        copy_own_pytest(packages)
    left_out = tuple(text for text in skipped if text != "pytest")
    return Installation(home=str(home), installed=tuple(_installed(packages)), skipped=left_out, lasting=reached)


def _packages(home: Path) -> Path:
    return next(iter((home / "lib").glob("python3*"))) / "site-packages"


# --- Modulo's own pytest ---------------------------------------------------------------------------------------------


def _is_ours(text: str) -> bool:
    """Is it satisfied by a package Modulo runs with anyway? Then no network is needed."""
    requirement = Requirement(text)
    if requirement.marker is not None and not requirement.marker.evaluate():
        return True
    name = canonicalize_name(requirement.name)
    return name in _OWN and not requirement.extras and importlib.metadata.version(name) in requirement.specifier


def own_versions() -> tuple[str, ...]:
    return tuple(f"{name}=={importlib.metadata.version(name)}" for name in _OWN)


def copy_own_pytest(target: Path) -> None:
    """Copy pytest and what it needs, as Modulo has them installed, into `target`."""
    for name in _OWN:
        for file in importlib.metadata.files(name) or ():
            if file.parts[0] == ".." or file.suffix == ".pyc":
                continue
            place = target / file
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(str(file.locate()), place)


# --- an installer ----------------------------------------------------------------------------------------------------

Installer = tuple[str, ...]


def _make(interpreter: Interpreter, home: Path, check: Check, *, with_pip: bool) -> None:
    options = () if with_pip else ("--without-pip",)
    command = (interpreter.path, "-I", "-m", "venv", *options, str(home))
    done = program.run(command, _environment(), seconds=120, check=check)
    if done.code != 0:
        said = (done.stderr or done.stdout).strip()[-300:]
        raise SetupProblem(
            f"Python {interpreter.name} cannot make a virtual environment: {said}",
            hint="Install its venv module (on Debian: python3-venv), or name another interpreter (MODULO_PYTHON).",
            slug="environment-failed",
        )


def _installer(interpreter: Interpreter, home: Path, check: Check) -> Installer:
    """The command that installs into `home`: uv where it works, else the environment's own pip."""
    python = str(home / "bin" / "python")
    if _works(("uv", "--version"), check):
        _make(interpreter, home, check, with_pip=False)
        return ("uv", "pip", "install", "--no-progress", "--python", python, "--only-binary", ":all:")
    _make(interpreter, home, check, with_pip=True)
    return (
        python, "-I", "-m", "pip", "install", "--no-input", "--disable-pip-version-check", "--no-warn-script-location",
        "--progress-bar", "off", "--only-binary", ":all:",
    )  # fmt: skip


def _works(command: tuple[str, ...], check: Check) -> bool:
    try:
        return program.run(command, _environment(), seconds=20, check=check).code == 0
    except OSError:
        return False


def _environment() -> dict[str, str]:
    """What an installer may know of the service: where its index, proxy and cache are; no key of the service's."""
    prefixes = (
        "PIP_",
        "UV_",
        "SSL_",
        "REQUESTS_",
        "HTTP",
        "http",
        "NO_PROXY",
        "no_proxy",
        "ALL_PROXY",
        "XDG_",
        "PYENV_",
    )
    kept = {name: value for name, value in os.environ.items() if name.startswith(prefixes)}
    return kept | {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}


# --- negotiation -----------------------------------------------------------------------------------------------------


def _negotiate(
    installer: Installer, wanted: list[str], strict: set[str], emit: Emit, check: Check
) -> tuple[list[str], bool]:
    """Install what can be had; returns what was left out, and whether the package index could be reached.

    A requirement the index cannot satisfy is first loosened, then left out. Nothing is installed before all of it can
    be, so a failed attempt leaves no code of anyone's behind.
    """
    left, skipped, log = list(wanted), list[str](), ""
    for _ in range(_ATTEMPTS):
        if not left:
            return skipped, True
        done = program.run((*installer, *left), _environment(), seconds=_SECONDS, check=check)
        if done.code == 0:
            return skipped, True
        log = f"{done.stdout}\n{done.stderr}"
        if _UNREACHABLE.search(log):
            return [*skipped, *left], False
        culprit = _culprit(log, left, strict)
        if culprit is None:
            break
        left.remove(culprit)
        loose = _without_version(culprit)
        if loose == culprit or loose in left:
            skipped.append(culprit)
        else:
            left.append(loose)
            emit(Notice(text=f"{culprit} cannot be had as a wheel; any version of it is taken instead."))
    raise _failed(log)


_UNREACHABLE = re.compile(
    r"name resolution|NewConnectionError|Connection refused|dns error|error sending request|network was disabled"
    r"|client error \(Connect\)|Network is unreachable",
    re.IGNORECASE,
)


def _culprit(log: str, left: list[str], strict: set[str]) -> str | None:
    """The requirement the installer's last words are about: named itself, or the one that pulled in what is missing."""
    words = [word for line in log.splitlines() if _COMPLAINT.search(line) for word in _WORD.findall(line)]
    complained = [canonicalize_name(word) for word in words]
    named = sorted((text for text in left if _name(text) in complained), key=lambda text: text in strict)
    others = [text for text in named if _name(text) != "pytest"]
    return next(iter(others or named), None)


_COMPLAINT = re.compile(
    r"No matching distribution|Could not find a version|conflict|ResolutionImpossible|requires|has no wheels|no usable"
    r"|unsatisfiable|depends on|Because|And because|was not found|no versions? of|Requires-Python",
    re.IGNORECASE,
)
_WORD = re.compile(r"[A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?")


def _failed(log: str) -> ReportProblem:
    return ReportProblem(
        f"The project's requirements cannot be installed.\n{log.strip()[-_LOG_CHARS:]}",
        hint="Name an interpreter that has what the tests need (MODULO_PYTHON, --python).",
        slug="environment-failed",
    )


def _name(text: str) -> str:
    return canonicalize_name(Requirement(text).name)


def _without_version(text: str) -> str:
    requirement = Requirement(text)
    extras = f"[{','.join(sorted(requirement.extras))}]" if requirement.extras else ""
    marker = f"; {requirement.marker}" if requirement.marker else ""
    return f"{requirement.name}{extras}{marker}"


def _installed(packages: Path) -> Iterator[str]:
    for info in sorted(packages.glob("*.dist-info")):
        name, _, version = info.name.removesuffix(".dist-info").partition("-")
        yield f"{name}=={version}"
