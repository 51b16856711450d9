"""A difference as rows: which lines stand beside one another, and which words are marked."""

import pytest

from matou.git.operations.patches import PatchLineKind, patch_lines
from matou.server.web.diff_rows import LONGEST_SHOWN, split_rows, unified_rows

PATCH = b"""@@ -1,4 +1,4 @@ def main():
 same
-old name = 1
-second
+new name = 1
+second, changed
 after
@@ -10 +10,2 @@
+added
\\ No newline at end of file
"""


def test_lines_have_the_numbers_that_they_have_in_both_files() -> None:
    numbers = [(line.kind.value, line.old, line.new) for line in patch_lines(PATCH)]

    assert numbers == [
        ("hunk", 1, 1),
        ("same", 1, 1),
        ("removed", 2, None),
        ("removed", 3, None),
        ("added", None, 2),
        ("added", None, 3),
        ("same", 4, 4),
        ("hunk", 10, 10),
        ("added", None, 10),
        ("note", None, None),
    ]


@pytest.mark.parametrize(
    "patch", [b"", b"\n", b"@@ nonsense", b"\xff\n@@ -1 +1 @@\n+x", b"@@ -1 +1 @@\n+a\ndiff --git"]
)
def test_what_is_no_patch_ends_the_lines(patch: bytes) -> None:
    assert len(list(patch_lines(patch))) <= 2


def test_only_the_words_between_what_two_lines_share_are_marked() -> None:
    html = [str(cell.html) for cell in unified_rows(patch_lines(PATCH)) if cell.kind is not PatchLineKind.HUNK]

    assert html[1:5] == [
        "<mark>old</mark> name = 1",
        "second",
        "<mark>new</mark> name = 1",
        "second<mark>, changed</mark>",
    ]


def test_lines_with_little_in_common_are_not_marked() -> None:
    rows = unified_rows(patch_lines(b"@@ -1 +1 @@\n-import os, sys, re\n+from pathlib import Path\n"))

    assert not any("<mark>" in cell.html for cell in rows)


def test_side_by_side_what_came_stands_beside_what_went() -> None:
    rows = list(split_rows(patch_lines(b"@@ -1,3 +1,2 @@\n-a\n-b\n+c\n d\n")))
    pairs = [(left and str(left.html), right and str(right.html)) for left, right in rows[1:]]

    assert pairs == [("a", "c"), ("b", None), ("d", "d")]


def test_html_and_what_turns_a_line_around_are_shown_as_text() -> None:
    hostile = "<script>\u202e\x1b[2J\0".encode()
    (_, cell) = unified_rows(patch_lines(b"@@ -0,0 +1 @@\n+" + hostile))

    assert str(cell.html) == "&lt;script&gt;[U+202E]\u241b[2J\u2400"


def test_a_line_of_a_million_characters_is_cut_and_says_so() -> None:
    (_, removed, added) = unified_rows(patch_lines(b"@@ -1 +1 @@\n-" + b"a" * 1_000_000 + b"\n+" + b"b" * 1_000_000))

    assert (len(removed.html), removed.is_cut, len(added.html), added.is_cut) == (LONGEST_SHOWN, True) * 2
