"""The Python a project's tests run with: the interpreter given, or a virtual environment built once and kept."""

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import mkdtemp

from agents.codec import from_json, to_json
from agents.errors import SetupProblem
from agents.events import Event, Notice, Progress
from agents.report import Source
from agents.results import Checkout, Environment
from agents.sandbox import interpreters, layout, requirements
from agents.sandbox.declarations import Declaration
from agents.sandbox.install import OWN_PYTEST_FITS, Installation, copy_own_pytest, install, own_versions
from agents.sandbox.interpreters import Interpreter
from agents.sandbox.lock import locked
from agents.sandbox.requirements import Requirements

Check = Callable[[], None]
Emit = Callable[[Event], None]

_FORM = 1  # raise it when what is built changes, so that older environments are built anew


def prepare(checkout: Checkout, source: Source, cache: Path, emit: Emit, check: Check) -> Environment:
    """The environment for the tests of `checkout`.

    `source.python` names an interpreter that has all the tests need; it is used as it is. Otherwise the declared
    requirements are installed, wheels only, into an environment built once for each set of them.
    Raises `ReportProblem` "environment-failed", with the end of the installation's log.
    """
    root = Path(checkout.root)
    declaration, needed = requirements.read(root)
    if source.python:
        return _as_given(interpreters.ask(_absolute(source.python)), checkout, declaration, cache)
    interpreter = interpreters.choose(declaration.requires_python, _pinned(root))
    installation = _built(interpreter, needed, cache, emit, check)
    if installation.skipped:
        emit(Notice(text=_left_out(installation), level="warning", slug="requirements-left-out"))
    return Environment(
        python=str(Path(installation.home, "bin", "python")),
        version=interpreter.name,
        path=layout.search_path(checkout, declaration, cache),
        readable=(installation.home, *interpreters.visible(interpreter)),
        runner="pytest" if any(one.startswith("pytest==") for one in installation.installed) else "unittest",
        how=_how(interpreter, installation),
        installed=installation.installed,
    )


def _left_out(installation: Installation) -> str:
    why = "there is no wheel that fits" if installation.lasting else "the package index cannot be reached"
    return f"Left out of the environment, since {why}: {', '.join(installation.skipped)}."


def _how(interpreter: Interpreter, installation: Installation) -> str:
    left_out = f"; left out: {', '.join(installation.skipped)}" if installation.skipped else ""
    return f"Python {interpreter.name} with {len(installation.installed)} packages{left_out}"


def _absolute(named: str) -> str:
    path = named if "/" in named else shutil.which(named)
    if path is None or not Path(path).is_absolute():
        raise SetupProblem(
            f"There is no interpreter {named!r} on the machine Modulo runs on.",
            hint="Give the full path of an interpreter, such as /usr/bin/python3.12.",
            slug="interpreter-unusable",
        )
    return path


def _pinned(root: Path) -> str:
    path = root / ".python-version"
    words = path.read_text(errors="replace").split() if path.is_file() else []
    return words[0] if words and words[0][0].isdigit() else ""


def _as_given(interpreter: Interpreter, checkout: Checkout, declaration: Declaration, cache: Path) -> Environment:
    path = layout.search_path(checkout, declaration, cache)
    runner, extra = _runner(interpreter, cache)
    return Environment(
        python=interpreter.path,
        version=interpreter.name,
        path=(*path, *extra),
        readable=(*interpreters.visible(interpreter), *_linked(interpreter)),
        runner="pytest" if runner else "unittest",
        how=f"the interpreter given, Python {interpreter.name}",
    )


def _runner(interpreter: Interpreter, cache: Path) -> tuple[bool, tuple[str, ...]]:
    """(does it have pytest?, what to add to its path so that it has): Modulo's own fits Python 3.11 and later."""
    if any((packages / "pytest").is_dir() for packages in interpreters.site_packages(interpreter)):
        return True, ()
    if interpreter.version < OWN_PYTEST_FITS:
        return False, ()
    key = hashlib.sha256(" ".join(own_versions()).encode()).hexdigest()[:12]
    folder = cache / "pytest" / key
    if not folder.exists():
        fresh = Path(mkdtemp(dir=_made(folder.parent)))
        copy_own_pytest(fresh)
        fresh.chmod(0o755)
        fresh.rename(folder)
    return True, (str(folder),)


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _linked(interpreter: Interpreter) -> Iterator[str]:
    """Directories that `.pth` files add to the interpreter's path: projects installed in place."""
    for packages in interpreters.site_packages(interpreter):
        for link in packages.glob("*.pth"):
            for line in link.read_text(errors="replace").splitlines():
                if line.startswith("/") and Path(line).is_dir():
                    yield line


def _built(interpreter: Interpreter, needed: Requirements, cache: Path, emit: Emit, check: Check) -> Installation:
    key = hashlib.sha256(json.dumps((_FORM, interpreter.path, interpreter.name, needed.all())).encode())
    home = cache / "environments" / f"py{interpreter.name}-{key.hexdigest()[:12]}"
    home.parent.mkdir(parents=True, exist_ok=True)
    with locked(home.with_name(home.name + ".lock"), check):
        kept = home.with_name(home.name + ".json")
        if kept.exists() and home.is_dir():
            return from_json(Installation, json.loads(kept.read_text()))
        shutil.rmtree(home, ignore_errors=True)
        total = len(needed.all())
        emit(Progress(what="building the environment", done=0, total=total, unit="requirements"))
        installation = install(interpreter, needed, home, emit, check)
        if installation.lasting:
            fresh = kept.with_suffix(".part")
            fresh.write_text(json.dumps(to_json(installation)))
            fresh.replace(kept)
        emit(Progress(what="building the environment", done=total, total=total, unit="requirements"))
    return installation
