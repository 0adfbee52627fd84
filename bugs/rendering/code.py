"""Source code with its tokens marked by class, so that one stylesheet colours it in light and dark."""

from functools import lru_cache

from pygments import highlight as marked
from pygments.formatters.html import HtmlFormatter
from pygments.lexers.python import PythonLexer

LONGEST = 20_000


@lru_cache(maxsize=512)
def highlight(text: str) -> str:
    """Python `text` as escaped HTML spans without a wrapper."""
    lexer = PythonLexer(stripnl=False, ensurenl=False)
    html: str = marked(text[:LONGEST], lexer, HtmlFormatter(nowrap=True))
    return html
