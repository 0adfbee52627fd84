"""mem0's own API works over our rows, and calls nobody."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from agents.context import Fact, Message, ModelRequest
from agents.errors import ReportProblem, SetupProblem
from agents.llm import gateway
from agents.memory import engine
from agents.memory.rows import DictRows
from agents.perf.profile import Profile
from agents.perf.simulated import serve

OWNER = {"user_id": "project"}
SCORE_DETAILS = {
    *("semantic_score", "bm25_score", "entity_boost", "raw_score", "max_possible_score", "final_score", "threshold"),
}


@pytest.fixture
def rows() -> DictRows:
    return DictRows()


@pytest.fixture
def api(rows: DictRows, tmp_path: Path) -> object:
    return engine.build("mem0", rows, str, tmp_path).api


def test_its_methods_write_and_read_the_rows(api, rows: DictRows) -> None:
    (added,) = api.add("The pager drops the last page", user_id="project", infer=False, metadata={"kind": "fix"})[
        "results"
    ]
    assert [(row.uid, row.kind, row.text) for row in rows.all()] == [
        (added["id"], "fix", "The pager drops the last page")
    ]
    assert api.get(added["id"])["memory"] == "The pager drops the last page"
    api.update(added["id"], text="The pager drops the first page")
    assert [one["memory"] for one in api.get_all(filters=OWNER)["results"]] == ["The pager drops the first page"]
    assert [one["event"] for one in api.history(added["id"])] == ["ADD", "UPDATE"]
    api.delete(added["id"])
    assert api.get(added["id"]) is None
    assert api.history(added["id"])[-1]["event"] == "DELETE"


def test_its_search_explains_itself(api) -> None:
    api.add("The pager drops the last page", user_id="project", infer=False)
    (found,) = api.search("last page", filters=OWNER, explain=True)["results"]
    assert found["score_details"].keys() == SCORE_DETAILS


def test_its_filters_are_equalities(api) -> None:
    api.add("The pager drops the last page", user_id="project", infer=False, metadata={"kind": "fix"})
    api.add("The pager is in src/pager.py", user_id="project", infer=False, metadata={"kind": "project"})
    found = api.search("pager", filters={**OWNER, "kind": "project"})["results"]
    assert [one["memory"] for one in found] == ["The pager is in src/pager.py"]
    assert api.search("pager", filters={"user_id": "somebody"})["results"] == []


def test_a_memory_with_only_the_right_words_is_not_dropped(rows: DictRows, tmp_path: Path) -> None:
    memory = engine.build("mem0", rows, str, tmp_path)
    alike = [Fact(kind="fix", text=f"pagination paginated paginating {n}") for n in range(300)]
    memory.remember([*alike, Fact(kind="fix", text="Commit deadbeef broke what nobody had a test for")])
    assert "deadbeef" in memory.search("deadbeef, paginate")[0].text


def test_a_known_text_is_not_added_again(api) -> None:
    api.add("The pager drops the last page", user_id="project", infer=False)
    with pytest.raises(ReportProblem, match="says this already"):
        api.add("the pager drops the last page", user_id="project", infer=False)


def test_without_a_model_it_finds_no_facts_by_itself(api) -> None:
    with pytest.raises(Exception, match="No model is set up"):
        api.add("It crashed on Monday", user_id="project")


def test_all_memories_are_not_lost_by_one_call(api) -> None:
    with pytest.raises(SetupProblem):
        api.reset()


def test_its_model_is_the_gateway(rows: DictRows, tmp_path: Path) -> None:
    facts = json.dumps({"memory": [{"id": "0", "text": "The nightly build runs at two."}]})
    engine.quiet(tmp_path)
    from agents.memory.mem0 import Mem0Memory

    with serve(Profile(ttft=0.0, itl=0.0), [("nightly", facts)]) as server:
        model = gateway.build(gateway.ModelSettings(base_url=server.url, model="sim"), str)

        def say(messages: list[dict[str, str]]) -> str:
            said = tuple(Message(role=one["role"], text=one["content"]) for one in messages)
            (reply,) = gateway.ask(model, [ModelRequest(key="facts", purpose="facts", messages=said)])
            return reply.text

        Mem0Memory(rows, str, say).api.add("the nightly build is at 2", user_id="project")
        gateway.shutdown()
    assert [row.text for row in rows.all()] == ["The nightly build runs at two."]


WATCHED = """
import sys
calls = []
sys.addaudithook(lambda event, args: calls.append((event, args)) if event in NETWORK else None)
NETWORK = {"socket.connect", "socket.getaddrinfo", "socket.sendto", "socket.gethostbyname", "socket.sendmsg"}
from pathlib import Path
from agents.context import Fact
from agents.memory import engine
from agents.memory.rows import DictRows
memory = engine.build("mem0", DictRows(), str, Path(sys.argv[1]))
memory.remember([Fact(kind="fix", text="The pager dropped the last page on 2026-03-01")])
memory.search("what happened yesterday, 2026-03-01, with the last page")
api = memory.api
uid = api.add("A note", user_id="project", infer=False)["results"][0]["id"]
api.update(uid, text="Another note"); api.history(uid); api.get_all(filters={"user_id": "project"}); api.delete(uid)
print(calls)
"""


def test_it_calls_nobody_and_leaves_the_home_directory_alone(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    environment = {"HOME": str(home), "PATH": os.environ["PATH"], "OPENROUTER_API_KEY": "x"}
    said = subprocess.run(
        [sys.executable, "-c", WATCHED, str(tmp_path / "mem0")],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout.strip() == "[]"
    assert list(home.iterdir()) == []


def test_the_plain_memory_does_not_import_it(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from agents.memory import engine, rows;"
        "engine.build('local', rows.DictRows(), str, Path('.')).search('x'); print('mem0' in sys.modules)"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "False"
