from dataclasses import replace
from pathlib import Path

import pytest

from agents.context import Limits, Sandbox
from agents.errors import Cancelled
from agents.results import Outcome
from agents.sandbox.testrun import TestRun, collect, run_tests
from tests.agents.sandbox.conftest import Grounds

SHOP = {
    "shop/__init__.py": "",
    "shop/cart.py": """
class EmptyCart(Exception):
    pass

def total(prices):
    if not prices:
        raise EmptyCart('nothing in it')
    return sum(prices)
""",
    "tests/test_cart.py": """
import pytest
from shop.cart import total

def test_sum():
    assert total([1, 2]) == 3

def test_empty():
    assert total([]) == 0

@pytest.mark.parametrize("n", [1, 2])
def test_each(n):
    assert total([n]) == 1

@pytest.fixture
def broken():
    raise KeyError("no fixture")

def test_setup(broken):
    pass

def test_skipped():
    pytest.skip("later")
""",
}

HOSTILE = """
import os, signal, sys, time
import pytest

def test_before():
    pass

def test_hostile():
    {body}

def test_after():
    pass
"""


def by_name(run: TestRun) -> dict[str, Outcome]:
    return {outcome.test.split("::")[-1]: outcome for outcome in run.outcomes}


def test_tests_are_collected_by_the_names_pytest_gives_them(sandbox: Sandbox, ground: Grounds) -> None:
    found = collect(sandbox, *ground(SHOP))
    assert "tests/test_cart.py::test_each[2]" in found.tests
    assert len(found.tests) == 6
    assert found.ended == "exited"


def test_a_failure_is_described_by_its_type_message_and_frames(sandbox: Sandbox, ground: Grounds) -> None:
    run = run_tests(sandbox, *ground(SHOP), ["tests/test_cart.py::test_empty"])
    signature = run.outcomes[0].signature
    assert signature is not None
    assert (signature.exception, signature.raw, signature.phase) == ("shop.cart.EmptyCart", "nothing in it", "call")
    assert [(frame.path, frame.function) for frame in signature.frames] == [
        ("shop/cart.py", "total"),
        ("tests/test_cart.py", "test_empty"),
    ]
    assert signature.frames[0].code == "raise EmptyCart('nothing in it')"


def test_an_assertion_keeps_what_pytest_explains(sandbox: Sandbox, ground: Grounds) -> None:
    outcome = by_name(run_tests(sandbox, *ground(SHOP), ["tests/test_cart.py::test_each"]))["test_each[2]"]
    assert outcome.signature is not None
    assert outcome.signature.exception == "AssertionError"
    assert "assert 2 == 1" in outcome.signature.raw


def test_the_whole_suite_gives_every_test_an_outcome(sandbox: Sandbox, ground: Grounds) -> None:
    run = run_tests(sandbox, *ground(SHOP))
    passed = {name for name, outcome in by_name(run).items() if outcome.passed}
    assert passed == {"test_sum", "test_each[1]"}
    assert by_name(run)["test_skipped"].skipped
    assert by_name(run)["test_setup"].signature.phase == "setup"
    assert run.complete
    assert run.isolation == sandbox.level


def test_a_function_stands_for_all_its_parameters(sandbox: Sandbox, ground: Grounds) -> None:
    run = run_tests(sandbox, *ground(SHOP), ["tests/test_cart.py::test_each"])
    assert [outcome.test[-3:] for outcome in run.outcomes] == ["[1]", "[2]"]


def test_tests_run_in_the_order_given(sandbox: Sandbox, ground: Grounds) -> None:
    names = ["tests/test_cart.py::test_skipped", "tests/test_cart.py::test_sum"]
    assert [outcome.test for outcome in run_tests(sandbox, *ground(SHOP), names).outcomes] == names


@pytest.mark.parametrize("name", ["tests/test_cart.py::test_gone", "tests/test_gone.py::test_x"])
def test_a_test_that_is_not_there_has_an_outcome_that_says_so(name: str, sandbox: Sandbox, ground: Grounds) -> None:
    (outcome,) = run_tests(sandbox, *ground(SHOP), [name]).outcomes
    assert outcome.signature is not None
    assert outcome.signature.exception == "NotFound"


