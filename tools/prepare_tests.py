"""Install the system packages the tests need, where that is allowed; else say exactly what is left out and why.

Needed: chromium for the tests in a browser, bubblewrap for the strongest sandbox, strace for the test that nothing
phones home. Without them those tests are skipped, which under CI=true is a failure.
"""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass


@dataclass(frozen=True)
class Need:
    program: str
    package: str
    left_out: str


NEEDS = (
    Need("chromium", "chromium", "the tests in a real browser"),
    Need("bwrap", "bubblewrap", "the tests of the bubblewrap sandbox"),
    Need("strace", "strace", "the test that nothing connects to other machines"),
    Need("git", "git", "everything that needs a repository"),
)


def main() -> int:
    missing = [need for need in NEEDS if shutil.which(need.program) is None]
    if not missing:
        return 0
    prefix = privileged()
    if prefix is not None:
        install(prefix, [need.package for need in missing])
        missing = [need for need in missing if shutil.which(need.program) is None]
    for need in missing:
        why = "apt could not install it" if prefix is not None else "installing it needs apt and root"
        print(f"tests    left out: {need.left_out} ({need.program} is missing; {why})", flush=True)
    return 0


def privileged() -> list[str] | None:
    """What to put before apt-get to be allowed to install; None when there is no way."""
    if shutil.which("apt-get") is None:
        return None
    if os.geteuid() == 0:
        return []
    sudo = shutil.which("sudo")
    if sudo and subprocess.run([sudo, "-n", "true"], capture_output=True).returncode == 0:
        return [sudo, "-n"]
    return None


def install(prefix: list[str], packages: list[str]) -> None:
    print(f"tests    installing {', '.join(packages)} with apt", flush=True)
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    environment = ["env", "DEBIAN_FRONTEND=noninteractive"]
    subprocess.run([*prefix, "apt-get", "update", "-qq"], **quiet)
    for package in packages:  # one by one: a name one release does not know must not stop the others
        command = [*prefix, *environment, "apt-get", "install", "-y", "-qq", "--no-install-recommends", package]
        subprocess.run(command, **quiet)


if __name__ == "__main__":
    sys.exit(main())
