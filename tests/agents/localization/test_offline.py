from agents.localization.chunks import cut
from agents.localization.offline import NAME, score


def test_the_chunk_the_report_speaks_of_scores_higher(shop):
    basket, checkout = cut(shop, ["shop/basket.py", "shop/checkout.py"])
    question = "Adding an item to a full basket: the limit of items is off"
    assert score(basket, question).score > score(checkout, question).score


def test_the_function_that_shares_most_words_is_named(shop):
    [basket] = cut(shop, ["shop/basket.py"])
    found = score(basket, "add_item raises although the basket is not full")
    assert found.function == "Basket.add_item"
    assert basket.text.split("\n")[found.line - basket.line].strip() == "def add_item(self, item):"


def test_it_says_that_it_is_no_model_and_what_it_counted(shop):
    [basket] = cut(shop, ["shop/basket.py"])
    found = score(basket, "basket")
    assert (found.scorer, found.reason) == (NAME, "shares the words basket")


def test_a_question_about_something_else_scores_nothing(shop):
    [checkout] = cut(shop, ["shop/checkout.py"])
    assert score(checkout, "zebra").score == 0.0


def test_a_score_never_exceeds_one(shop):
    [basket] = cut(shop, ["shop/basket.py"])
    assert score(basket, basket.text * 50).score <= 1.0
