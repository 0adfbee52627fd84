"""Hostile text to safe HTML: markdown without raw HTML, then an allow-list of tags."""

import re
from functools import cache

import nh3
from markdown_it import MarkdownIt

TAGS = {
    "a", "blockquote", "br", "code", "del", "em", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p", "pre", "s", "strong",
    "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
LONGEST = 200_000
ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


@cache
def _parser() -> MarkdownIt:
    # Images are left out: a picture from elsewhere tells its server who reads the report.
    return MarkdownIt("commonmark", {"html": False, "breaks": True}).enable(["table", "strikethrough"]).disable("image")


def render(text: str) -> str:
    """`text` as HTML that cannot act: no raw HTML, no images, links to http(s) and mailto. Headings start at h3."""
    html = _parser().render(printable(text[:LONGEST]))
    html = re.sub(r"<(/?)h([12])>", r"<\1h3>", html)
    return nh3.clean(
        html,
        tags=TAGS,
        attributes={"a": {"href"}, "ol": {"start"}},
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer nofollow",
    )


def printable(text: str) -> str:
    """`text` without terminal escape sequences and control characters, for a `<pre>`."""
    return CONTROL.sub("", ANSI.sub("", text))
