"""The runner inside the project's interpreter: it lays out the tree, runs tests, and reports over its own pipe.

One file, standard library only, Python 3.8 to 3.14: it is started by the interpreter of the project under test, which
has none of Modulo's packages. It uses that interpreter's pytest, or unittest where there is none. What tests print is
never read as a result; results go out as length-prefixed JSON on the descriptor that MODULO_FRAMES names.
"""

from __future__ import annotations

import contextlib
import errno
import gc
import json
import linecache
import os
import random
import select
import shutil
import signal
import struct
import sys
import tempfile
import time
import traceback
import unittest
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    Frame = dict[str, Any]

MESSAGE_CHARS = 2000
OUTPUT_CHARS = 6000
FRAMES_KEPT = 40
NO_ROOM = (errno.EFBIG, errno.ENOSPC)


# --- the channel -----------------------------------------------------------------------------------------------------


class Channel:
    """Frames to and from the host; when a test closed the descriptors there is nobody left to talk to."""

    def __init__(self) -> None:
        self.inward, self.outward = map(int, os.environ.pop("MODULO_FRAMES").split(","))
        for fd in (self.inward, self.outward):
            os.set_inheritable(fd, False)

    def send(self, frame: Frame) -> None:
        data = json.dumps(frame, ensure_ascii=False).encode("utf-8", "replace")
        data = struct.pack(">I", len(data)) + data
        while data:
            data = data[os.write(self.outward, data) :]

    def receive(self) -> Frame | None:
        head = self._read(4)
        if len(head) < 4:
            return None
        body = self._read(struct.unpack(">I", head)[0])
        frame: Frame = json.loads(body)
        return frame

    def _read(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            more = os.read(self.inward, size - len(data))
            if not more:
                break
            data += more
        return data


# --- the workspace ---------------------------------------------------------------------------------------------------


def lay_out(order: Frame) -> Path:
    """A private copy of the tree, which only this sandbox sees, with the order's files laid over it."""
    workspace = Path(tempfile.gettempdir()).resolve() / "project"
    shutil.copytree(order["root"], str(workspace), symlinks=True, copy_function=copy_file)
    for name, text in order["files"].items():
        lay_over(workspace, name, text)
    return workspace


def copy_file(source: str, target: str) -> str:
    shutil.copyfile(source, target, follow_symlinks=False)
    if not os.path.islink(target):  # noqa: PTH114 - called for each file of the tree
        state = os.stat(source)  # noqa: PTH116
        os.chmod(target, state.st_mode & 0o777 | 0o600)  # noqa: PTH101
        os.utime(target, ns=(state.st_atime_ns, state.st_mtime_ns))
    return target


def lay_over(workspace: Path, name: str, text: str) -> None:
    path = workspace / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_symlink():
        path.unlink()
    with path.open("w", encoding="utf-8", newline="", errors="surrogateescape") as file:
        file.write(text)


def enter(workspace: Path, order: Frame) -> None:
    """Make the project importable here and in processes the tests start."""
    os.chdir(str(workspace))
    own = str(Path(__file__).resolve().parent)
    sys.path[:] = [entry for entry in sys.path if entry not in ("", own, os.path.dirname(__file__))]  # noqa: PTH120
    paths = [entry if entry.startswith("/") else str(workspace / entry) for entry in order["path"]]
    sys.path[:0] = paths
    os.environ["PYTHONPATH"] = os.pathsep.join(paths)
    os.environ["PWD"] = str(workspace)
    sys.argv[:] = ["pytest"]


# --- what a failure looks like ---------------------------------------------------------------------------------------


class TestHangs(BaseException):
    """Raised in the test by the alarm; not an Exception, so that `except Exception` does not swallow it."""


class Describer:
    """Turns an exception into a signature: its type, its message, and the frames that lie in the project."""

    def __init__(self, workspace: Path) -> None:
        self.root = str(workspace) + os.sep
        self.known: dict[str, str] = {}

    def relative(self, filename: str) -> str:
        """The path within the project; "" for a file outside of it."""
        if filename not in self.known:
            full = "" if filename.startswith("<") else os.path.realpath(filename)
            self.known[filename] = full[len(self.root) :] if full.startswith(self.root) else ""
        return self.known[filename]

    def signature(self, error: BaseException, phase: str) -> Frame:
        if isinstance(error, TestHangs):
            phase = "timeout"
        elif isinstance(error, OSError) and error.errno in NO_ROOM:
            phase = "crash"
        return {
            "exception": qualified_name(type(error)),
            "message": message_of(error),
            "frames": self.frames(error),
            "phase": phase,
        }

    def frames(self, error: BaseException) -> list[Frame]:
        found = []
        for frame, line in traceback.walk_tb(error.__traceback__):
            path = self.relative(frame.f_code.co_filename)
            if path:
                code = linecache.getline(frame.f_code.co_filename, line).strip()[:200]
                found.append({"path": path, "line": line, "function": function_name(frame.f_code), "code": code})
        if isinstance(error, SyntaxError) and error.filename and self.relative(error.filename):
            code = (error.text or "").strip()[:200]
            path = self.relative(error.filename)
            found.append({"path": path, "line": error.lineno or 0, "function": "<module>", "code": code})
        found.reverse()
        return found[:FRAMES_KEPT]


def function_name(code: Any) -> str:
    name: str = getattr(code, "co_qualname", code.co_name)
    return name.replace("<locals>.", "")


def qualified_name(kind: type) -> str:
    module = kind.__module__
    return kind.__qualname__ if module in ("builtins", "__main__") else module + "." + kind.__qualname__


def message_of(error: BaseException) -> str:
    try:
        return str(error)[:MESSAGE_CHARS]
    except Exception as broken:  # noqa: BLE001 - a project's own __str__ may raise anything
        return f"<its message cannot be shown: {type(broken).__name__}>"


def original(error: BaseException) -> BaseException:
    """The error a runner's own error stands for: pytest wraps what an import raised."""
    wrapped = error.__cause__ or error.__context__
    return wrapped if wrapped is not None and type(error).__module__.startswith("_pytest") else error


@contextlib.contextmanager
def alarm(seconds: float) -> Iterator[None]:
    """Raise `TestHangs` in the block once `seconds` have passed, and again each second until it ends."""

    def interrupt(*_: Any) -> None:
        raise TestHangs(f"no end after {seconds:g} s")

    previous = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, seconds, 1.0)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)


