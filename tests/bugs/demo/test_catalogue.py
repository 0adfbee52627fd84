import re
import subprocess
import sys

import pytest

from bugs.demo import repository
from bugs.demo.catalogue import DEMOS, build_repository

FRAME = re.compile(r'File "[^"]*?/(tallybook/\w+\.py)", line (\d+), in (\w+)\n +(\S.*)\n')


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    return build_repository("off-by-one", tmp_path_factory.mktemp("demo") / "library")


def run(library, *arguments):
    command, alone = [sys.executable, "-B", *arguments], {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    return subprocess.run(command, cwd=library, env=alone, capture_output=True, text=True, check=False)


def snippet(slug):
    return re.search(r"```python\n(.*?)```", DEMOS[slug].text, re.DOTALL)[1]


def test_the_suite_passes_although_the_bugs_are_there(library):
    done = run(library, "-m", "pytest", "-q", "-p", "no:cacheprovider")
    assert done.returncode == 0, done.stdout + done.stderr
    assert int(re.findall(r"(\d+) passed", done.stdout)[-1]) > 40


@pytest.mark.parametrize("slug", ["off-by-one", "stubborn"])
def test_the_snippet_fails_as_the_report_says(library, slug):
    told = DEMOS[slug].text.split("Traceback")[1].split("```")[0].strip().splitlines()[-1]
    assert run(library, "-c", snippet(slug)).stderr.strip().splitlines()[-1] == told


def test_the_right_comparison_repairs_off_by_one(tmp_path):
    root = build_repository("off-by-one", tmp_path / "library")
    tiers = root / "tallybook" / "tiers.py"
    tiers.write_text(tiers.read_text().replace("quantity < self.up_to", "quantity <= self.up_to"))
    assert run(root, "-c", snippet("off-by-one")).returncode == 0


@pytest.mark.parametrize("slug", ["off-by-one", "stubborn"])
def test_tracebacks_fit_the_library(slug):
    files = repository.library_files()
    logged = b"".join(log.data for log in DEMOS[slug].logs()).decode()
    for path, line, _function, code in FRAME.findall(DEMOS[slug].text + logged):
        assert files[path].splitlines()[int(line) - 1].strip() == code


def test_an_unknown_demo_is_refused_by_name(tmp_path):
    with pytest.raises(KeyError, match="off-by-one"):
        build_repository("nothing", tmp_path / "x")
