"""A difference as rows: which lines stand beside one another, and which words are marked."""

import math
import re
from functools import partial
from html import unescape
from itertools import combinations

import html5lib
import pytest
from markupsafe import Markup

from matou.git.operations.patches import PatchLineKind, patch_lines
from matou.server.web.diff_colours import LONGEST_LINE, DiffColourCache, Palette
from matou.server.web.diff_rows import ShownLine, marked, shown_lines, split_rows, unified_rows

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


def lines_of(patch: bytes) -> list[ShownLine]:
    return shown_lines(list(patch_lines(patch)))


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
    html = [str(cell.html) for cell in unified_rows(lines_of(PATCH)) if cell.kind is not PatchLineKind.HUNK]

    assert html[1:5] == [
        "<mark>old</mark> name = 1",
        "second",
        "<mark>new</mark> name = 1",
        "second<mark>, changed</mark>",
    ]


def test_lines_with_little_in_common_are_not_marked() -> None:
    rows = unified_rows(lines_of(b"@@ -1 +1 @@\n-import os, sys, re\n+from pathlib import Path\n"))

    assert not any("<mark>" in cell.html for cell in rows)


def test_side_by_side_what_came_stands_beside_what_went() -> None:
    rows = list(split_rows(lines_of(b"@@ -1,3 +1,2 @@\n-a\n-b\n+c\n d\n")))
    pairs = [(left and str(left.html), right and str(right.html)) for left, right in rows[1:]]

    assert pairs == [("a", "c"), ("b", None), ("d", "d")]


def test_html_and_what_turns_a_line_around_are_shown_as_text() -> None:
    hostile = "<script>\u202e\x1b[2J\0".encode()
    (_, cell) = unified_rows(lines_of(b"@@ -0,0 +1 @@\n+" + hostile))

    assert str(cell.html) == "&lt;script&gt;[U+202E]\u241b[2J\u2400"


def test_a_line_of_a_million_characters_is_cut_and_says_so() -> None:
    (_, removed, added) = unified_rows(lines_of(b"@@ -1 +1 @@\n-" + b"a" * 1_000_000 + b"\n+" + b"b" * 1_000_000))

    assert (len(removed.html), removed.is_cut, len(added.html), added.is_cut) == (LONGEST_LINE, True) * 2


COLOURED_PATCH = b"""@@ -1,4 +1,4 @@ def main():
 def main() -> None:
-    return "a <b>" + one
+    return "a <i>" + one
     # said & done
@@ -9 +9,2 @@
+'''
 text
"""
PYTHON = ("a.py", "a.py")


def coloured(cache: DiffColourCache, *, room: int = 10_000, names: tuple[str, str] = PYTHON) -> list[str]:
    colour = partial(Palette(cache, room, until=math.inf).colour, names=names)
    return [str(cell.html) for cell in unified_rows(shown_lines(list(patch_lines(COLOURED_PATCH)), colour=colour))]


def test_both_sides_have_the_colours_of_their_language_and_the_marks_of_what_changed() -> None:
    lines = coloured(DiffColourCache())

    assert lines[1].startswith('<span class="k">def</span> <span class="f">main</span>')
    assert lines[2].endswith('<span class="s">a &lt;<mark>b</mark>&gt;</span><span class="s">&#34;</span> + one')
    assert lines[3].endswith('<span class="s">a &lt;<mark>i</mark>&gt;</span><span class="s">&#34;</span> + one')
    assert lines[4] == '    <span class="c"># said &amp; done</span>'
    assert lines[7] == '<span class="s">text</span>'


def test_when_the_time_for_colours_is_over_lines_stand_in_one_and_nothing_of_it_is_remembered() -> None:
    cache = DiffColourCache()
    late = Palette(cache, 10_000, until=-math.inf)
    shown = shown_lines(list(patch_lines(COLOURED_PATCH)), colour=partial(late.colour, names=PYTHON))

    assert not any("<span" in line.html for line in shown)
    assert any("<span" in line for line in coloured(cache))


def test_without_a_known_language_or_room_lines_stand_in_one_colour() -> None:
    cache = DiffColourCache()
    assert not any("<span" in line for line in coloured(cache, names=("a.unknown", "a.unknown")))
    assert not any("<span" in line for line in coloured(cache, room=50))
    assert coloured(cache) == coloured(cache)


@pytest.mark.parametrize(("begin", "end"), [*combinations(range(7), 2)])
def test_marks_stand_within_whatever_colours_a_line(begin: int, end: int) -> None:
    text, html = "a<b>&c", Markup('a<span class="s">&lt;b&gt;</span>&amp;<span class="k">c</span>')

    found = str(marked(html, begin, end))

    assert found.replace("<mark>", "").replace("</mark>", "") == html
    assert unescape("".join(re.findall("<mark>(.*?)</mark>", found))) == text[begin:end]
    html5lib.HTMLParser(strict=True).parse(f"<!DOCTYPE html><title>x</title><p>{found}</p>")