# --- line by line ----------------------------------------------------------------------------------------------------


class Tracer:
    """Which lines of which product files run: by `sys.monitoring` where there is one, else by `settrace`."""

    def __init__(self, describer: Describer, traced: set[str]) -> None:
        self.describer, self.traced = describer, traced
        self.lines: dict[str, set[int]] = {}
        self.monitoring: Any = getattr(sys, "monitoring", None)

    def start(self) -> None:
        self.lines = {}
        if self.monitoring is None:
            import threading

            threading.settrace(self.on_call)
            sys.settrace(self.on_call)
            return
        monitoring = self.monitoring
        if monitoring.get_tool(monitoring.COVERAGE_ID) is None:
            monitoring.use_tool_id(monitoring.COVERAGE_ID, "modulo")
            monitoring.register_callback(monitoring.COVERAGE_ID, monitoring.events.LINE, self.on_line)
        monitoring.set_events(monitoring.COVERAGE_ID, monitoring.events.LINE)
        monitoring.restart_events()

    def stop(self) -> dict[str, list[int]]:
        if self.monitoring is None:
            import threading

            sys.settrace(None)
            threading.settrace(None)
        else:
            self.monitoring.set_events(self.monitoring.COVERAGE_ID, 0)
        return {path: sorted(lines) for path, lines in self.lines.items()}

    def kept(self, filename: str) -> set[int] | None:
        path = self.describer.relative(filename)
        return self.lines.setdefault(path, set()) if path in self.traced else None

    def on_line(self, code: Any, line: int) -> Any:
        lines = self.kept(code.co_filename)
        if lines is not None:
            lines.add(line)
        return self.monitoring.DISABLE

    def on_call(self, frame: Any, event: str, _: Any) -> Any:
        lines = self.kept(frame.f_code.co_filename)
        if lines is None:
            return None
        add = lines.add

        def on_event(frame: Any, event: str, _: Any) -> Any:
            if event == "line":
                add(frame.f_lineno)
            return on_event

        return on_event


