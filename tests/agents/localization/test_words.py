import pytest

from agents.localization.words import stem, terms


def test_identifiers_come_whole_and_in_parts():
    assert list(terms("parse_rate_card")) == ["pars", "rat", "card", "parse_rate_card"]


def test_camel_case_is_split_at_its_humps():
    assert list(terms("HTTPResponseError"))[:2] == ["http", "respons"]


def test_common_words_are_left_out():
    assert list(terms("I would expect that this should not raise an error")) == []


@pytest.mark.parametrize("words", [("parsing", "parsed", "parses", "parse"), ("entries", "entry"), ("value", "values")])
def test_endings_of_one_word_meet(words):
    assert len({stem(word) for word in words}) == 1


def test_words_of_other_scripts_are_words():
    assert list(terms("größe Ошибка")) == ["größ", "ошибка"]
