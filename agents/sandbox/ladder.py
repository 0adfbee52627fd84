"""Which isolation does this machine offer? The best rung whose probe really ran; never a silent step down."""

import os
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Protocol

from agents.context import Job, Limits, Sandbox
from agents.errors import SandboxRefused
from agents.sandbox.bwrap import Bubblewrap
from agents.sandbox.namespaces import Namespaces
from agents.sandbox.rlimits import Rlimits
from agents.sandbox.run import Launch

FORCE = "MODULO_SANDBOX"
_PROBE = "import os; print(os.getuid(), len(os.listdir('/proc')) > 0)"
_PROBE_LIMITS = Limits(wall_s=20, cpu_s=10)


class Rung(Sandbox, Protocol):
    name: str

    @staticmethod
    def absent() -> str: ...
    def launch(self, job: Job, stack: ExitStack) -> Launch: ...


RUNGS: tuple[type[Rung], ...] = (Bubblewrap, Namespaces, Rlimits)


@dataclass(frozen=True, slots=True, kw_only=True)
class RungReport:
    """One rung of the ladder on this machine: `reason` says why it cannot be used, `fix` what the operator can do."""

    name: str
    usable: bool
    isolated: bool
    reason: str = ""
    fix: str = ""


def best(opt_in_rlimits: bool = False, forced: str = "") -> Sandbox:
    """The best usable rung; `forced`, or else MODULO_SANDBOX=<name>, takes exactly that one. Raises `SandboxRefused`.

    The rung that does not isolate is used only when the operator asked for it, by `opt_in_rlimits` or by its name.
    """
    if named := forced or os.environ.get(FORCE, ""):
        return _forced(named)
    refused = []
    for rung in RUNGS:
        if not rung.isolated and not opt_in_rlimits:
            continue
        report = probe(rung.name)
        if report.usable:
            return rung()
        refused.append(f"{rung.name}: {report.reason}")
    raise SandboxRefused("No isolation works on this machine, so no code was run. " + " ".join(refused))


def _forced(name: str) -> Sandbox:
    rung = next((rung for rung in RUNGS if rung.name == name), None)
    if rung is None:
        names = ", ".join(rung.name for rung in RUNGS)
        raise SandboxRefused(
            f"{FORCE} is {name!r}, which is no isolation Modulo knows.", hint=f"Set it to one of {names}."
        )
    report = probe(name)
    if not report.usable:
        raise SandboxRefused(f"{FORCE} asks for {name}, which does not work here: {report.reason}", hint=report.fix)
    return rung()


def survey() -> tuple[RungReport, ...]:
    """Every rung, best first, each really probed."""
    return tuple(probe(rung.name) for rung in RUNGS)


@cache
def probe(name: str) -> RungReport:
    """Run a no-op in the rung; finding its program proves nothing. Asked once per process."""
    rung = next(rung for rung in RUNGS if rung.name == name)
    reason = rung.absent() or _failure(rung())
    fix = _fix(name, reason) if reason else ""
    return RungReport(name=name, usable=not reason, isolated=rung.isolated, reason=reason, fix=fix)


def _failure(rung: Sandbox) -> str:
    prefix = sys.base_prefix
    job = Job(
        argv=(f"{prefix}/bin/python3", "-I", "-S", "-c", _PROBE),
        cwd="/",
        readable=((prefix, prefix),),
        limits=_PROBE_LIMITS,
    )
    try:
        finished = rung.run(job)
    except SandboxRefused as refused:
        return str(refused)
    if finished.exit_code == 0 and not finished.stdout.startswith(b"0 "):
        return ""
    said = (finished.stderr or finished.stdout).decode(errors="replace").strip().splitlines()
    return said[-1] if said else f"The probe ended with exit code {finished.exit_code} ({finished.ended})."


def _fix(name: str, reason: str) -> str:
    if name == "rlimits":
        return "Install bubblewrap instead: limits alone do not isolate."
    if "not installed" in reason:
        return "Install the packages bubblewrap and util-linux."
    if _apparmor_restricts():
        return (
            "AppArmor refuses user namespaces: load its profile `bwrap-userns-restrict`, "
            "or run `sysctl kernel.apparmor_restrict_unprivileged_userns=0`."
        )
    if any(Path(mark).exists() for mark in ("/.dockerenv", "/run/.containerenv")):
        return (
            "This is a container whose seccomp profile refuses namespaces: start it with "
            "`--security-opt seccomp=unconfined --security-opt systempaths=unconfined`, or with `--privileged`."
        )
    return "Allow user namespaces: `sysctl user.max_user_namespaces=10000 kernel.unprivileged_userns_clone=1`."


def _apparmor_restricts() -> bool:
    try:
        return Path("/proc/sys/kernel/apparmor_restrict_unprivileged_userns").read_text().strip() == "1"
    except OSError:
        return False