# --- pytest ----------------------------------------------------------------------------------------------------------


class PytestReporter:
    """The plugin: selects the ordered tests, guards their time, and reports each as soon as it has run."""

    def __init__(self, order: Frame, channel: Any, describer: Describer) -> None:
        self.order, self.channel, self.describer = order, channel, describer
        self.tracer = Tracer(describer, set(order["traced"])) if order["traced"] else None
        self.outcome: Frame = {}
        self.raised: dict[str, BaseException] = {}

    def pytest_collection_modifyitems(self, session: Any, config: Any, items: list[Any]) -> None:
        if self.order["tests"]:
            places = {test: place for place, test in enumerate(self.order["tests"])}
            found = [(place_of(item.nodeid, places), item) for item in items]
            items[:] = [item for place, item in sorted(found, key=lambda pair: pair[0]) if place < len(places)]
        if self.order["shuffle"]:
            random.Random(self.order["shuffle"]).shuffle(items)  # noqa: S311 - an order, not a secret

    def pytest_collectreport(self, report: Any) -> None:
        if not report.failed:
            return
        error = self.raised.get(report.nodeid)
        signature = self.describer.signature(original(error), "collect") if error else None
        text = report.longreprtext[-OUTPUT_CHARS:]
        self.channel.send({"t": "error", "id": report.nodeid, "signature": signature, "output": text})

    def pytest_collection_finish(self, session: Any) -> None:
        self.channel.send({"t": "collected", "ids": [item.nodeid for item in session.items]})

    def pytest_runtest_logstart(self, nodeid: str, location: Any) -> None:
        self.channel.send({"t": "start", "id": nodeid})
        self.outcome = {"t": "outcome", "id": nodeid, "passed": False, "skipped": False, "seconds": 0.0, "output": ""}
        self.outcome["signature"] = None
        if self.tracer:
            self.tracer.start()

    def pytest_runtest_logfinish(self, nodeid: str, location: Any) -> None:
        if self.tracer:
            self.outcome["lines"] = self.tracer.stop()
        self.channel.send(self.outcome)

    def collecting(self, collector: Any) -> Any:
        with alarm(self.order["test_s"]):
            outcome = yield
        report = outcome.get_result()
        excinfo = getattr(getattr(report, "call", None), "excinfo", None)
        if excinfo is not None:
            self.raised[report.nodeid] = excinfo.value

    def phase(self, item: Any) -> Any:
        with alarm(self.order["test_s"]):
            yield

    def report(self, item: Any, call: Any) -> Any:
        outcome = yield
        report = outcome.get_result()
        self.outcome["seconds"] += call.duration if hasattr(call, "duration") else call.stop - call.start
        if report.failed and not self.outcome["signature"]:
            self.note_failure(report, call)
        elif report.skipped:
            self.outcome["skipped"] = True
        elif report.when == "call":
            self.outcome["passed"] = True

    def note_failure(self, report: Any, call: Any) -> None:
        self.outcome["passed"] = False
        if call.excinfo is None:
            text = str(report.longrepr)[:MESSAGE_CHARS]
            signature = {"exception": "Failed", "message": text, "frames": [], "phase": report.when}
        else:
            signature = self.describer.signature(call.excinfo.value, report.when)
        self.outcome["signature"] = signature
        if self.order["verbose"]:
            printed = "\n".join(title + "\n" + text[-OUTPUT_CHARS:] for title, text in report.sections)
            self.outcome["output"] = (report.longreprtext[-OUTPUT_CHARS:] + "\n" + printed)[-2 * OUTPUT_CHARS :]


