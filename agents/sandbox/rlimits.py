"""The rung that only limits and does not isolate: for operators who say so, on machines that allow nothing better."""

import shutil
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from agents.context import Finished, Job
from agents.errors import SandboxRefused
from agents.sandbox import run as running
from agents.sandbox import view
from agents.sandbox.namespaces import job_plan, launcher_command
from agents.sandbox.run import Conversation, Launch


class Rlimits:
    """Implements `agents.context.Sandbox`. Files and network are the machine's own; paths are the same inside."""

    name = "rlimits"
    level = "rlimits"
    isolated = False

    @staticmethod
    def absent() -> str:
        return "" if sys.platform == "linux" else "The limits are Linux's; this is another system."

    def run(self, job: Job, check: Callable[[], None] | None = None) -> Finished:
        stack = ExitStack()
        return running.run(self.launch(job, stack), job, stack, check)

    def start(self, job: Job) -> Conversation:
        return running.start(self.launch, job)

    def launch(self, job: Job, stack: ExitStack) -> Launch:
        for source, inside in (*job.readable, *job.writable):
            if source != inside:
                raise SandboxRefused(f"Without isolation {source} cannot be shown as {inside}.")
        temporary = tempfile.mkdtemp(prefix="modulo-")
        stack.callback(shutil.rmtree, temporary, ignore_errors=True)
        home = Path(temporary, "home")
        home.mkdir()
        home.chmod(0o777)
        Path(temporary).chmod(0o777)
        cwd = temporary if job.cwd == view.TEMPORARY else job.cwd
        plan = job_plan(job, view.environment(job.env, temporary)) | {"walls": False, "cwd": cwd}
        argv, fd = launcher_command(plan, stack)
        return Launch(level=self.level, argv=argv, pass_fds=(fd,), temporary=temporary, shared_disk=True, gentle=True)
