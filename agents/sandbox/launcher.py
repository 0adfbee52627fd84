"""The program that builds the walls for one job: run as a script of its own, with nothing but the standard library.

    launcher.py FD      FD holds the plan, as JSON, written by `namespaces.py` or `rlimits.py`

With `"walls": true` it makes namespaces (user, mount, pid, net, ipc, uts; as root no user namespace), a new root that
holds only what the plan binds, a loopback of its own, and stays as the first process, whose end ends all others.
Without, it only stays as the reaper of everything the job leaves behind. The job itself then gives up its privileges,
gets its limits, and begins.
"""

import contextlib
import ctypes
import fcntl
import json
import os
import resource
import signal
import socket
import struct
import sys
import time
from pathlib import Path
from typing import Any, NoReturn

Plan = dict[str, Any]

CLONE_NEWNS, CLONE_NEWCGROUP, CLONE_NEWUTS, CLONE_NEWIPC = 0x20000, 0x2000000, 0x4000000, 0x8000000
CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET = 0x10000000, 0x20000000, 0x40000000
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REMOUNT = 1, 2, 4, 8, 32
MS_BIND, MS_REC, MS_PRIVATE = 4096, 16384, 1 << 18
MNT_DETACH = 2
PR_SET_PDEATHSIG, PR_CAPBSET_DROP, PR_SET_CHILD_SUBREAPER, PR_SET_NO_NEW_PRIVS = 1, 24, 36, 38
PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL = 47, 4
SYS_MOUNT_SETATTR, SYS_PIVOT_ROOT = 442, {"x86_64": 155, "aarch64": 41, "riscv64": 41}
AT_FDCWD, AT_RECURSIVE = -100, 0x8000
SIOCSIFFLAGS, IFF_UP_RUNNING = 0x8914, 0x41
CANNOT_BUILD = 125

libc = ctypes.CDLL(None, use_errno=True)


def call(what: str, result: int) -> None:
    """Raise OSError, naming `what`, when a C function returned an error."""
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def prctl(option: int, *arguments: int) -> None:
    call(f"prctl {option}", libc.prctl(option, *(ctypes.c_ulong(a) for a in (*arguments, 0, 0, 0, 0)[:4])))


def mount(source: str, target: str, kind: str = "", flags: int = 0, data: str = "") -> None:
    encoded = (source.encode(), target.encode(), kind.encode() or None, ctypes.c_ulong(flags), data.encode() or None)
    call(f"mount {target}", libc.mount(*encoded))


def pivot_root(new: str, put_old: str) -> None:
    number = SYS_PIVOT_ROOT[os.uname().machine]
    call("pivot_root", libc.syscall(number, new.encode(), put_old.encode()))


def main(fd: int) -> NoReturn:
    with os.fdopen(fd) as plan_file:
        plan = json.load(plan_file)
    follow_parent(plan["parent"])
    try:
        if plan["walls"]:
            behind_walls(plan)
        reaping(plan)
    except OSError as error:
        print(f"The walls could not be built: {error}", file=sys.stderr)
        os._exit(CANNOT_BUILD)


def follow_parent(parent: int) -> None:
    """End when the service ends, however it ends."""
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(CANNOT_BUILD)


# --- with walls ------------------------------------------------------------------------------------------------------


def behind_walls(plan: Plan) -> NoReturn:
    unshare(plan)
    first = os.fork()
    if first:
        os._exit(exit_code_of(first))
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    try:
        bring_loopback_up()
        build_root(plan)
    except OSError as error:
        print(f"The walls could not be built: {error}", file=sys.stderr)
        os._exit(CANNOT_BUILD)
    job = os.fork()
    if job == 0:
        become_job(plan)
    os._exit(reap_until(job))


