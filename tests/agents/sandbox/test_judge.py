import pytest

from agents.context import Sandbox
from agents.sandbox.judge import Judge
from tests.agents.sandbox.conftest import Ground, Grounds

TEST = "tests/test_steps.py::test_steps"
PROJECT = {
    "steps.py": "import json\n\nLIMIT = 3\n\ndef steps():\n    return json.loads('[0, 1, 2]')[:LIMIT]\n",
    "tests/test_steps.py": "from steps import steps\n\ndef test_steps():\n    assert steps() == [0, 1, 2]\n\n"
    "def test_more():\n    assert steps()\n",
}
WORSE = PROJECT["steps.py"].replace("LIMIT = 3", "LIMIT = 2")


@pytest.fixture
def steps(ground: Grounds) -> Ground:
    return ground(PROJECT)


def test_a_change_is_judged_and_leaves_no_trace(sandbox: Sandbox, steps: Ground) -> None:
    with Judge(sandbox, *steps) as judge:
        assert judge.judge({}, [TEST], 10)[0].passed
        (worse,) = judge.judge({"steps.py": WORSE}, [TEST], 10)
        assert worse.signature is not None
        assert "assert [0, 1] == [0, 1, 2]" in worse.signature.raw
        assert judge.judge({}, [TEST], 10)[0].passed


def test_changes_of_one_size_in_one_second_are_told_apart(sandbox: Sandbox, steps: Ground) -> None:
    with Judge(sandbox, *steps) as judge:
        texts = [PROJECT["steps.py"].replace("LIMIT = 3", f"LIMIT = {n}") for n in (3, 2, 3, 1, 3)]
        verdicts = [judge.judge({"steps.py": text}, [TEST], 10)[0].passed for text in texts]
    assert verdicts == [True, False, True, False, True]


def test_the_first_failure_ends_the_judgement(sandbox: Sandbox, steps: Ground) -> None:
    with Judge(sandbox, *steps) as judge:
        outcomes = judge.judge({"steps.py": WORSE}, [TEST, "tests/test_steps.py::test_more"], 10)
    assert [outcome.test for outcome in outcomes] == [TEST]


@pytest.mark.parametrize(
    ("start", "phase"),
    [
        ("raise ValueError('no')\n", "collect"),
        ("import os; os._exit(3)\n", "crash"),
        ("import os, signal; os.kill(os.getppid(), signal.SIGKILL)\n", "crash"),
        ("while True: pass\n", "timeout"),
        ("import time\nwhile True:\n    try: time.sleep(9)\n    except BaseException: pass\n", "timeout"),
    ],
)
def test_a_change_that_breaks_the_runner_costs_itself_only(
    start: str, phase: str, sandbox: Sandbox, steps: Ground
) -> None:
    with Judge(sandbox, *steps) as judge:
        assert judge.judge({"steps.py": start + PROJECT["steps.py"]}, [TEST], 2)[-1].signature.phase == phase
        assert judge.judge({}, [TEST], 10)[0].passed


def test_a_process_a_change_leaves_behind_is_ended(sandbox: Sandbox, steps: Ground) -> None:
    left = "import os, time\nif os.fork() == 0:\n    os.setsid()\n    time.sleep(99)\n"
    count = "import os\nassert len([p for p in os.listdir('/proc') if p.isdigit()]) < 6\n"
    with Judge(sandbox, *steps) as judge:
        for _ in range(4):
            judge.judge({"steps.py": left + PROJECT["steps.py"]}, [TEST], 5)
        assert judge.judge({"steps.py": count + PROJECT["steps.py"]}, [TEST], 5)[0].passed


def test_a_new_file_can_be_part_of_a_change(sandbox: Sandbox, steps: Ground) -> None:
    changes = {"steps.py": "from added.more import steps\n", "added/more.py": "def steps():\n    return [0, 1, 2]\n"}
    with Judge(sandbox, *steps) as judge:
        assert judge.judge(changes, [TEST], 10)[0].passed
        assert not judge.judge({"steps.py": changes["steps.py"]}, [TEST], 10)[0].passed


def test_the_reproduction_can_be_a_file_laid_over_the_tree(sandbox: Sandbox, steps: Ground) -> None:
    files = {"tests/test_report.py": "import steps\n\ndef test_limit():\n    assert steps.LIMIT == 2\n"}
    with Judge(sandbox, *steps, files=files) as judge:
        assert not judge.judge({}, ["tests/test_report.py::test_limit"], 10)[0].passed
        assert judge.judge({"steps.py": WORSE}, ["tests/test_report.py::test_limit"], 10)[0].passed


def test_what_is_imported_ahead_must_not_change_the_outcome(sandbox: Sandbox, ground: Grounds) -> None:
    """`xml.dom` is imported by the first run; were it there beforehand, this test would fail."""
    test = "import sys\n\ndef test_it():\n    assert 'xml.dom' not in sys.modules\n    import xml.dom\n"
    with Judge(sandbox, *ground({"test_it.py": test})) as judge:
        assert all(judge.judge({}, ["test_it.py::test_it"], 10)[0].passed for _ in range(2))
