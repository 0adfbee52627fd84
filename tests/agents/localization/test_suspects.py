import pytest

from agents.localization import ballot
from agents.localization.suspects import Ballots, ranked, ranked_files, reason

WEIGHTS = {"spectrum": 1.0, "trace": 1.5, "text": 1.0}
PATH = "shop/basket.py"


def line(known, text):
    return next(number for number, code in enumerate(known.lines[PATH], 1) if text in code)


@pytest.fixture
def ballots(known):
    ran = {(PATH, line(known, "if len")): 0.5, (PATH, line(known, "append")): 0.9, (PATH, line(known, "sum(")): 0.7}
    trace = {(PATH, line(known, "raise")): 1.0}
    votes = {"spectrum": ballot.of_functions(known, ran), "trace": ballot.of_functions(known, trace), "text": {}}
    files = {voter: ballot.of_files(vote) for voter, vote in votes.items()}
    return Ballots(functions=votes, files=files, spectrum=ran, trace=trace, weights=WEIGHTS)


def test_the_first_with_every_voter_scores_one(known, ballots):
    assert next(ranked(known, ballots, 10)).score == 1.0


def test_the_line_of_the_traceback_is_shown(known, ballots):
    best = next(ranked(known, ballots, 10))
    assert (best.function, best.line) == ("Basket.add_item", line(known, "raise"))
    assert "raise ValueError" in best.excerpt


def test_without_a_traceback_the_most_suspicious_line_is_shown(known, ballots):
    suspects = list(ranked(known, ballots, 10))
    assert (suspects[1].function, suspects[1].line) == ("Basket.total", line(known, "sum("))


def test_each_suspect_keeps_the_ranks_its_voters_gave(known, ballots):
    assert next(ranked(known, ballots, 10)).parts == {"spectrum": 1.0, "trace": 1.0}


def test_no_more_suspects_than_asked_for(known, ballots):
    assert len(list(ranked(known, ballots, 1))) == 1


def test_files_are_ranked_too(ballots):
    assert [file.path for file in ranked_files(ballots, 10)] == [PATH]


def test_a_reason_names_the_voters_that_put_it_high():
    assert reason({"trace": 1, "text": 80}) == "The traceback passes through it."
    assert reason({"text": 80}) == "It ranks low with every voter."
