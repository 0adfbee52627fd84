import subprocess

import pytest

from agents.context import ModelReply
from agents.events import ChunkScored, ChunksPlanned, SuspectsRanked
from agents.localization import offline
from agents.report import Comment, Frame, Report, Signature, Source, Symptom
from agents.results import Analysis, Chunk, Findings, Reproduction, ReproductionTest
from agents.sandbox import environment, repository
from agents.stages import root_cause
from tests.agents.stages.context import PlainContext

TREE = {
    "till/prices.py": '''
"""Prices."""


def discount(total, percent):
    """Take a percentage off a total."""
    return total - total * percent


def tax(total, rate):
    return total * rate / 100
''',
    "till/receipts.py": """
from till.prices import discount, tax


def receipt(total, percent, rate):
    reduced = discount(total, percent)
    return reduced + tax(reduced, rate)


def footer(shop):
    return f"Thank you for shopping at {shop}"
""",
    "tests/test_receipts.py": """
from till.prices import tax
from till.receipts import footer, receipt


def test_without_discount():
    assert receipt(100, 0, 20) == 120


def test_with_discount():
    assert receipt(100, 10, 20) == 108


def test_tax():
    assert tax(100, 20) == 20


def test_footer():
    assert footer("us").endswith("us")
""",
}
REPORT = Report(title="A discount of 10 percent makes the total negative", text="The receipt says -1080.")
TEST = ReproductionTest(id="tests/test_receipts.py::test_with_discount", origin="named")
FAILURE = Signature(exception="AssertionError", message="assert <number> == <number>", raw="assert -1080.0 == 108")


@pytest.fixture(scope="module")
def till(tmp_path_factory):
    """A git repository with one fault: a percentage that is not divided by a hundred."""
    root = tmp_path_factory.mktemp("till")
    for path, text in TREE.items():
        (root / path).parent.mkdir(exist_ok=True)
        (root / path).write_text(text.lstrip("\n"))
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "A till"]):
        who = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
        subprocess.run(["git", *who, *command], cwd=root, check=True)
    return root


@pytest.fixture(scope="module")
def reproduced(till, tmp_path_factory):
    """The stage's context after a test failed for the right reason, and what the stage found."""
    stage = PlainContext(report=REPORT, root=tmp_path_factory.mktemp("stage"))
    mirror = repository.mirror(str(till), stage.cache, stage.check, trusted_paths=True)
    checkout = repository.checkout(mirror, "", stage.scratch / "checkout", stage.check)
    source = Source(location=str(till))
    found = Reproduction(
        verdict="reproduced",
        reason="",
        test=TEST,
        signature=FAILURE,
        checkout=checkout,
        environment=environment.prepare(checkout, source, stage.cache, stage.emit, stage.check),
    )
    stage.findings = Findings(reproduce=found)
    return stage, root_cause.run(stage)


@pytest.fixture
def stage(reproduced, tmp_path):
    """The stage's context when nothing was reproduced."""
    checkout = reproduced[0].findings.reproduce.checkout
    found = Reproduction(verdict="not_reproduced", reason="", checkout=checkout)
    return PlainContext(report=REPORT, root=tmp_path, findings=Findings(reproduce=found))


def test_the_faulty_function_is_among_the_first_two(reproduced):
    _, found = reproduced
    assert found.verdict == "suspects_ranked"
    [suspect] = [suspect for suspect in found.suspects[:2] if suspect.function == "discount"]
    assert "return total - total * percent" in suspect.excerpt


def test_coverage_has_a_vote_and_names_the_related_tests(reproduced):
    _, found = reproduced
    assert "spectrum" in found.suspects[0].parts
    assert {"tests/test_receipts.py::test_without_discount", "tests/test_receipts.py::test_tax"} <= {
        *found.related_tests
    }
    assert TEST.id not in found.related_tests


def test_tests_are_no_suspects(reproduced):
    _, found = reproduced
    assert not [file.path for file in found.files if file.path.startswith("tests/")]


def test_every_chunk_that_was_planned_is_scored(reproduced):
    stage, found = reproduced
    [planned] = stage.seen(ChunksPlanned)
    assert {event.score.key for event in stage.seen(ChunkScored)} == {cell[0] for cell in planned.cells}
    assert (found.chunks, found.scorer) == (len(planned.cells), offline.NAME)


def test_the_suspects_are_told(reproduced):
    stage, found = reproduced
    [told] = stage.seen(SuspectsRanked)
    assert told.suspects == found.suspects


def test_after_a_crash_the_tests_are_not_recorded_again(reproduced, tmp_path):
    before, first = reproduced
    again = PlainContext(report=REPORT, root=tmp_path, findings=before.findings, kept=before.kept)
    again.sandbox = None  # nothing may run
    assert root_cause.run(again) == first


def test_files_are_ranked_when_nothing_was_reproduced(stage):
    found = root_cause.run(stage)
    assert found.verdict == "files_ranked"
    assert found.files[0].path == "till/prices.py"
    assert "failing test" in found.would_change


def test_the_traceback_of_the_report_counts_when_nothing_was_reproduced(stage):
    frame = Frame(path="/srv/site-packages/till/receipts.py", line=10, function="footer")
    analysis = Analysis(verdict="actionable", reason="", symptom=Symptom(frames=(frame,)))
    stage.findings = Findings(analysis=analysis, reproduce=stage.findings.reproduce)
    assert root_cause.run(stage).suspects[0].parts["trace"] == 1
    assert root_cause.run(stage).suspects[0].function == "footer"


def test_comments_are_read_too(stage):
    stage.report = Report(title="Odd", text="See below", comments=(Comment(author="Bo", text="the footer() is off"),))
    assert root_cause.run(stage).suspects[0].function == "footer"


def test_without_a_checkout_there_is_nothing_to_rank(tmp_path):
    stage = PlainContext(report=REPORT, root=tmp_path)
    assert root_cause.run(stage).verdict == "nothing_to_rank"


# --- what a model is asked, and what it may answer --------------------------------------------------------------------

CHUNK = Chunk(key="k", index=0, path="till/prices.py", line=4, end_line=6, text="def discount():\n    pass\n")


def reply(text, **fields):
    return ModelReply(key="score_chunk:k", text=text, model="tiny", **fields)


def test_a_chunk_is_shown_with_its_line_numbers():
    request = root_cause.request_for(CHUNK, "it is off")
    said = "\n".join(message.text for message in request.messages)
    assert (request.key, request.purpose) == ("score_chunk:k", "score_chunk")
    assert "4  def discount():" in said
    assert "it is off" in said


def test_an_answer_becomes_a_score():
    answer = '{"reason": "no division", "function": "discount", "line": 5, "score": 0.9}'
    score = root_cause.read_score(CHUNK, reply(answer, latency_ms=1500.0))
    assert (score.score, score.line, score.scorer, score.seconds) == (0.9, 5, "tiny", 1.5)


def test_an_answer_that_is_no_json_is_a_score_without_opinion():
    score = root_cause.read_score(CHUNK, reply("I think it is fine."))
    assert (score.score, score.error) == (0.0, "model-garbled")


def test_a_call_that_failed_keeps_its_reason():
    assert root_cause.read_score(CHUNK, reply("", error="model-stalled")).error == "model-stalled"
