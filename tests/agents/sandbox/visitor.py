"""Run code on a rung as another user: a script of its own, since a test process cannot give its user back.

    visitor.py < {"rung", "user", "code", "limits", "readable", "writable"}     prints {"exit_code", "ended", ...}

As root it makes a private view of the machine first in which the interpreter and Modulo can be read by everybody,
however they were installed; then it becomes `user`. The rung "" runs the code without any sandbox: the control of every
probe.
"""

import ctypes
import json
import os
import pwd
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
PLANTED = "sk-planted-key-of-the-service"


def main() -> None:
    order = json.load(sys.stdin)
    if os.geteuid() == 0:
        open_to_everybody(sys.base_prefix, str(ROOT / "agents"))
        if order["user"] != "root":
            become(order["user"])
    sys.path.insert(0, str(ROOT))
    sys.executable = python()
    os.environ["OPENAI_API_KEY"] = PLANTED
    print(json.dumps(on_rung(order) if order["rung"] else without(order)))


def python() -> str:
    return str(Path(sys.base_prefix, "bin", "python3"))


def open_to_everybody(*paths: str) -> None:
    """Cover each directory that only root may enter by an empty one that holds nothing but `paths`."""
    libc = ctypes.CDLL(None, use_errno=True)
    must(libc.unshare(0x20000))
    must(libc.mount(b"none", b"/", None, ctypes.c_ulong(16384 | 1 << 18), None))
    held = [(path, os.open(path, os.O_PATH)) for path in paths]
    covered: set[Path] = set()
    for path, fd in held:
        shut = [parent for parent in reversed(Path(path).parents) if not parent.stat().st_mode & 1]
        if not shut and not covered.intersection(Path(path).parents):
            continue
        for parent in shut[:1]:
            must(libc.mount(b"tmpfs", str(parent).encode(), b"tmpfs", ctypes.c_ulong(0), b"mode=0755"))
            covered.add(parent)
        Path(path).mkdir(parents=True)
        must(libc.mount(f"/proc/self/fd/{fd}".encode(), path.encode(), None, ctypes.c_ulong(4096 | 16384), None))


def must(result: int) -> None:
    if result:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def become(user: str) -> None:
    account = pwd.getpwnam(user)
    os.setgroups([])
    os.setresgid(account.pw_gid, account.pw_gid, account.pw_gid)
    os.setresuid(account.pw_uid, account.pw_uid, account.pw_uid)


def on_rung(order: dict) -> dict:
    from agents.context import Job, Limits
    from agents.sandbox import ladder

    rung = next(rung for rung in ladder.RUNGS if rung.name == order["rung"])()
    prefix = sys.base_prefix
    job = Job(
        argv=(python(), "-I", "-S", "-c", order["code"]),
        cwd="/tmp",
        readable=((prefix, prefix), *((path, path) for path in order["readable"])),
        writable=tuple((path, path) for path in order["writable"]),
        limits=Limits(**order["limits"]),
    )
    done = rung.run(job)
    return {
        "exit_code": done.exit_code,
        "ended": done.ended,
        "stdout": done.stdout.decode(errors="replace"),
        "stderr": done.stderr.decode(errors="replace"),
        "seconds": done.seconds,
    }


def without(order: dict) -> dict:
    seconds = order["limits"].get("wall_s", 20)
    done = subprocess.run(
        [python(), "-I", "-S", "-c", order["code"]], capture_output=True, text=True, timeout=seconds, cwd="/tmp"
    )
    return {"exit_code": done.returncode, "ended": "exited", "stdout": done.stdout, "stderr": done.stderr}


if __name__ == "__main__":
    main()
