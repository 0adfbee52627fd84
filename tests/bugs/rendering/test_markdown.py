from html.parser import HTMLParser

import pytest

from bugs.rendering import markdown

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[x](javascript:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "![x](https://example.org/pixel.png)",
    '[x](https://example.org/" onmouseover="alert(1))',
    "<a href='vbscript:x'>x</a>",
    "```\n</code></pre><script>alert(1)</script>\n```",
]


class Elements(HTMLParser):
    """The tags and attributes a browser would see."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.seen: list[tuple[str, str, str]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen += [(tag, name, value or "") for name, value in attrs] or [(tag, "", "")]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_becomes_nothing_that_acts(text: str) -> None:
    for tag, name, value in Elements(markdown.render(text)).seen:
        assert tag in markdown.TAGS
        assert name in ("", "href", "rel", "start")
        assert name != "href" or value.startswith(("https:", "http:", "mailto:"))


def test_code_blocks_and_emphasis_are_kept() -> None:
    assert "<pre><code>" in markdown.render("    x = 1\n")
    assert "<strong>" in markdown.render("**dies**")


def test_headings_of_a_report_do_not_outrank_the_page_s() -> None:
    assert markdown.render("# Big").strip() == "<h3>Big</h3>"


def test_links_give_nothing_of_the_page_away() -> None:
    assert 'rel="noopener noreferrer nofollow"' in markdown.render("[x](https://example.org)")


def test_terminal_colours_and_control_characters_are_left_out() -> None:
    assert markdown.printable("\x1b[31m1 failed\x1b[0m\x00\x1b]0;title\x07 here\tand\n") == "1 failed here\tand\n"
