from agents.localization.fuse import fuse, ranks

WEIGHTS = {"one": 1.0, "two": 1.0}


def test_ties_share_the_mean_of_their_ranks():
    assert ranks({"a": 3, "b": 2, "c": 2, "d": 1}) == {"a": 1, "b": 2.5, "c": 2.5, "d": 4}


def test_a_score_of_zero_is_no_opinion():
    assert ranks({"a": 1, "b": 0}) == {"a": 1}


def test_two_second_places_beat_a_first_and_a_last():
    one = {"x": 10, "y": 9, **{f"n{n}": 5 - n / 10 for n in range(30)}, "z": 1}
    two = {"z": 10, "y": 9, **{f"n{n}": 5 - n / 10 for n in range(30)}, "x": 1}
    assert next(iter(fuse({"one": one, "two": two}, WEIGHTS))) == "y"


def test_each_voter_can_be_seen_in_the_parts():
    fused = fuse({"one": {"a": 2, "b": 1}, "two": {"b": 5}}, WEIGHTS)
    assert fused["b"][1] == {"one": 2, "two": 1}
    assert fused["a"][1] == {"one": 1}


def test_who_is_ranked_by_nobody_is_left_out():
    assert fuse({"one": {"a": 0}}, WEIGHTS) == {}


def test_the_order_does_not_depend_on_the_order_of_the_votes():
    votes = {"a": 1.0, "b": 1.0, "c": 1.0}
    backwards = dict(reversed(votes.items()))
    assert list(fuse({"one": votes}, WEIGHTS)) == list(fuse({"one": backwards}, WEIGHTS))
