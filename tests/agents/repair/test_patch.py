"""Unified diffs both ways: what git takes, we take; what leaves the tree is refused."""

import subprocess
from pathlib import Path

import pytest

from agents.errors import ReportProblem
from agents.repair.patch import apply, unified

OLD = "".join(f"line {n}\n" for n in range(1, 21))
NEW = OLD.replace("line 10\n", "line ten\nand more\n")


def tree(root: Path, **files: str) -> Path:
    for name, text in files.items():
        (root / name.replace("__", ".")).write_bytes(text.encode())
    return root


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (OLD, NEW),
        (NEW, OLD),
        (OLD, OLD.removesuffix("\n")),
        (OLD.removesuffix("\n"), OLD),
        (OLD.replace("\n", "\r\n"), NEW.replace("\n", "\r\n")),
        ("a\n", "b\n"),
        ("a", "b"),
        ("é\n\tß\n", "é\n\tẞ\n"),
        ("a\rb\n", "a\rc\n"),
    ],
)
def test_git_and_we_apply_a_written_diff_to_the_same_text(tmp_path: Path, old: str, new: str) -> None:
    tree(tmp_path, m__py=old)
    diff = unified("m.py", old, new)
    assert apply(tmp_path, diff) == {"m.py": new}
    subprocess.run(["git", "apply", "-"], input=diff.encode(), cwd=tmp_path, check=True)
    assert (tmp_path / "m.py").read_bytes() == new.encode()


def test_a_new_file_is_created(tmp_path: Path) -> None:
    diff = unified("new.py", "", "x = 1\n")
    assert diff.startswith("--- /dev/null\n+++ b/new.py\n@@ -0,0 +1,1 @@\n")
    assert apply(tmp_path, diff) == {"new.py": "x = 1\n"}


def test_a_diff_made_by_git_over_two_files_applies(tmp_path: Path) -> None:
    tree(tmp_path, a__py=OLD, b__py=OLD)
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    subprocess.run(["git", "add", "."], cwd=tmp_path, check=True)
    tree(tmp_path, a__py=NEW, b__py=OLD + "end\n")
    diff = subprocess.run(["git", "diff"], cwd=tmp_path, check=True, capture_output=True, text=True).stdout
    tree(tmp_path, a__py=OLD, b__py=OLD)
    assert apply(tmp_path, diff) == {"a.py": NEW, "b.py": OLD + "end\n"}


def test_a_hunk_that_moved_is_found_where_it_stands_now(tmp_path: Path) -> None:
    tree(tmp_path, m__py="first\n" * 3 + OLD)
    assert apply(tmp_path, unified("m.py", OLD, NEW)) == {"m.py": "first\n" * 3 + NEW}


def test_a_hunk_that_fits_two_places_is_not_guessed(tmp_path: Path) -> None:
    tree(tmp_path, m__py="x\n" + OLD + OLD)
    with pytest.raises(ReportProblem, match="2 times") as refused:
        apply(tmp_path, unified("m.py", OLD, NEW))
    assert refused.value.slug == "patch-mismatch"


def test_a_diff_that_lost_its_carriage_returns_in_a_form_still_applies(tmp_path: Path) -> None:
    tree(tmp_path, m__py=OLD.replace("\n", "\r\n"))
    assert apply(tmp_path, unified("m.py", OLD, NEW)) == {"m.py": NEW.replace("\n", "\r\n")}


@pytest.mark.parametrize("path", ["../out.py", "/etc/passwd", "a/../../b.py", ".git/config", "a\\b.py", '"a b.py"'])
def test_a_path_outside_the_tree_is_refused(tmp_path: Path, path: str) -> None:
    with pytest.raises(ReportProblem) as refused:
        apply(tmp_path, f"--- a/{path}\n+++ b/{path}\n@@ -1 +1 @@\n-a\n+b\n")
    assert refused.value.slug == "patch-refused"


def test_a_link_in_the_path_is_refused(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    tree(tmp_path, secret__py="a\n")
    (root / "m.py").symlink_to(tmp_path / "secret.py")
    (root / "sub").symlink_to(tmp_path)
    for path in ("m.py", "sub/secret.py"):
        with pytest.raises(ReportProblem, match="symbolic link"):
            apply(root, unified(path, "a\n", "b\n"))


@pytest.mark.parametrize(
    ("diff", "slug"),
    [
        ("", "patch-unreadable"),
        ("just words\n", "patch-unreadable"),
        ("--- a/m.py\n+++ b/m.py\n", "patch-unreadable"),
        ("--- a/m.py\n+++ b/m.py\n@@ -1,9 +1,9 @@\n a\n", "patch-unreadable"),
        ("--- a/m.py\n+++ b/m.py\n@@ -1 +1 @@\n*a\n", "patch-unreadable"),
        ("--- a/m.py\n+++ /dev/null\n@@ -1 +0,0 @@\n-a\n", "patch-refused"),
        ("diff --git a/x b/x\nGIT binary patch\nliteral 1\n", "patch-refused"),
        ("diff --git a/x b/y\nrename from x\nrename to y\n", "patch-refused"),
        ("diff --git a/x b/x\nnew file mode 120000\n--- /dev/null\n+++ b/x\n@@ -0,0 +1 @@\n+/etc\n", "patch-refused"),
        ("--- a/m.py\n+++ b/m.py\n@@ -1 +1 @@\n-other\n+b\n", "patch-mismatch"),
        ("--- a/none.py\n+++ b/none.py\n@@ -1 +1 @@\n-a\n+b\n", "patch-mismatch"),
        ("".join(unified(f"f{n}.py", "a\n", "b\n") for n in range(21)), "patch-refused"),
        (unified("m.py", "a\n", "b\n" * 3000), "patch-refused"),
    ],
)
def test_a_diff_that_cannot_be_applied_says_why(tmp_path: Path, diff: str, slug: str) -> None:
    tree(tmp_path, m__py="a\n")
    with pytest.raises(ReportProblem) as refused:
        apply(tmp_path, diff)
    assert refused.value.slug == slug
    assert refused.value.hint
