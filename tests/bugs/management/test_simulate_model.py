"""`manage.py simulate_model` as a user runs it."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

from agents.llm import gateway
from tests.agents.llm.wire import ask

ROOT = Path(__file__).resolve().parents[3]
COMMAND = [sys.executable, "manage.py", "simulate_model"]


def test_it_prints_its_address_answers_and_ends_when_told(tmp_path: Path) -> None:
    script = tmp_path / "script.json"
    script.write_text('[{"when": "Why", "reply": "Because."}]')
    arguments = ["--ttft", "0.01", "--itl", "0", "--script", str(script)]
    with subprocess.Popen([*COMMAND, *arguments], cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert ask(process.stdout.readline().strip()).text == "Because."
        gateway.shutdown()
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0


def test_a_script_it_cannot_read_is_told(tmp_path: Path) -> None:
    script = tmp_path / "script.json"
    script.write_text('{"when": 1}')
    done = subprocess.run([*COMMAND, "--script", str(script)], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "Cannot read the script" in done.stderr
    assert "Traceback" not in done.stderr
