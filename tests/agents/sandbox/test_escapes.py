"""Twelve ways out of the sandbox: each is open without it, and shut on every rung that says it isolates."""

import hashlib
import os
import socket
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.agents.sandbox.conftest import USERS, Visit
from tests.agents.sandbox.visitor import PLANTED

ISOLATING = ("bwrap", "namespaces")

PROBES = {
    "reach a listener on the host's loopback": "socket.create_connection(('127.0.0.1', host['tcp']), 2)",
    "send a datagram to the host and be answered": """
sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sender.settimeout(1)
sender.sendto(b'hello', ('127.0.0.1', host['udp']))
sender.recv(10)""",
    "read the host's accounts": """
import hashlib
assert hashlib.sha256(open('/etc/passwd', 'rb').read()).hexdigest() == host['passwd']""",
    "read a secret file": "assert 'hunter2' in open(host['secret']).read()",
    "list the home directory": "assert os.listdir(host['home'])",
    "write outside": "open(host['outside'], 'w').close()",
    "write the original repository": "open(host['module'], 'a').write('x = 2')",
    "reach an abstract socket of the host": "socket.socket(socket.AF_UNIX).connect(chr(0) + host['abstract'])",
    "find the service's key in an environment": """
found = []
for pid in filter(str.isdigit, os.listdir('/proc')):
    try:
        found.append(open(f'/proc/{pid}/environ').read())
    except OSError:
        pass
assert any(host['planted'] in text for text in (*found, str(os.environ)))""",
    "see a process of the host": "assert 'time.sleep(999)' in open(f\"/proc/{host['pid']}/cmdline\").read()",
    "signal a process of the host": "os.kill(host['pid'], 0)",
}


ATTEMPT = """
import os, socket
host = {host!r}
try:
{body}
    print('open')
except (OSError, AssertionError) as error:
    print('shut', error)
"""


def code(probe: str, host: dict[str, Any]) -> str:
    return ATTEMPT.format(host=host, body=textwrap.indent(PROBES[probe].strip(), "    "))


@pytest.fixture
def host(open_directory: Path) -> Iterator[dict[str, Any]]:
    """This machine: listeners on its loopback, a secret in a home, a repository."""
    home, public = open_directory / "home", open_directory / "public"
    for path in (home, public):
        path.mkdir()
        path.chmod(0o777)
    (home / ".netrc").write_text("machine example.org password hunter2")
    (public / "module.py").write_text("x = 1\n")
    (public / "module.py").chmod(0o666)
    with socket.create_server(("127.0.0.1", 0)) as tcp, datagrams() as udp, abstract_socket() as name:
        yield {
            "tcp": tcp.getsockname()[1],
            "udp": udp,
            "abstract": name,
            "passwd": hashlib.sha256(Path("/etc/passwd").read_bytes()).hexdigest(),
            "secret": str(home / ".netrc"),
            "home": str(home),
            "outside": str(public / "escaped"),
            "module": str(public / "module.py"),
            "planted": PLANTED,
        }


@contextmanager
def datagrams() -> Iterator[int]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(0.1)
        ended = threading.Event()

        def answer() -> None:
            while not ended.is_set():
                try:
                    data, sender = server.recvfrom(100)
                    server.sendto(data, sender)
                except TimeoutError:
                    continue

        thread = threading.Thread(target=answer)
        thread.start()
        yield server.getsockname()[1]
        ended.set()
        thread.join()


@contextmanager
def abstract_socket() -> Iterator[str]:
    name = f"modulo-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("\0" + name)
        server.listen()
        yield name


@contextmanager
def sleeper(user: str) -> Iterator[int]:
    """A process of `user` on the host."""
    other = {"user": user} if user != USERS[0] else {}
    program = "/usr/bin/python3" if other else sys.executable
    with subprocess.Popen([program, "-c", "import time; time.sleep(999)"], cwd="/", **other) as process:
        yield process.pid
        process.kill()


@pytest.mark.parametrize("user", USERS)
@pytest.mark.parametrize("probe", PROBES)
def test_a_way_out_is_open_without_the_sandbox_and_shut_within(
    probe: str, user: str, host: dict[str, Any], visit: Visit
) -> None:
    with sleeper(user) as pid:
        attempt = code(probe, {**host, "pid": pid})
        within = {rung: visit(rung, user, attempt)["stdout"].split(" ")[0].strip() for rung in ISOLATING}
        without = visit("", user, attempt)["stdout"].strip()
    assert without == "open"
    assert within == dict.fromkeys(ISOLATING, "shut")


@pytest.mark.parametrize("user", USERS)
@pytest.mark.parametrize("rung", ISOLATING)
def test_the_code_does_not_run_as_root(rung: str, user: str, visit: Visit) -> None:
    who = "import os; print(os.getuid(), open('/proc/self/status').read().split('CapEff:')[1].split()[0])"
    assert visit("", user, who)["stdout"].startswith("0 ") == (user == "root")
    uid, capabilities = visit(rung, user, who)["stdout"].split()
    assert uid != "0"
    assert int(capabilities, 16) == 0


@pytest.mark.parametrize("user", USERS)
def test_limits_alone_hide_the_key_and_drop_root_but_do_not_cut_the_network(
    user: str, host: dict[str, Any], visit: Visit
) -> None:
    reached = visit("rlimits", user, code("reach a listener on the host's loopback", host))
    key = visit("rlimits", user, "import os; print(os.getuid(), os.environ.get('OPENAI_API_KEY'))")
    assert reached["stdout"].strip() == "open"
    uid, found = key["stdout"].split()
    assert uid != "0"
    assert found == "None"


WORKS = {
    "a server on its own loopback": """
import socket, threading
server = socket.create_server(('127.0.0.1', 0))
threading.Thread(target=lambda: server.accept()[0].sendall(b'hello')).start()
print(socket.create_connection(server.getsockname(), 5).recv(5).decode())""",
    "multiprocessing": """
import multiprocessing
with multiprocessing.get_context('fork').Pool(2) as pool:
    print(''.join(pool.map(str, 'hello')))""",
    "temporary files": """
import tempfile
with tempfile.NamedTemporaryFile('w+') as file:
    file.write('hello'); file.seek(0); print(file.read())""",
    "a terminal of its own": """
import os, pty
leader, follower = pty.openpty()
os.write(follower, b'hello'); print(os.read(leader, 5).decode())""",
    "who am I": "import pwd, os; print(pwd.getpwuid(os.getuid()).pw_name and 'hello')",
}


@pytest.mark.parametrize("user", USERS)
@pytest.mark.parametrize("rung", ISOLATING)
@pytest.mark.parametrize("thing", WORKS)
def test_what_tests_need_works_inside(thing: str, rung: str, user: str, visit: Visit) -> None:
    done = visit(rung, user, WORKS[thing])
    assert done["stdout"].strip() == "hello", done["stderr"]
