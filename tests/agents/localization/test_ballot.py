from agents.localization.ballot import NAMELESS, of_chunks, of_files, of_functions, ties_broken, worst_line
from agents.localization.chunks import cut
from agents.results import ChunkScore


def key(known, name):
    return next(function.key for function in known.functions if function.name == name)


def line(known, path, text):
    return next(number for number, code in enumerate(known.lines[path], 1) if text in code)


def test_a_function_scores_as_its_worst_line(known):
    path = "shop/basket.py"
    lines = {(path, line(known, path, "if len")): 0.4, (path, line(known, path, "append")): 0.9}
    assert of_functions(known, lines) == {key(known, "Basket.add_item"): 0.9}


def test_the_line_of_the_def_does_not_count(known):
    path = "shop/basket.py"
    assert of_functions(known, {(path, line(known, path, "def total")): 1.0}) == {}


def test_a_file_scores_as_its_worst_function():
    assert of_files({("a.py", 1): 0.2, ("a.py", 9): 0.7, ("b.py", 1): 0.1}) == {"a.py": 0.7, "b.py": 0.1}


def test_equal_scores_follow_another_voter_and_unequal_ones_do_not():
    scores = {("a.py", 1): 0.5, ("a.py", 2): 0.5, ("a.py", 3): 0.6}
    broken = ties_broken(scores, {("a.py", 2): 9.0})
    assert sorted(broken, key=broken.get) == [("a.py", 1), ("a.py", 2), ("a.py", 3)]


def test_the_function_a_scorer_names_counts_more_than_its_neighbours(known, shop):
    [chunk] = cut(shop, ["shop/checkout.py"])
    votes = of_chunks(known, [chunk], [ChunkScore(key=chunk.key, score=0.8, function="pay")])
    assert votes[key(known, "pay")] == 0.8
    assert votes[key(known, "refund")] == 0.8 * NAMELESS


def test_a_chunk_without_score_is_no_opinion(known, shop):
    [chunk] = cut(shop, ["shop/checkout.py"])
    assert of_chunks(known, [chunk], [ChunkScore(key=chunk.key, score=0.0, error="model-stalled")]) == {}


def function(known, name):
    return next(function for function in known.functions if function.name == name)


def test_of_equal_lines_the_last_is_the_worst(known):
    path = "shop/basket.py"
    lines = {(path, line(known, path, "if len")): 0.5, (path, line(known, path, "append")): 0.5}
    assert worst_line(known, function(known, "Basket.add_item"), lines) == line(known, path, "append")


def test_a_function_nothing_ran_in_has_no_worst_line(known):
    assert worst_line(known, function(known, "Basket.add_item"), {("shop/basket.py", 14): 0.0}) == 0


def test_the_lines_of_its_methods_are_not_a_classs_own(known):
    lines = {("shop/basket.py", line(known, "shop/basket.py", "append")): 1.0}
    assert worst_line(known, function(known, "Basket"), lines) == 0