def unshare(plan: Plan) -> None:
    flags = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS
    if plan["drop"]:
        call("unshare", libc.unshare(flags))
    else:
        uid, gid = os.getuid(), os.getgid()
        call("unshare (user namespaces)", libc.unshare(flags | CLONE_NEWUSER))
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{uid} {uid} 1")
        Path("/proc/self/gid_map").write_text(f"{gid} {gid} 1")
    with contextlib.suppress(OSError):  # a nicety: kernels before 4.6 have none
        call("unshare (cgroup)", libc.unshare(CLONE_NEWCGROUP))
    socket.sethostname("sandbox")


def bring_loopback_up() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sH14s", b"lo", IFF_UP_RUNNING, b""))


def build_root(plan: Plan) -> None:
    """Make a root of memory, bind into it what the plan names from the old root, and let go of the old one."""
    mount("none", "/", flags=MS_REC | MS_PRIVATE)
    base = plan["base"]
    mount("tmpfs", base, "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755")
    os.chdir(base)
    os.umask(0o022)
    Path("old").mkdir()
    Path("new").mkdir()
    pivot_root(".", "old")
    os.chdir("/")
    mount("tmpfs", "/new", "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755")
    furnish(plan)
    call("umount", libc.umount2(b"/old", MNT_DETACH))
    os.chdir("/new")
    pivot_root(".", ".")
    call("umount", libc.umount2(b".", MNT_DETACH))
    os.chdir("/")
    mount("none", "/", flags=MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV)


