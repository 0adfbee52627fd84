"""The rung that uses bubblewrap: own namespaces, own /proc, nothing of the machine but read-only system directories."""

import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack

from agents.context import Finished, Job, Limits
from agents.sandbox import run as running
from agents.sandbox import view
from agents.sandbox.run import Conversation, Launch

_TOOLS = ("bwrap", "prlimit", "setpriv")


class Bubblewrap:
    """Implements `agents.context.Sandbox`."""

    name = "bwrap"
    level = "bwrap"
    isolated = True

    @staticmethod
    def absent() -> str:
        """What is not installed, as a sentence; "" when all of it is."""
        missing = [tool for tool in _TOOLS if shutil.which(tool) is None]
        return f"{', '.join(missing)} is not installed." if missing else ""

    def run(self, job: Job, check: Callable[[], None] | None = None) -> Finished:
        stack = ExitStack()
        return running.run(self.launch(job, stack), job, stack, check)

    def start(self, job: Job) -> Conversation:
        return running.start(self.launch, job)

    def launch(self, job: Job, stack: ExitStack) -> Launch:
        uid, gid = _identity()
        data_fds: list[int] = []
        argv = (
            "bwrap",
            *_namespaces(),
            *_files_of_the_machine(job.limits),
            *_account_files(uid, gid, stack, data_fds),
            *_files_of_the_job(job),
            *_environment(job),
            "--chdir",
            job.cwd,
            "--",
            *_dropped(uid, gid),
            *_limited(job.limits),
            *job.argv,
        )
        return Launch(level=self.level, argv=argv, pass_fds=tuple(data_fds))


def _identity() -> tuple[int, int]:
    if view.is_root():
        uid = view.fresh_uid()
        return uid, uid
    return os.getuid(), os.getgid()


def _namespaces() -> Iterator[str]:
    if view.is_root():
        # no user namespace: its root would be the machine's root; the uid is dropped inside instead
        yield from ("--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try")
        yield from ("--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID")
        yield from ("--cap-add", "CAP_SETPCAP")
    else:
        yield from ("--unshare-all", "--cap-drop", "ALL")
    yield from ("--hostname", "sandbox", "--die-with-parent", "--new-session", "--clearenv")


def _folders(paths: Iterable[str]) -> Iterator[str]:
    """Bubblewrap makes missing parents for itself alone; a dropped uid must be able to walk them."""
    for folder in view.parents(paths):
        yield from ("--perms", "0755", "--dir", folder)


def _files_of_the_machine(limits: Limits) -> Iterator[str]:
    system = tuple(view.system_paths())
    yield from _folders(path for path, _ in system)
    for path, target in system:
        yield from ("--symlink", target, path) if target else ("--ro-bind", path, path)
    size = str(limits.disk_bytes)
    yield from ("--proc", "/proc", "--dev", "/dev")
    yield from ("--perms", "1777", "--size", size, "--tmpfs", "/dev/shm")  # noqa: S108
    yield from ("--perms", "1777", "--size", size, "--tmpfs", view.TEMPORARY)
    yield from ("--perms", "0777", "--dir", view.HOME)


def _account_files(uid: int, gid: int, stack: ExitStack, data_fds: list[int]) -> Iterator[str]:
    for path, text in view.account_files(uid, gid).items():
        fd = os.memfd_create("account")
        stack.callback(os.close, fd)
        os.write(fd, text.encode())
        os.lseek(fd, 0, os.SEEK_SET)
        data_fds.append(fd)
        yield from ("--perms", "0644", "--ro-bind-data", str(fd), path)


def _files_of_the_job(job: Job) -> Iterator[str]:
    yield from _folders(inside for _, inside in (*job.readable, *job.writable))
    for source, inside in job.readable:
        yield from ("--ro-bind", source, inside)
    for source, inside in job.writable:
        yield from ("--bind", source, inside)
    yield from ("--remount-ro", "/")


def _environment(job: Job) -> Iterator[str]:
    for name, value in view.environment(job.env).items():
        yield from ("--setenv", name, value)


def _dropped(uid: int, gid: int) -> tuple[str, ...]:
    if not view.is_root():
        return ()
    return ("setpriv", f"--reuid={uid}", f"--regid={gid}", "--clear-groups", "--inh-caps=-all", "--bounding-set=-all")


def _limited(limits: Limits) -> tuple[str, ...]:
    return ("prlimit", *(f"--{name}={value}:{value}" for name, value in running.rlimits(limits).items()), "--")
