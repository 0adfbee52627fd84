"""Nothing phones home: what every process of a Modulo at work connects to, as the kernel sees it."""

import re
import shutil
import urllib.request
from pathlib import Path

import pytest

from tests.modulo_web.running import Running

ADDRESS = re.compile(r'inet_addr\("([^"]+)"\)|inet_pton\(AF_INET6, "([^"]+)"')
HERE = re.compile(r"127\.|0\.0\.0\.0$|::1$|::$|::ffff:127\.")


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
def test_no_process_connects_to_another_machine(tmp_path: Path):
    trace = tmp_path / "connects.txt"
    tracer = ["strace", "-D", "-f", "-qq", "--seccomp-bpf", "-e", "trace=connect,sendto", "-o", str(trace)]
    with Running(tmp_path / "data", under=tracer, MODULO_DEMO="true") as running:
        running.until("ready http", 120)
        urllib.request.urlopen(f"{running.address}/login/").close()
        running.until("reproduce ", 240)
    seen = trace.read_text(errors="replace")
    assert "connect(" in seen
    named = {first or second for first, second in ADDRESS.findall(seen)}
    assert sorted(address for address in named if not HERE.match(address)) == []