def with_hooks(reporter: PytestReporter) -> PytestReporter:
    """Mark the hooks that wrap pytest's own; done here, since pytest is only known to exist once it is used."""
    import pytest

    kind = type(reporter)
    for name in ("pytest_runtest_setup", "pytest_runtest_call", "pytest_runtest_teardown"):
        setattr(kind, name, wrapping(pytest, around_item))
    kind.pytest_runtest_makereport = wrapping(pytest, around_report)  # type: ignore[attr-defined]
    kind.pytest_make_collect_report = wrapping(pytest, around_collecting)  # type: ignore[attr-defined]
    kind.pytest_collection_modifyitems = pytest.hookimpl(trylast=True)(  # type: ignore[method-assign]
        kind.pytest_collection_modifyitems
    )
    return reporter


def wrapping(pytest: Any, function: Any) -> Any:
    return pytest.hookimpl(hookwrapper=True, tryfirst=True)(function)


def around_item(self: Any, item: Any) -> Any:
    yield from self.phase(item)


def around_report(self: Any, item: Any, call: Any) -> Any:
    yield from self.report(item, call)


def around_collecting(self: Any, collector: Any) -> Any:
    yield from self.collecting(collector)


def place_of(nodeid: str, places: dict[str, int]) -> int:
    """Where the test stands in the order: by its own name, or its function's, class's or file's; last when unwanted."""
    parts = nodeid.split("[")[0].split("::")
    names = [nodeid, *("::".join(parts[:end]) for end in range(len(parts), 0, -1))]
    return min((places[name] for name in names if name in places), default=len(places))


EXTRA_OPTIONS = {
    "run": (),
    "collect": ("--collect-only", "-q"),
    "judge": ("-q", "--no-header", "--no-summary", "--maxfail=1", "-p", "no:faulthandler"),
}


def pytest_arguments(order: Frame, workspace: Path) -> list[str]:
    files = sorted({test.split("::")[0] for test in order["tests"]})
    present = [name for name in files if (workspace / name).exists()]
    return [
        f"--rootdir={workspace}",
        "-p", "no:cacheprovider",
        "-o", "addopts=",
        "-o", "required_plugins=",
        "--tb=short",
        "--color=no",
        "--continue-on-collection-errors",
        *EXTRA_OPTIONS[order["mode"]],
        *order["options"],
        *present,
    ]  # fmt: skip


def run_pytest(order: Frame, channel: Any, workspace: Path) -> int:
    import pytest

    reporter = with_hooks(PytestReporter(order, channel, Describer(workspace)))
    arguments = pytest_arguments(order, workspace)
    for _ in range(4):
        with said_on_stderr() as said:
            code = int(pytest.main(list(arguments), plugins=[reporter]))
        refused = unknown_options(said(), arguments) if code == 4 else []
        if not refused:
            break
        arguments = [argument for argument in arguments if argument not in refused]
    if code in (3, 4):
        channel.send({"t": "broken", "text": said()[-OUTPUT_CHARS:]})
    return code


def unknown_options(text: str, arguments: Sequence[str]) -> list[str]:
    """The options of the project's configuration that need a plugin which is not installed."""
    _, found, rest = text.partition("unrecognized arguments:")
    words = set(rest.split("\n")[0].split()) if found else set()
    return [argument for argument in arguments if argument in words]


@contextlib.contextmanager
def said_on_stderr() -> Iterator[Any]:
    """What is written to descriptor 2 in the block; it is passed on afterwards."""
    with tempfile.TemporaryFile() as file:
        kept = os.dup(2)
        os.dup2(file.fileno(), 2)

        def said() -> str:
            return text

        text = ""
        try:
            yield said
        finally:
            os.dup2(kept, 2)
            os.close(kept)
            file.seek(0)
            text = file.read().decode(errors="replace")
            os.write(2, text[-OUTPUT_CHARS:].encode(errors="replace"))


# --- unittest --------------------------------------------------------------------------------------------------------


