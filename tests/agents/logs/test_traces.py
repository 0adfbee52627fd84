"""Stack traces are found in reports and logs, whatever stands around them."""

from textwrap import dedent

from agents.logs.traces import fingerprint, parse

SIMPLE = dedent(
    """\
    Traceback (most recent call last):
      File "/home/ann/run.py", line 3, in <module>
        load("x")
      File "/venv/lib/python3.11/site-packages/pkg/io.py", line 12, in load
        return table[name]
               ~~~~~^^^^^^
    KeyError: 'x'
    """
)


def test_frames_are_innermost_first_with_their_code() -> None:
    (trace,) = parse(f"I ran it:\n\n```\n{SIMPLE}```\nand it broke.")
    assert (trace.exception, trace.message) == ("KeyError", "'x'")
    assert [(frame.function, frame.line, frame.code) for frame in trace.frames] == [
        ("load", 12, "return table[name]"),
        ("<module>", 3, 'load("x")'),
    ]


def test_the_last_exception_of_a_chain_is_the_trace_and_the_first_its_cause() -> None:
    text = SIMPLE + (
        "\nDuring handling of the above exception, another exception occurred:\n\n"
        'Traceback (most recent call last):\n  File "run.py", line 9, in main\npkg.errors.LoadError: no x\n'
    )
    (trace,) = parse(text)
    assert trace.exception == "pkg.errors.LoadError"
    assert [cause.exception for cause in trace.causes] == ["KeyError"]


def test_a_group_holds_its_members() -> None:
    text = dedent(
        """\
          + Exception Group Traceback (most recent call last):
          |   File "run.py", line 1, in <module>
          | ExceptionGroup: two things (2 sub-exceptions)
          +-+---------------- 1 ----------------
            | Traceback (most recent call last):
            |   File "q.py", line 2, in h
            | ValueError: 1
            +------------------------------------
        """
    )
    (trace,) = parse(text)
    assert trace.exception == "ExceptionGroup"
    assert [(cause.exception, cause.frames[0].function) for cause in trace.causes] == [("ValueError", "h")]


def test_a_log_header_on_every_line_is_no_part_of_the_trace() -> None:
    lines = SIMPLE.splitlines()
    text = (
        "\n".join(f"2024-03-05 14:02:0{n} web-1 | {line}" for n, line in enumerate(lines))
        + "\n2024-03-05 14:02:09 web-1 | next"
    )
    (trace,) = parse(text)
    assert (trace.exception, trace.message, len(trace.frames)) == ("KeyError", "'x'", 2)


def test_a_log_line_after_a_trace_is_not_its_message() -> None:
    (trace,) = parse(SIMPLE + "2024-03-05 14:02:03,123 INFO app: going on\n")
    assert trace.message == "'x'"


def test_a_message_may_run_over_several_lines() -> None:
    (trace,) = parse(
        'Traceback (most recent call last):\n  File "a.py", line 1, in f\nValueError: first\n  second\nthird\n\nprose'
    )
    assert trace.message == "first\n  second\nthird"


def test_a_syntax_error_alone_has_a_frame() -> None:
    (trace,) = parse('  File "bad.py", line 4\n    x = = 1\n        ^\nSyntaxError: invalid syntax\n')
    assert (trace.exception, trace.frames[0].path, trace.frames[0].line) == ("SyntaxError", "bad.py", 4)


def test_an_ipython_trace_is_read() -> None:
    text = dedent(
        """\
        ---------------------------------------------------------------------------
        TypeError                                 Traceback (most recent call last)
        Cell In[3], line 1
        ----> 1 pkg.f(2)

        File ~/x/site-packages/pkg/core.py:12, in f(a)
             10 def f(a):
        ---> 12     return a + ""

        TypeError: unsupported operand
        """
    )
    (trace,) = parse(text)
    assert [(frame.function, frame.line) for frame in trace.frames] == [("f", 12), ("<module>", 1)]


def test_what_pytest_prints_is_read() -> None:
    text = "tests/test_a.py:10: in test_a\n    load()\npkg/io.py:5: in load\n    raise ValueError('no')\n"
    text += "E   ValueError: no\n"
    (trace,) = parse(text)
    assert (trace.exception, trace.message) == ("ValueError", "no")
    assert [frame.function for frame in trace.frames] == ["load", "test_a"]


def test_an_assertion_pytest_explains_is_an_assertion_error() -> None:
    (trace,) = parse(">       assert split(9, 2) == [5, 4]\nE       assert [4, 4] == [5, 4]\nE         at index 0\n")
    assert (trace.exception, trace.message.split("\n")[0]) == ("AssertionError", "assert [4, 4] == [5, 4]")


def test_java_javascript_and_go_are_told_apart() -> None:
    text = dedent(
        """\
        Exception in thread "main" java.lang.RuntimeException: boom
        \tat com.foo.Bar.baz(Bar.java:12)
        Caused by: java.io.IOException: no
        \tat com.foo.X.y(X.java:3)
        \t... 1 more
        TypeError: Cannot read properties of undefined (reading 'x')
            at foo (/srv/app/a.js:10:5)
        panic: index out of range

        goroutine 1 [running]:
        main.foo(0x1, 0x2)
        \t/src/main.go:12 +0x1d
        """
    )
    java, javascript, go = parse(text)
    assert (java.exception, java.causes[0].exception) == ("java.lang.RuntimeException", "java.io.IOException")
    assert (javascript.language, javascript.frames[0].line) == ("javascript", 10)
    assert (go.message, go.frames[0].function) == ("index out of range", "main.foo")


def test_copies_with_other_values_have_one_fingerprint() -> None:
    other = SIMPLE.replace("'x'", "'y'").replace("line 12", "line 15").replace("/home/ann", "/home/bob")
    assert fingerprint(parse(SIMPLE)[0]) == fingerprint(parse(other)[0])
    assert fingerprint(parse(SIMPLE)[0]) != fingerprint(parse(SIMPLE.replace("in load", "in save"))[0])


def test_prose_holds_no_trace() -> None:
    assert parse("Error: it is broken.\nWe look at the logs.\n    at noon we saw it") == ()
