"""The rung that needs nothing installed: Modulo's own launcher, with the kernel's namespaces and a root of its own."""

import json
import os
import shutil
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from agents.context import Finished, Job
from agents.errors import SandboxRefused
from agents.sandbox import run as running
from agents.sandbox import view
from agents.sandbox.run import Conversation, Launch

_LAUNCHER = Path(__file__).with_name("launcher.py")


class Namespaces:
    """Implements `agents.context.Sandbox`."""

    name = "namespaces"
    level = "namespaces"
    isolated = True

    @staticmethod
    def absent() -> str:
        return "" if sys.platform == "linux" else "Namespaces are Linux's; this is another system."

    def run(self, job: Job, check: Callable[[], None] | None = None) -> Finished:
        stack = ExitStack()
        return running.run(self.launch(job, stack), job, stack, check)

    def start(self, job: Job) -> Conversation:
        return running.start(self.launch, job)

    def launch(self, job: Job, stack: ExitStack) -> Launch:
        env = view.environment(job.env)
        binds = [(source, inside, True) for source, inside in job.readable]
        binds += [(source, inside, False) for source, inside in job.writable]
        plan = job_plan(job, env) | {
            "walls": True,
            "base": view.TEMPORARY,
            "home": view.HOME,
            "system": [(str(Path(path).resolve()), path) for path, target in view.system_paths() if not target],
            "symlinks": [(target, path) for path, target in view.system_paths() if target],
            "tmpfs": [("/dev/shm", job.limits.disk_bytes), (view.TEMPORARY, job.limits.disk_bytes)],  # noqa: S108
            "binds": [(str(Path(source).resolve()), inside, read_only) for source, inside, read_only in binds],
        }
        plan["files"] = view.account_files(plan["uid"], plan["gid"])
        argv, fd = launcher_command(plan, stack)
        return Launch(level=self.level, argv=argv, pass_fds=(fd,))


def job_plan(job: Job, env: dict[str, str]) -> dict[str, Any]:
    """What the launcher needs to know of any job, with or without walls."""
    drop = view.is_root()
    uid = view.fresh_uid() if drop else os.getuid()
    return {
        "parent": os.getpid(),
        "drop": drop,
        "uid": uid,
        "gid": uid if drop else os.getgid(),
        "argv": [_program(job.argv[0], env["PATH"]), *job.argv[1:]],
        "env": env,
        "cwd": job.cwd,
        "rlimits": running.rlimits(job.limits),
    }


def _program(name: str, search_path: str) -> str:
    found = name if "/" in name else shutil.which(name, path=search_path)
    if found is None:
        raise SandboxRefused(
            f"There is no program {name!r} on this machine.", hint="Install it, or name its full path."
        )
    return found


def launcher_command(plan: dict[str, Any], stack: ExitStack) -> tuple[tuple[str, ...], int]:
    """The command that runs the launcher on `plan`, and the descriptor it reads the plan from."""
    fd = os.memfd_create("plan")
    stack.callback(os.close, fd)
    with os.fdopen(os.dup(fd), "w") as plan_file:
        json.dump(plan, plan_file)
    os.lseek(fd, 0, os.SEEK_SET)
    return (sys.executable, "-I", "-S", str(_LAUNCHER), str(fd)), fd
