"""Which Python on this machine fits the project?"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import Version

from agents.errors import ReportProblem, SetupProblem

# -S: packages of the interpreter, which may be the reporter's, do not get to run here
_QUESTION = "import sys; print('%d.%d.%d' % sys.version_info[:3]); print(sys.base_prefix); print(sys.prefix)"


@dataclass(frozen=True, slots=True, order=True)
class Interpreter:
    """A Python on this machine; `prefix` is its installation, `home` the virtual environment it belongs to, if any."""

    version: tuple[int, ...]
    path: str
    prefix: str
    home: str = ""

    @property
    def name(self) -> str:
        return ".".join(map(str, self.version))


def choose(requires: str, pinned: str) -> Interpreter:
    """The service's own version when it fits, else the newest that does. `pinned` is what `.python-version` says.

    Raises `ReportProblem` when none fits.
    """
    try:
        wanted = SpecifierSet(requires)
    except InvalidSpecifier:
        wanted = SpecifierSet()
    known = available()
    fitting = [one for one in known if wanted.contains(Version(one.name), prereleases=True)]
    if not fitting:
        raise ReportProblem(
            f"The project needs Python {requires}; this machine has {', '.join(one.name for one in known)}.",
            hint="Install a fitting Python, or name an interpreter (MODULO_PYTHON, --python).",
            slug="environment-failed",
        )
    preferred = [one for one in fitting if pinned and f"{one.name}.".startswith(f"{pinned}.")]
    own = [one for one in fitting if one.version[:2] == sys.version_info[:2]]
    return max(preferred or own or fitting)


@cache
def available() -> tuple[Interpreter, ...]:
    """Every Python found on PATH, below pyenv and below uv, one a version; the service's own first."""
    found: dict[tuple[int, ...], Interpreter] = {}
    for path in _candidates():
        one = _asked(path)
        if one is not None:
            found.setdefault(one.version, one)
    return tuple(found.values())


def _candidates() -> Iterator[str]:
    yield str(getattr(sys, "_base_executable", sys.executable))
    for minor in range(20, 7, -1):
        if path := shutil.which(f"python3.{minor}"):
            yield path
    home = Path.home()
    roots = (Path(os.environ.get("PYENV_ROOT", home / ".pyenv")) / "versions", home / ".local/share/uv/python")
    for root in roots:
        yield from sorted(map(str, root.glob("*/bin/python3")), reverse=True)


def _asked(path: str) -> Interpreter | None:
    try:
        return ask(path)
    except SetupProblem:
        return None


def ask(path: str) -> Interpreter:
    """What the interpreter at `path` says of itself; raises `SetupProblem` when it does not answer as a Python does."""
    try:
        answer = subprocess.run(
            [path, "-I", "-S", "-c", _QUESTION], capture_output=True, text=True, timeout=20, check=True, cwd="/", env={}
        ).stdout.splitlines()
    except (OSError, subprocess.SubprocessError) as error:
        raise SetupProblem(
            f"{path} is not a Python that starts: {error}",
            hint="Give the path of an interpreter, such as /usr/bin/python3.12 or a virtual environment's bin/python.",
            slug="interpreter-unusable",
        ) from error
    if len(answer) != 3 or not re.fullmatch(r"\d+\.\d+\.\d+", answer[0]):
        raise SetupProblem(f"{path} is not a Python.", hint="Give an interpreter.", slug="interpreter-unusable")
    version = tuple(map(int, answer[0].split(".")))
    return Interpreter(version, path, answer[1], _virtual(path))


def _virtual(path: str) -> str:
    """The virtual environment `path` belongs to: the directory with `pyvenv.cfg` above its `bin`."""
    home = Path(path).parent.parent
    return str(home) if (home / "pyvenv.cfg").is_file() else ""


def visible(interpreter: Interpreter) -> tuple[str, ...]:
    """The directories a sandboxed process needs to see to start it."""
    binary = Path(interpreter.path).resolve()
    return tuple(dict.fromkeys(filter(None, (interpreter.home, interpreter.prefix, str(binary.parent.parent)))))


def site_packages(interpreter: Interpreter) -> Iterator[Path]:
    """Where its packages are, found without starting it."""
    tops = [Path(interpreter.home)] if interpreter.home else [Path(interpreter.prefix), Path("/usr/local")]
    series = f"python{interpreter.version[0]}.{interpreter.version[1]}"
    for top in tops:
        yield from (path for path in (top / "lib" / series / "site-packages",) if path.is_dir())
        yield from (path for path in (top / "lib" / series / "dist-packages",) if path.is_dir())
    if not interpreter.home and (packages := Path("/usr/lib/python3/dist-packages")).is_dir():
        yield from (packages,) if interpreter.prefix == "/usr" else ()
