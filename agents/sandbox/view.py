"""What a sandboxed process sees of this machine: system directories, made-up accounts, a short environment."""

import itertools
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath

HOME = "/tmp/home"  # noqa: S108 - inside the sandbox, /tmp is private
TEMPORARY = "/tmp"  # noqa: S108

_SYSTEM_DIRECTORIES = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/nix/store", "/gnu/store")
_SYSTEM_FILES = (
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/etc/alternatives",
    "/etc/localtime",
    "/etc/timezone",
    "/etc/mime.types",
    "/etc/ssl/certs",
)

# systemd keeps this range for services without an account: no person and no package owns a uid in it
_UID_FIRST, _UID_COUNT = 61184, 4336
_uids = itertools.count()


def is_root() -> bool:
    return os.geteuid() == 0


def fresh_uid() -> int:
    """A uid for one sandbox of a service that runs as root: process limits count per uid, and are void for root."""
    return _UID_FIRST + (os.getpid() * 8 + next(_uids)) % _UID_COUNT


def system_paths() -> Iterator[tuple[str, str]]:
    """(path, "" or the target of the symlink it is) of what every sandbox sees read-only."""
    for name in (*_SYSTEM_DIRECTORIES, *_SYSTEM_FILES):
        path = Path(name)
        if path.is_symlink() and name not in _SYSTEM_FILES:
            yield name, str(path.readlink())
        elif path.exists():
            yield name, ""


def inside_system(path: str) -> bool:
    """Is `path` visible anyway, because a system directory holds it?"""
    return any(path == top or path.startswith(top + "/") for top in _SYSTEM_DIRECTORIES)


def parents(paths: Iterable[str]) -> tuple[str, ...]:
    """The directories that must be made so that `paths` can be mounted, outermost first."""
    found = {str(parent) for path in paths for parent in PurePosixPath(path).parents}
    return tuple(sorted(folder for folder in found - {"/", TEMPORARY} if not inside_system(folder)))


def account_files(uid: int, gid: int) -> dict[str, str]:
    """The files of /etc that name people and hosts, with nobody of this machine in them."""
    return {
        "/etc/passwd": f"root:x:0:0:root:/:/bin/sh\nmodulo:x:{uid}:{gid}:modulo:{HOME}:/bin/sh\n",
        "/etc/group": f"root:x:0:\nmodulo:x:{gid}:\n",
        "/etc/hosts": "127.0.0.1 localhost\n::1 localhost\n127.0.0.1 sandbox\n",
        "/etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
    }


def environment(own: Mapping[str, str], temporary: str = TEMPORARY) -> dict[str, str]:
    """The whole environment of a job: fixed values and the job's own, nothing of the service's."""
    return {
        "PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
        "HOME": f"{temporary}/home",
        "TMPDIR": temporary,
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "USER": "modulo",
        "LOGNAME": "modulo",
        **own,
    }
