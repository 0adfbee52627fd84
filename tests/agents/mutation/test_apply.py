"""Whatever a file looks like - line ends, tabs, a byte order mark, other scripts - an edit changes one place of it."""

import ast

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agents.mutation.apply import apply
from agents.mutation.edit import Edit
from agents.mutation.operators import propose
from agents.mutation.place import places
from agents.source import parse

NAMES = st.sampled_from(["a", "b", "größe", "名前", "limit"])
ATOMS = st.one_of(
    NAMES,
    st.integers(0, 99).map(str),
    st.sampled_from(["'é\\t'", '"""x"""', "None", "a.b", "f(a, b=1)", "a[1:]", "(a)"]),
)
EXPRESSIONS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["+", "-", "*", "//", "**", "%"]), inner).map("({0[0]}) {0[1]} {0[2]}".format),
        st.tuples(inner, st.sampled_from(["<", "<=", "==", "is not", "not in"]), inner).map(
            "({0[0]}) {0[1]} ({0[2]})".format
        ),
        st.tuples(inner, st.sampled_from(["and", "or"]), inner).map("({0[0]}) {0[1]} ({0[2]})".format),
        inner.map("f({})".format),
        inner.map("(not ({}))".format),
        inner.map("[x for x in a if {}]".format),
        inner.map("any(x < ({}) for x in a)".format),
    ),
    max_leaves=6,
)
LINES = st.one_of(
    st.tuples(NAMES, EXPRESSIONS).map("{0[0]} = {0[1]}".format),
    EXPRESSIONS.map("return {}".format),
    EXPRESSIONS.map("if {}: pass  # 日本語".format),
    EXPRESSIONS.map("for x in f({}): break".format),
    EXPRESSIONS.map("text = '''one\n  two''' + str({})".format),
)


@st.composite
def files(draw: st.DrawFn) -> str:
    indent = draw(st.sampled_from(["    ", "\t", "  "]))
    body = "".join(f"{indent}{line}\n" for line in draw(st.lists(LINES, min_size=1, max_size=5)))
    text = f"# ünïcödé\nimport f\n\n\ndef g(a, b=[], *, limit=1):\n{body}\n\nclass A:\n{indent}x = 1\n"
    text = text.replace("\n", draw(st.sampled_from(["\n", "\r\n"])))
    return draw(st.sampled_from(["", "\ufeff"])) + text.rstrip("\r\n" if draw(st.booleans()) else "")


def edits_of(text: str) -> list[Edit]:
    source = parse("m.py", text)
    assert source
    return [edit for place in places(source) for _, edit in propose(place)]


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(files())
def test_an_edit_changes_one_place_and_the_file_still_parses(text: str) -> None:
    for edit in edits_of(text):
        changed = apply(text, edit)
        if changed is not None:
            ast.parse(changed.removeprefix("\ufeff"))
            assert changed.startswith(text[: edit.start])
            assert changed.endswith(text[edit.end :])


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(files())
def test_line_ends_and_indentation_stay_those_of_the_file(text: str) -> None:
    crlf = "\r\n" in text
    for edit in edits_of(text):
        if changed := apply(text, edit):
            assert not crlf or changed.count("\n") == changed.count("\r\n")
            assert crlf or "\r" not in changed
            assert ("\n\t" in text) or ("\n\t" not in changed)


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(files())
def test_nearly_every_edit_is_python(text: str) -> None:
    edits = edits_of(text)
    assert sum(apply(text, edit) is not None for edit in edits) >= 0.9 * len(edits)


def test_an_edit_that_does_not_parse_is_dropped() -> None:
    edit = Edit(path="m.py", start=4, end=5, text="(", why="", line=1)
    assert apply("a = 1\n", edit) is None


def test_an_edit_that_changes_nothing_is_dropped() -> None:
    edit = Edit(path="m.py", start=4, end=5, text="1", why="", line=1)
    assert apply("a = 1\n", edit) is None
