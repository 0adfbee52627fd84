from bugs.rendering import diff

CHANGE = "--- a/x.py\n+++ b/x.py\n@@ -3,3 +3,3 @@ def f(n):\n same\n-    if n < top:\n+    if n <= top:\n same\n"


def test_rows_carry_the_line_numbers_of_both_sides() -> None:
    numbers = [(row.kind, row.old, row.new) for row in diff.rows(CHANGE)]
    assert numbers == [
        ("file", None, None),
        ("hunk", None, None),
        ("same", 3, 3),
        ("removed", 4, None),
        ("added", None, 4),
        ("same", 5, 5),
    ]


def test_what_changed_within_a_line_is_marked() -> None:
    marked = [piece.text for row in diff.rows(CHANGE) for piece in row.pieces if piece.changed]
    assert marked == ["="]


def test_a_line_replaced_whole_is_not_marked() -> None:
    rows = diff.rows("+++ b/x\n@@ -1 +1 @@\n-alpha\n+beta\n")
    assert not any(piece.changed for row in rows for piece in row.pieces)


def test_a_line_that_looks_like_a_header_inside_a_hunk_keeps_its_text() -> None:
    rows = diff.rows("--- a/x\n+++ b/x\n@@ -1,2 +1,1 @@\n--- a comment in SQL\n same\n")
    assert [row.text for row in rows if row.kind == "removed"] == ["-- a comment in SQL"]


def test_the_size_counts_added_and_removed_lines() -> None:
    assert diff.size(CHANGE) == diff.Size(added=1, removed=1)


def test_a_text_that_is_no_diff_has_no_rows() -> None:
    assert diff.rows("<script>alert(1)</script>") == ()
