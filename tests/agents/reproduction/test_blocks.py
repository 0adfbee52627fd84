"""Blocks of a report are found and told apart, however they are marked."""

import time

import pytest

from agents.reproduction.blocks import commands, cut, without_fences


def kinds(text: str) -> list[str]:
    return [snippet.kind for snippet in cut(text)]


@pytest.mark.parametrize(
    ("block", "kind"),
    [
        ("```python\nimport coins\ncoins.split(9, 2)\n```", "python"),
        ("~~~\nfrom coins import split\nsplit(9, 2)\n~~~", "python"),
        ("{code:python}\nimport coins\nprint(coins.x())\n{code}", "python"),
        ("Example::\n\n    import coins\n    coins.split(9, 2)\n", "python"),
        (".. code-block:: python\n\n    import coins\n    coins.split(9, 2)\n", "python"),
        (">>> split(9, 2)\n[4, 4]", "session"),
        ("```\nIn [1]: split(9, 2)\nOut[1]: [4, 4]\n```", "session"),
        ("```python\ndef test_a():\n    assert split(9, 2)\n```", "test"),
        ("```\n$ python -m coins 9 2\n[4, 4]\n```", "shell"),
        ("```bash\npip install coins\n```", "shell"),
        ("```\n[4, 4]\n```", "output"),
        ("```\nTraceback (most recent call last):\n  ...\nValueError: x\n```", "output"),
        ("import coins\nprint(coins.split(9, 2))\n\nThat is wrong.", "python"),
    ],
)
def test_a_block_is_of_its_kind(block: str, kind: str) -> None:
    assert kinds(f"It broke.\n\n{block}\n") == [kind]


def test_prose_is_no_block() -> None:
    assert cut("Some words.\n\nMore words, `inline` ones too.\n\n- a list\n- of things") == ()


def test_code_and_its_output_in_one_block_are_taken_apart() -> None:
    code, output = cut("```python\nimport coins\nprint(coins.split(9, 2))\n# prints\n[4, 4] and no more\n```")
    assert (code.kind, output.kind, output.text) == ("python", "output", "[4, 4] and no more")


def test_the_line_above_a_block_is_its_lead() -> None:
    (block,) = cut("Text.\n\n**Expected output:**\n\n```\n[5, 4]\n```")
    assert block.lead == "Expected output"


def test_a_fence_that_is_never_closed_runs_to_the_end() -> None:
    (block,) = cut("```python\nimport coins\ncoins.split(1, 2)\n")
    assert block.kind == "python"


def test_a_quoted_block_is_read_without_its_marks() -> None:
    (block,) = cut("> ```python\n> import coins\n> coins.split(9, 2)\n> ```\n")
    assert block.text == "import coins\ncoins.split(9, 2)"


def test_commands_are_read_without_prompts_and_output() -> None:
    (block,) = cut("```console\n$ python -m coins \\\n  9 2\n[4, 4]\n(venv) ~/x$ coins 9\n```")
    assert commands(block) == ("python -m coins 9 2", "coins 9")


def test_prose_without_fences_keeps_the_words() -> None:
    assert without_fences("a\n```\ncode\n```\nb\n~~~\nnever closed") == "a\nb"


@pytest.mark.parametrize(
    "text", ["```x\n" * 20_000, "\n" * 100_000, "import x\n\n" * 5_000, ">>> " * 50_000, "    x\n" * 20_000]
)
def test_hostile_text_is_cut_in_seconds(text: str) -> None:
    began = time.process_time()
    cut(text)
    without_fences(text)
    assert time.process_time() - began < 5
