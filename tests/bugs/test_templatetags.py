import pytest

from bugs.templatetags import modulo


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("`<` becomes `<=`", "<code>&lt;</code> becomes <code>&lt;=</code>"),
        ("a lone ` tick", "a lone ` tick"),
        ("`one` and ` more", "<code>one</code> and ` more"),
        ("<script>`x`</script>", "&lt;script&gt;<code>x</code>&lt;/script&gt;"),
        ("", ""),
    ],
)
def test_words_in_backticks_become_code_and_nothing_else(text: str, html: str) -> None:
    assert modulo.ticks(text) == html


@pytest.mark.parametrize(("value", "words"), [(1, "#1"), (35.5, "#35.5"), (0.4, "0.40"), (0, "0.00")])
def test_a_vote_is_a_rank_or_a_score(value: float, words: str) -> None:
    assert modulo.vote(value) == words


def test_the_shares_of_a_prompt_add_up_to_the_whole() -> None:
    blocks = modulo.shares([{"text": "x" * 30, "source": "code"}, {"text": "y" * 10}])
    assert [(block["x"], block["width"]) for block in blocks] == [(0, 750), (750, 250)]


def test_a_meter_never_leaves_its_track() -> None:
    assert 'rect width="1000"' in modulo.meter(5000)
    assert 'rect width="0"' in modulo.meter(-3)
