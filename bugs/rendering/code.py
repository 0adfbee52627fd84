"""Source code with its tokens marked by class, so that one stylesheet colours it in light and dark."""

from functools import lru_cache

from pygments import highlight as pygments_highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

LONGEST = 20_000


@lru_cache(maxsize=512)
def highlight(text: str) -> str:
    """Python `text` as escaped HTML spans without a wrapper."""
    lexer = PythonLexer(stripnl=False, ensurenl=False)
    return pygments_highlight(text[:LONGEST], lexer, HtmlFormatter(nowrap=True))