def test_files_are_laid_over_the_tree_and_leave_the_checkout_alone(sandbox: Sandbox, ground: Grounds) -> None:
    tree, environment = ground(SHOP)
    files = {"tests/new/test_more.py": "from shop.cart import total\n\ndef test_it():\n    assert total([]) == 9\n",
             "shop/cart.py": "def total(prices):\n    return 9\n"}  # fmt: skip
    run = run_tests(sandbox, tree, environment, ["tests/new/test_more.py::test_it"], files=files)
    assert run.outcomes[0].passed
    assert not Path(tree.root, "tests/new").exists()


def test_what_tests_write_never_reaches_the_checkout(sandbox: Sandbox, ground: Grounds) -> None:
    write = "def test_write():\n    open('shop/cart.py', 'w').close()\n    open('x', 'w').close()\n"
    tree, environment = ground({**SHOP, "tests/test_write.py": write})
    assert run_tests(sandbox, tree, environment, ["tests/test_write.py::test_write"]).outcomes[0].passed
    assert "EmptyCart" in Path(tree.root, "shop/cart.py").read_text()
    assert not Path(tree.root, "x").exists()


def test_a_file_that_cannot_be_imported_is_the_outcome_of_its_tests(sandbox: Sandbox, ground: Grounds) -> None:
    broken = "import no_such_module\n\ndef test_x():\n    pass\n"
    run = run_tests(sandbox, *ground({**SHOP, "tests/test_broken.py": broken}))
    assert [error.test for error in run.errors] == ["tests/test_broken.py"]
    assert run.errors[0].signature.exception == "ModuleNotFoundError"
    assert len(run.outcomes) == 6


def test_a_conftest_that_fails_is_the_outcome_of_every_test_asked_for(sandbox: Sandbox, ground: Grounds) -> None:
    run = run_tests(
        sandbox, *ground({**SHOP, "conftest.py": "raise ValueError('set FOO')\n"}), ["tests/test_cart.py::test_sum"]
    )
    signature = run.outcomes[0].signature
    assert (signature.exception, signature.raw, signature.phase) == ("ValueError", "set FOO", "collect")


def test_a_repository_without_tests_has_none(sandbox: Sandbox, ground: Grounds) -> None:
    found = collect(sandbox, *ground({"shop.py": "x = 1\n"}))
    assert (found.tests, found.errors, found.ended) == ((), (), "exited")


ABUSES = {
    "while True: pass": "timeout",
    "time.sleep(60)": "timeout",
    "\n    while True:\n        try: time.sleep(60)\n        except BaseException: pass": "timeout",
    "os._exit(0)": "crash",
    "sys.exit(3)": "call",
    "os.kill(os.getpid(), signal.SIGKILL)": "crash",
    "os.killpg(0, signal.SIGKILL)": "crash",
    "os.closerange(3, 200)": "crash",
    "import ctypes; ctypes.string_at(0)": "crash",
    "kept = [b'x' * (1 << 27) for _ in range(20)]; time.sleep(9)": "crash",
}


@pytest.mark.parametrize("body", ABUSES)
def test_a_hostile_test_costs_its_own_outcome_and_no_other(body: str, sandbox: Sandbox, ground: Grounds) -> None:
    tree, environment = ground({"tests/test_x.py": HOSTILE.format(body=body)})
    limits = Limits(wall_s=60, memory_bytes=1 << 30)
    run = run_tests(sandbox, tree, environment, limits=limits, test_s=1.5)
    outcomes = by_name(run)
    assert outcomes["test_before"].passed
    assert outcomes["test_after"].passed
    assert outcomes["test_hostile"].signature.phase == ABUSES[body]


def test_a_test_that_prints_a_gigabyte_fails_by_itself(sandbox: Sandbox, ground: Grounds) -> None:
    body = "[sys.stdout.write('x' * (1 << 20)) for _ in range(1024)]"
    tree, environment = ground({"tests/test_x.py": HOSTILE.format(body=body)})
    outcomes = by_name(run_tests(sandbox, tree, environment))
    assert outcomes["test_hostile"].signature.phase == "crash"
    assert outcomes["test_after"].passed
    assert len(outcomes["test_hostile"].output) < 20_000


def test_a_test_cannot_invent_results_by_printing_them(sandbox: Sandbox, ground: Grounds) -> None:
    body = "print('tests/test_x.py::test_hostile PASSED\\n1 passed'); assert False"
    run = run_tests(sandbox, *ground({"tests/test_x.py": HOSTILE.format(body=body)}))
    assert not by_name(run)["test_hostile"].passed


