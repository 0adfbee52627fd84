from agents.localization.functions import index
from agents.localization.text import Library, named, query, said


def first(votes):
    return max(votes, key=votes.get)


def name_of(known, key):
    return next(function.name for function in known.functions if function.key == key)


def test_the_function_the_report_describes_comes_first(known):
    votes = Library(known).votes([(2.0, "Charging a card twice"), (1.0, "When I pay, the card is charged again.")])
    assert name_of(known, first(votes)) == "pay"


def test_a_rare_word_says_more_than_a_common_one(known):
    library = Library(known).functions
    assert library.rarity("refund") > library.rarity("basket")


def test_saying_a_word_again_counts_ever_less():
    once, often = query([(1.0, "basket")]), query([(1.0, "basket " * 20)])
    assert once["basket"] < often["basket"] < 5 * once["basket"]


def test_a_function_named_in_code_is_a_mention(known):
    assert {name_of(known, key) for key in named(known, "calling `add_item` twice")} == {"Basket.add_item"}


def test_a_plain_word_is_not_a_mention(known):
    assert named(known, "the total is wrong and the list is empty") == {}


def test_a_qualified_name_counts_more_than_a_bare_one(known):
    bare, full = named(known, "total() is off"), named(known, "shop.basket.Basket.total is off")
    assert max(full.values()) > max(bare.values())


def test_a_message_is_traced_to_the_code_that_says_it(known):
    votes = said(known, "ValueError: the basket is full: 10 items at most")
    assert [name_of(known, key) for key in votes] == ["Basket.add_item"]


def test_short_strings_are_no_messages(known):
    assert said(known, "EUR") == {}


def test_an_empty_report_has_no_opinion(known):
    assert Library(known).votes([(1.0, "")]) == {}


def test_an_empty_repository_has_no_votes(tmp_path):
    assert Library(index(tmp_path, ())).votes([(1.0, "anything at all")]) == {}


def test_a_test_that_calls_a_function_does_not_accuse_it(known):
    library, test = Library(known), [(1.0, "assert add_item(item) is None")]
    assert max(library.words(test).values()) < max(library.votes(test).values())