class UnittestReporter(unittest.TestResult):
    """Reports as the plugin does, with names in pytest's form: path::Class::method."""

    def __init__(self, order: Frame, channel: Any, workspace: Path) -> None:
        super().__init__()
        self.order, self.channel = order, channel
        self.describer = Describer(workspace)
        self.tracer = Tracer(self.describer, set(order["traced"])) if order["traced"] else None
        self.outcome: Frame = {}
        self.began = 0.0

    def startTest(self, test: Any) -> None:
        super().startTest(test)
        name = unittest_id(test, self.describer)
        self.channel.send({"t": "start", "id": name})
        self.outcome = {"t": "outcome", "id": name, "passed": True, "skipped": False, "output": "", "signature": None}
        self.began = time.monotonic()
        if self.tracer:
            self.tracer.start()

    def stopTest(self, test: Any) -> None:
        super().stopTest(test)
        if self.tracer:
            self.outcome["lines"] = self.tracer.stop()
        self.outcome["seconds"] = time.monotonic() - self.began
        self.channel.send(self.outcome)

    def addError(self, test: Any, err: Any) -> None:
        if not hasattr(test, "_testMethodName"):  # setUpModule, setUpClass: no test has begun
            signature = self.describer.signature(err[1], "setup")
            self.channel.send({"t": "error", "id": str(test), "signature": signature, "output": shown(err)})
            return
        self.note_failure(err)

    def addFailure(self, test: Any, err: Any) -> None:
        self.note_failure(err)

    def addSubTest(self, test: Any, subtest: Any, err: Any) -> None:
        if err is not None:
            self.note_failure(err)

    def addSkip(self, test: Any, reason: str) -> None:
        self.outcome.update(passed=False, skipped=True)

    def addExpectedFailure(self, test: Any, err: Any) -> None:
        self.outcome.update(passed=False, skipped=True)

    def addUnexpectedSuccess(self, test: Any) -> None:
        text = "It was expected to fail, and passed."
        self.outcome.update(
            passed=False, signature={"exception": "Failed", "message": text, "frames": [], "phase": "call"}
        )

    def note_failure(self, err: Any) -> None:
        if self.outcome["signature"] is None:
            signature = self.describer.signature(err[1], "call")
            self.outcome.update(passed=False, signature=signature, output=shown(err))


def shown(err: Any) -> str:
    return "".join(traceback.format_exception(*err))[-OUTPUT_CHARS:]


def unittest_id(test: Any, describer: Describer) -> str:
    kind = type(test)
    module = sys.modules.get(kind.__module__)
    path = describer.relative(getattr(module, "__file__", None) or "")
    return f"{path or kind.__module__}::{kind.__qualname__}::{getattr(test, '_testMethodName', '')}"


def cases_of(suite: Any) -> Iterator[Any]:
    for entry in suite:
        if isinstance(entry, unittest.TestSuite):
            yield from cases_of(entry)
        else:
            yield entry


def guarded(case: Any, seconds: float) -> Any:
    method = getattr(case, case._testMethodName)

    def timed(*arguments: Any, **named: Any) -> Any:
        with alarm(seconds):
            return method(*arguments, **named)

    setattr(case, case._testMethodName, timed)
    return case


def discovered(order: Frame, workspace: Path, report_error: Any) -> list[Any]:
    """The project's test cases: of the files that are named, else of every file that looks like tests."""
    loader = unittest.TestLoader()
    names = sorted({test.split("::")[0] for test in order["tests"]}) or list(test_files(workspace))
    found: list[Any] = []
    for name in names:
        if not (workspace / name).is_file():
            continue
        top = package_root(workspace / name)
        if str(top) not in sys.path:
            sys.path.insert(0, str(top))
        module = str((workspace / name).relative_to(top))[:-3].replace(os.sep, ".")
        found += cases_of(loader.loadTestsFromName(module))
    good = []
    for case in found:
        if type(case).__name__ == "_FailedTest":
            report_error(case)
        else:
            good.append(case)
    return good


def test_files(workspace: Path) -> Iterator[str]:
    for path in sorted(workspace.rglob("*.py")):
        name = path.name
        if name.startswith("test") or name.endswith(("_test.py", "_tests.py")):
            yield str(path.relative_to(workspace))


