"""Lines of a difference as GitCode tells them: their numbers on both sides, and what stands in them."""

import pytest

from matou.platforms.gitcode.wire_pull_files import GitCodeLineNumber
from matou.server.dialects.gitcode_v5.pull_files import diff_lines

HUNKS = b"@@ -1,3 +1,3 @@ int f\n a\n-b\r\n+c\n d\n@@ -9 +9 @@\n-x\n\\ No newline at end of file\n+y\x0cz \xff\n"


def number(side: GitCodeLineNumber | str) -> str:
    return side if isinstance(side, str) else side.line_num


def test_lines_have_their_numbers_on_both_sides_and_no_sign() -> None:
    rows = [(row.type, row.line_content, number(row.old_line), number(row.new_line)) for row in diff_lines("f", HUNKS)]

    assert rows == [
        ("match", "@@ -1,3 +1,3 @@ int f", "...", "..."),
        (None, " a", "1", "1"),
        ("old", "b\r", "2", ""),
        ("new", "c", "", "2"),
        (None, " d", "3", "3"),
        ("match", "@@ -9 +9 @@", "...", "..."),
        ("old", "x", "9", ""),
        ("new", "y\x0cz \ufffd", "", "9"),
    ]


def test_no_two_changed_lines_have_one_code() -> None:
    codes = [row.new_line.line_code for row in diff_lines("f", HUNKS) if isinstance(row.new_line, GitCodeLineNumber)]

    assert codes[:4] == ["f_1_1", "f_2_2", "f_3_2", "f_3_3"]
    assert len(set(codes)) == len(codes)


@pytest.mark.parametrize("hunks", [b"", b"@@ -0,0 +1 @@\n+\n"])
def test_of_nothing_there_are_no_lines_and_an_empty_line_is_one(hunks: bytes) -> None:
    assert [row.line_content for row in diff_lines("f", hunks)] == (["@@ -0,0 +1 @@", ""] if hunks else [])
