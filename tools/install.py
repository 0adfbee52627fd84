"""Install a requirements file into .venv, with progress; a second run with nothing new to do is instant.

    python3 tools/install.py requirements.txt

Uses uv where it is installed and works, else pip. Needs nothing but Python 3.11 itself.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
RUN = VENV / "bin" / "python"
LOG = VENV / "install.log"
SAY_EVERY_S = 5.0


def main() -> int:
    requirements = ROOT / sys.argv[1]
    wanted = fingerprint(requirements)
    stamp = VENV / f".{requirements.stem}-installed"
    (ROOT / "build").mkdir(exist_ok=True)
    if RUN.exists() and stamp.exists() and stamp.read_text() == wanted:
        return 0
    started = time.monotonic()
    if not RUN.exists() and not create():
        return 1
    if not (with_uv(requirements) or with_pip(requirements)):
        print(f"\nThe packages could not be installed. The end of {LOG}:\n{tail(LOG)}", file=sys.stderr)
        return 1
    stamp.write_text(wanted)
    print(f"install  done in {time.monotonic() - started:.0f} s", flush=True)
    return 0


def fingerprint(requirements: Path) -> str:
    """What was installed, for whom and where: any change of these installs again."""
    texts = [file.read_text() for file in sorted(ROOT.glob("requirements*.txt"))]
    return hashlib.sha256("\0".join([requirements.name, sys.version, str(VENV), *texts]).encode()).hexdigest()


def create() -> bool:
    print("install  creating .venv", flush=True)
    made = subprocess.run([sys.executable, "-m", "venv", str(VENV)], capture_output=True, text=True)
    if made.returncode:
        print(f"{made.stdout}{made.stderr}\nPython's venv module does not work here.", file=sys.stderr)
        print("On Debian and Ubuntu: apt install python3-venv. Then try again.", file=sys.stderr)
        shutil.rmtree(VENV, ignore_errors=True)
    return made.returncode == 0


def with_uv(requirements: Path) -> bool:
    uv = shutil.which("uv")
    if uv is None:
        return False
    print("install  packages, with uv", flush=True)
    command = [uv, "pip", "install", "--compile-bytecode", "--python", str(RUN), "-r", str(requirements)]
    with LOG.open("w") as log:
        return subprocess.run(command, stdout=log, stderr=log).returncode == 0


def with_pip(requirements: Path) -> bool:
    print("install  packages, with pip: about a minute", flush=True)
    command = [str(RUN), "-m", "pip", "install", "--progress-bar", "off", "-r", str(requirements)]
    environment = {**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PYTHONUNBUFFERED": "1"}
    with (
        LOG.open("w") as log,
        subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment
        ) as running,
    ):
        assert running.stdout is not None
        for step in steps(running.stdout, log.write):
            print(f"install  {step}", flush=True)
    return running.returncode == 0


def steps(lines: Iterator[str], keep: object) -> Iterator[str]:
    """A word now and then on how far pip has come; every line is kept in the log."""
    found, said = 0, time.monotonic()
    for line in lines:
        keep(line)  # type: ignore[operator]
        found += line.startswith("Collecting ")
        if line.startswith("Installing collected packages"):
            yield f"unpacking {line.count(',') + 1} packages"
        elif time.monotonic() - said > SAY_EVERY_S and line.startswith("Collecting "):
            said = time.monotonic()
            yield f"fetched {found} packages"


def tail(file: Path, lines: int = 15) -> str:
    return "\n".join(file.read_text(errors="replace").splitlines()[-lines:])


if __name__ == "__main__":
    sys.exit(main())