def package_root(path: Path) -> Path:
    """The directory from which the module is imported: the first one above it that is no package."""
    folder = path.parent
    while (folder / "__init__.py").exists():
        folder = folder.parent
    return folder


def run_unittest(order: Frame, channel: Any, workspace: Path) -> int:
    reporter = UnittestReporter(order, channel, workspace)
    describer = reporter.describer

    def report_error(case: Any) -> None:
        error = getattr(case, "_exception", ImportError("it cannot be imported"))
        signature = describer.signature(error.__cause__ or error, "collect")
        channel.send({"t": "error", "id": case.id(), "signature": signature, "output": str(error)[-OUTPUT_CHARS:]})

    cases = discovered(order, workspace, report_error)
    places = {test: place for place, test in enumerate(order["tests"])}
    found = [(place_of(unittest_id(case, describer), places), case) for case in cases]
    if places:
        cases = [case for place, case in sorted(found, key=lambda pair: pair[0]) if place < len(places)]
    if order["shuffle"]:
        random.Random(order["shuffle"]).shuffle(cases)  # noqa: S311
    channel.send({"t": "collected", "ids": [unittest_id(case, describer) for case in cases]})
    if order["mode"] != "collect":
        unittest.TestSuite([guarded(case, order["test_s"]) for case in cases]).run(reporter)
    return 0


# --- the judge: warm, a fork for each candidate ----------------------------------------------------------------------


class Forked(Channel):
    """The channel of a forked runner: to its parent, which passes on what is whole."""

    def __init__(self, outward: int) -> None:
        self.outward = outward


class Warm:
    """Holds pytest, and what the project imports from elsewhere, imported; the project itself is new in each fork."""

    def __init__(self, order: Frame, channel: Channel, workspace: Path) -> None:
        self.order, self.channel, self.workspace = order, channel, workspace
        adopt_orphans()

    def serve(self) -> None:
        warmed = False
        while True:
            request = self.channel.receive()
            if request is None:
                return
            if not warmed and not self.warm_up(request):
                self.channel.send({"t": "again"})
                return
            warmed = True
            self.channel.send({"t": "judged", "replies": self.judged(request)})

    def warm_up(self, request: Frame) -> bool:
        """Run the unchanged tests twice: to write bytecode and learn the imports, and to see that these did no harm."""
        plain = {**request, "changes": {}}
        first = self.judged({**plain, "write_bytecode": True})
        names = [name for reply in first if reply["t"] == "modules" for name in reply["ids"]]
        if not self.order["preload"] or not names:
            return True
        preload(names)
        gc.collect()
        gc.freeze()  # a fork's collector would otherwise touch, and so copy, every page
        return verdicts(first) == verdicts(self.judged(plain))

    def judged(self, request: Frame) -> list[Frame]:
        """The replies of a fork that ran the tests with the changes in place of the files."""
        with changed(self.workspace, request["changes"]):
            read_end, write_end = os.pipe()
            pid = os.fork()
            if pid == 0:
                os.close(read_end)
                self.in_the_fork(request, Forked(write_end))
            os.close(write_end)
            replies = collect_replies(read_end, pid, request["timeout_s"] + 1.0)
            os.close(read_end)
            end_orphans()
        return replies

    def in_the_fork(self, request: Frame, channel: Forked) -> NoReturn:
        sys.dont_write_bytecode = not request.get("write_bytecode", False)
        order = {**self.order, "tests": request["tests"], "test_s": request["timeout_s"]}
        known = set(sys.modules)
        try:
            RUNNERS[order["runner"]](order, channel, self.workspace)
            if request.get("write_bytecode"):
                channel.send({"t": "modules", "ids": foreign_modules(known, self.workspace)})
            channel.send({"t": "end"})
        finally:
            os._exit(0)


def verdicts(replies: list[Frame]) -> list[Any]:
    told = [reply for reply in replies if reply["t"] in ("outcome", "error", "timed_out")]
    return [(reply.get("id"), reply.get("passed"), (reply.get("signature") or {}).get("exception")) for reply in told]