def furnish(plan: Plan) -> None:
    for target, path in plan["symlinks"]:
        inside(path).parent.mkdir(parents=True, exist_ok=True)
        inside(path).symlink_to(target)
    for source, path in plan["system"]:
        bind(source, path, read_only=True)
    device_nodes()
    inside("/proc").mkdir()
    mount("proc", "/new/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC)
    for path, size in plan["tmpfs"]:
        inside(path).mkdir(parents=True, exist_ok=True)
        mount("tmpfs", str(inside(path)), "tmpfs", MS_NOSUID | MS_NODEV, f"mode=1777,size={size}")
    for path, text in plan["files"].items():
        inside(path).parent.mkdir(parents=True, exist_ok=True)
        inside(path).write_text(text)
    make_home(plan["home"])
    for source, path, read_only in plan["binds"]:
        bind(source, path, read_only=read_only)


def make_home(path: str) -> None:
    inside(path).mkdir(parents=True, exist_ok=True)
    inside(path).chmod(0o777)


def inside(path: str) -> Path:
    return Path("/new") / path.lstrip("/")


def bind(source: str, path: str, *, read_only: bool) -> None:
    origin, target = Path("/old") / source.lstrip("/"), inside(path)
    if origin.is_dir():
        target.mkdir(parents=True, exist_ok=True)
    else:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.touch()
    mount(str(origin), str(target), flags=MS_BIND | MS_REC)
    restrict(str(target), MS_NOSUID | MS_NODEV | (MS_RDONLY if read_only else 0))


def restrict(target: str, flags: int) -> None:
    """Add `flags` to the mount and all below it; a kernel before 5.12 only does so to the mount itself."""
    attributes = struct.pack("QQQQ", flags, 0, 0, 0)
    path = target.encode()
    if libc.syscall(SYS_MOUNT_SETATTR, AT_FDCWD, path, AT_RECURSIVE, attributes, ctypes.c_size_t(32)) == 0:
        return
    kept = os.statvfs(target).f_flag & (MS_NOEXEC | MS_RDONLY)
    mount("none", target, flags=MS_BIND | MS_REMOUNT | flags | kept)


def device_nodes() -> None:
    dev = inside("/dev")
    dev.mkdir()
    mount("tmpfs", str(dev), "tmpfs", MS_NOSUID, "mode=0755,size=64k")
    for name in ("null", "zero", "full", "random", "urandom", "tty"):
        if Path("/old/dev", name).exists():
            (dev / name).touch()
            mount(f"/old/dev/{name}", str(dev / name), flags=MS_BIND)
    for name, target in (("fd", ""), ("stdin", "/0"), ("stdout", "/1"), ("stderr", "/2")):
        (dev / name).symlink_to(f"/proc/self/fd{target}")
    (dev / "pts").mkdir()
    with contextlib.suppress(OSError):  # without it only terminals are missing
        mount("devpts", str(dev / "pts"), "devpts", MS_NOSUID | MS_NOEXEC, "newinstance,ptmxmode=0666,mode=620")
        (dev / "ptmx").symlink_to("pts/ptmx")


# --- without walls ---------------------------------------------------------------------------------------------------


def reaping(plan: Plan) -> NoReturn:
    """Run the job as its reaper: what it leaves behind comes back to this process, and is ended with it."""
    prctl(PR_SET_CHILD_SUBREAPER, 1)
    prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    job = os.fork()
    if job == 0:
        become_job(plan)
    signal.signal(signal.SIGTERM, lambda *_: sweep_and_exit(plan, 128 + signal.SIGTERM))
    sweep_and_exit(plan, reap_until(job))


def sweep_and_exit(plan: Plan, exit_code: int) -> NoReturn:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if plan["drop"]:
        end_everything_of(plan["uid"])
    give_up = time.monotonic() + 4
    while (left := living_descendants(os.getpid())) and time.monotonic() < give_up:
        for pid in left:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        reap_the_dead()
    os._exit(exit_code)


def end_everything_of(uid: int) -> None:
    """The uid is this job's alone, so everything it may signal is the job's: no race with a process that forks."""
    child = os.fork()
    if child == 0:
        os.setresuid(uid, uid, uid)
        with contextlib.suppress(OSError):
            os.kill(-1, signal.SIGKILL)
        os._exit(0)
    with contextlib.suppress(OSError):
        os.waitpid(child, 0)


def living_descendants(pid: int) -> list[int]:
    found: list[int] = []
    waiting = [pid]
    while waiting:
        for children in Path(f"/proc/{waiting.pop()}/task").glob("*/children"):
            with contextlib.suppress(OSError):
                born = [int(word) for word in children.read_text().split()]
                found += born
                waiting += born
    return found


def reap_the_dead() -> None:
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


# --- the job ---------------------------------------------------------------------------------------------------------


def become_job(plan: Plan) -> NoReturn:
    try:
        os.setsid()
        give_up_privileges(plan)
        for name, value in plan["rlimits"].items():
            resource.setrlimit(getattr(resource, f"RLIMIT_{name.upper()}"), (value, value))
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        os.chdir(plan["cwd"])
        os.execve(plan["argv"][0], plan["argv"], plan["env"])  # noqa: S606
    except OSError as error:
        print(f"The job could not be started: {error}", file=sys.stderr)
    os._exit(CANNOT_BUILD)


def give_up_privileges(plan: Plan) -> None:
    if plan["drop"] or plan["walls"]:
        for capability in range(64):
            with contextlib.suppress(OSError):  # past the last capability of this kernel
                prctl(PR_CAPBSET_DROP, capability)
    if plan["drop"]:
        os.setgroups([])
        os.setresgid(plan["gid"], plan["gid"], plan["gid"])
        os.setresuid(plan["uid"], plan["uid"], plan["uid"])
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL)
    prctl(PR_SET_NO_NEW_PRIVS, 1)
    drop_capabilities()
    if not plan["walls"]:
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def drop_capabilities() -> None:
    header = struct.pack("Ii", 0x20080522, 0)
    call("capset", libc.capset(header, struct.pack("IIIIII", 0, 0, 0, 0, 0, 0)))


def reap_until(job: int) -> int:
    """Wait for `job`, reaping whatever else ends before it; its exit code as a shell would give it."""
    while True:
        pid, status = os.wait()
        if pid == job:
            return as_exit_code(status)


def exit_code_of(pid: int) -> int:
    return as_exit_code(os.waitpid(pid, 0)[1])


def as_exit_code(status: int) -> int:
    code = os.waitstatus_to_exitcode(status)
    return 128 - code if code < 0 else code


if __name__ == "__main__":
    main(int(sys.argv[1]))