def test_a_fork_bomb_in_a_test_is_held(sandbox: Sandbox, ground: Grounds) -> None:
    body = "\n    while True:\n        if os.fork() == 0: time.sleep(60)"
    tree, environment = ground({"tests/test_x.py": HOSTILE.format(body=body)})
    run = run_tests(sandbox, tree, environment, limits=Limits(wall_s=60, processes=60), test_s=5)
    assert by_name(run)["test_hostile"].signature.exception == "BlockingIOError"
    assert by_name(run)["test_after"].passed


def test_an_import_that_hangs_is_given_up(sandbox: Sandbox, ground: Grounds) -> None:
    run = run_tests(sandbox, *ground({**SHOP, "tests/test_hang.py": "while True: pass\n"}), test_s=2)
    assert run.errors[0].signature.phase == "timeout"
    assert by_name(run)["test_sum"].passed


def test_the_time_for_all_of_it_is_kept(sandbox: Sandbox, ground: Grounds) -> None:
    slow = "import time\n\n" + "".join(f"def test_{n}():\n    time.sleep(1)\n\n" for n in range(60))
    run = run_tests(sandbox, *ground({"tests/test_slow.py": slow}), limits=Limits(wall_s=6))
    assert run.ended == "timed_out"
    assert not run.complete
    assert 0 < len(run.outcomes) < 10
    assert run.seconds < 15


def test_a_check_that_raises_ends_the_run(sandbox: Sandbox, ground: Grounds) -> None:
    def check() -> None:
        raise Cancelled("The run was cancelled.")

    with pytest.raises(Cancelled):
        run_tests(sandbox, *ground(SHOP), check=check)


def test_the_hash_seed_and_the_order_are_what_is_asked_for(sandbox: Sandbox, ground: Grounds) -> None:
    tests = "import os\n\n" + "".join(
        f"def test_{n}():\n    assert os.environ['PYTHONHASHSEED'] == '7'\n\n" for n in range(9)
    )
    run = run_tests(sandbox, *ground({"tests/test_seed.py": tests}), hash_seed=7, shuffle=True)
    assert all(outcome.passed for outcome in run.outcomes)
    assert [o.test for o in run.outcomes] != sorted(o.test for o in run.outcomes)


def test_the_projects_own_options_hold_but_for_those_of_missing_plugins(sandbox: Sandbox, ground: Grounds) -> None:
    options = "--cov=shop --doctest-modules -n 4 --strict-markers --unheard-of"
    ini = f"[pytest]\naddopts = {options}\nrequired_plugins = pytest-cov\n"
    doctest = 'def double(x):\n    """\n    >>> double(2)\n    4\n    """\n    return 2 * x\n'
    found = collect(sandbox, *ground({**SHOP, "pytest.ini": ini, "shop/math.py": doctest}))
    assert "shop/math.py::shop.math.double" in found.tests


UNITTESTS = {
    "bank.py": """
def withdraw(balance, amount):
    if amount > balance:
        raise ValueError(f'only {balance} left')
    return balance - amount
""",
    "test/__init__.py": "",
    "test/test_bank.py": """
import unittest
from bank import withdraw

class Withdrawals(unittest.TestCase):
    def test_enough(self):
        self.assertEqual(withdraw(3, 1), 2)

    def test_too_much(self):
        withdraw(3, 5)

    @unittest.skip("later")
    def test_later(self):
        pass

    def test_hang(self):
        while True: pass
""",
}


def test_unittest_runs_where_there_is_no_pytest(sandbox: Sandbox, ground: Grounds) -> None:
    tree, environment = ground(UNITTESTS)
    run = run_tests(sandbox, tree, replace(environment, runner="unittest"), test_s=2)
    outcomes = {outcome.test: outcome for outcome in run.outcomes}
    assert outcomes["test/test_bank.py::Withdrawals::test_enough"].passed
    failed = outcomes["test/test_bank.py::Withdrawals::test_too_much"].signature
    assert (failed.exception, failed.raw, failed.frames[0].path) == ("ValueError", "only 3 left", "bank.py")
    assert outcomes["test/test_bank.py::Withdrawals::test_hang"].signature.phase == "timeout"
    assert outcomes["test/test_bank.py::Withdrawals::test_later"].skipped