def foreign_modules(known: set[str], workspace: Path) -> list[str]:
    """What the run imported from outside the project, in the order it did."""
    root = str(workspace) + os.sep
    found = []
    for name, module in list(sys.modules.items()):
        origin = getattr(getattr(module, "__spec__", None), "origin", None)
        if name not in known and isinstance(origin, str) and not os.path.realpath(origin).startswith(root):
            found.append(name)
    return found


def preload(names: list[str]) -> None:
    import importlib

    for name in names:
        with contextlib.suppress(Exception):  # a module that cannot be imported alone is imported by its user
            importlib.import_module(name)


@contextlib.contextmanager
def changed(workspace: Path, changes: dict[str, str]) -> Iterator[None]:
    """The changed texts in place of the files, with a time stamp no bytecode was compiled for; then all as it was."""
    kept = [(workspace / name, saved(workspace / name)) for name in changes]
    try:
        for name, text in changes.items():
            lay_over(workspace, name, text)
            before = dict(kept)[workspace / name]
            stamp = (before[1] if before else 0) + 7_000_000_000
            os.utime(str(workspace / name), ns=(stamp, stamp))
        yield
    finally:
        for path, before in kept:
            restore(path, before)


def saved(path: Path) -> tuple[bytes, int] | None:
    return (path.read_bytes(), path.stat().st_mtime_ns) if path.is_file() else None


def restore(path: Path, before: tuple[bytes, int] | None) -> None:
    if before is None:
        with contextlib.suppress(OSError):
            path.unlink()
        return
    path.write_bytes(before[0])
    os.utime(str(path), ns=(before[1], before[1]))


def collect_replies(fd: int, pid: int, seconds: float) -> list[Frame]:
    """Whole frames of the fork until it ends; when its time is over it is ended, and the running test is to blame."""
    give_up = time.monotonic() + seconds
    os.set_blocking(fd, False)
    data = bytearray()
    status = None
    while status is None:
        left = give_up - time.monotonic()
        if left <= 0:
            os.kill(pid, signal.SIGKILL)
        select.select([fd], [], [], max(0.0, min(left, 0.05)))
        open_still = drain(fd, data)
        done, code = os.waitpid(pid, os.WNOHANG if open_still and left > 0 else 0)
        status = code if done else None
    drain(fd, data)
    replies = whole_frames(data)
    if time.monotonic() >= give_up:
        replies.append({"t": "timed_out"})
    return replies


def drain(fd: int, data: bytearray) -> bool:
    """Read what is there; False once the other end is closed."""
    while True:
        try:
            more = os.read(fd, 65536)
        except BlockingIOError:
            return True
        if not more:
            return False
        data += more


def whole_frames(data: bytearray) -> list[Frame]:
    frames = []
    while len(data) >= 4:
        end = 4 + int.from_bytes(data[:4], "big")
        if len(data) < end:
            break
        with contextlib.suppress(ValueError):
            frames.append(json.loads(bytes(data[4:end])))
        del data[:end]
    return [frame for frame in frames if isinstance(frame, dict) and "t" in frame]


def adopt_orphans() -> None:
    """What a fork leaves running becomes this process's child, wherever it was moved (PR_SET_CHILD_SUBREAPER)."""
    import ctypes

    ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)


def end_orphans() -> None:
    for _ in range(100):
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        children = Path("/proc/self/task").glob("*/children")
        left = [int(word) for path in children for word in path.read_text().split()]
        if not left:
            return
        for pid in left:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)


# --- the beginning ---------------------------------------------------------------------------------------------------

RUNNERS = {"pytest": run_pytest, "unittest": run_unittest}


def main() -> NoReturn:
    channel = Channel()
    order = channel.receive()
    if order is None:
        os._exit(0)
    workspace = lay_out(order)
    enter(workspace, order)
    if order["mode"] == "judge":
        Warm(order, channel, workspace).serve()
    else:
        code = RUNNERS[order["runner"]](order, channel, workspace)
        channel.send({"t": "end", "code": code})
    sys.stdout.flush()
    os._exit(0)  # threads and exit handlers of the project have nothing left to say


if __name__ == "__main__":
    main()
