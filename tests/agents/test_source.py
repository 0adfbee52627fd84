"""Code is read the same whoever else reads at the moment."""

import ast
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from agents import source


def test_several_threads_may_read_code_at_once() -> None:
    text = Path(source.__file__).read_text()
    with ThreadPoolExecutor(6) as pool:
        trees = list(pool.map(source.tree_of, [text] * 120))
    assert {ast.dump(tree) for tree in trees if tree} == {ast.dump(ast.parse(text))}
    assert None not in trees


def test_what_is_no_python_has_no_tree() -> None:
    assert [source.tree_of(text) for text in ("def", "\0", "(" * 10_000)] == [None, None, None]
