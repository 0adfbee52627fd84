from agents.context import Sandbox
from agents.sandbox.spectra import product_files, record
from tests.agents.sandbox.conftest import Grounds

PROJECT = {
    "src/shop.py": "def sign(n):\n    if n < 0:\n        return 'minus'\n    return 'plus'\n",
    "src/unused.py": "def never():\n    return 1\n",
    "tests/test_shop.py": "from shop import sign\n\ndef test_plus():\n    assert sign(1) == 'plus'\n\n"
    "def test_minus():\n    assert sign(-1) == 'plus'\n",
}


def test_each_test_is_recorded_by_itself(sandbox: Sandbox, ground: Grounds) -> None:
    names = ["tests/test_shop.py::test_minus", "tests/test_shop.py::test_plus"]
    spectrum = record(sandbox, *ground(PROJECT), names)
    assert spectrum.covered[names[0]] == {"src/shop.py": (2, 3)}
    assert spectrum.covered[names[1]] == {"src/shop.py": (2, 4)}
    assert (spectrum.failing, spectrum.passing) == ((names[0],), (names[1],))


def test_a_file_stands_for_its_tests(sandbox: Sandbox, ground: Grounds) -> None:
    spectrum = record(sandbox, *ground(PROJECT), ["tests/test_shop.py"])
    assert len(spectrum.covered) == 2


def test_lines_run_in_threads_count(sandbox: Sandbox, ground: Grounds) -> None:
    threaded = (
        "import threading\nfrom shop import sign\n\ndef test_it():\n"
        "    thread = threading.Thread(target=sign, args=(-1,))\n    thread.start()\n    thread.join()\n"
    )
    spectrum = record(sandbox, *ground({**PROJECT, "tests/test_t.py": threaded}), ["tests/test_t.py::test_it"])
    assert spectrum.covered["tests/test_t.py::test_it"] == {"src/shop.py": (2, 3)}


def test_tests_and_documentation_are_no_product(sandbox: Sandbox, ground: Grounds) -> None:
    more = {"docs/conf.py": "", "conftest.py": "", "shop_test.py": "", "setup.py": "", "testing.py": ""}
    tree, _ = ground({**PROJECT, **more})
    assert product_files(tree.root) == ("src/shop.py", "src/unused.py", "testing.py")
