"""What is imported where: pages need no model library, the agents need no Django."""

import json
import subprocess
import sys
from pathlib import Path

from tests.modulo_web.running import environment

SLOW = ("openai", "mem0", "numpy", "qdrant_client", "sqlalchemy")
WEB = """
import json, os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "modulo_web.settings"
import modulo_web.web, modulo_web.asgi
from django.urls import get_resolver
get_resolver().url_patterns
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""
AGENTS = """
import json, sys, time
begun = time.process_time()
import agents, agents.pipeline, agents.context, agents.results, agents.events
print(json.dumps([time.process_time() - begun, sorted({name.partition(".")[0] for name in sys.modules})]))
"""


def told(code: str, data: Path) -> object:
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, env=environment(data), capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def test_the_web_process_imports_no_slow_library(tmp_path: Path):
    assert set(SLOW) & set(told(WEB, tmp_path)) == set()


def test_the_agents_import_quickly_and_without_django(tmp_path: Path):
    seconds, names = min(told(AGENTS, tmp_path) for _ in range(3))
    assert seconds <= 0.150
    assert {"django", "channels", "rq", "redis"} & set(names) == set()
