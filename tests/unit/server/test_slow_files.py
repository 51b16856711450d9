"""Files that somebody wrote to stop the server: each of these took minutes, in which nobody else was answered."""

import pytest
from markupsafe import Markup

from matou.server.expensive_pages import is_expensive
from matou.server.web.documents import DocumentCache
from matou.server.web.highlight import highlighted
from matou.server.web.media_types import SVG, media_type
from matou.server.web.plain_text import LONGEST_COLOURED
from matou.server.web.rendering import static_file


def test_comments_without_end_are_no_picture() -> None:
    assert media_type(b"<!---->" * 1_200 + b"x") != SVG


@pytest.mark.parametrize(
    "content",
    [
        b"<svg>",
        b'\xef\xbb\xbf<?xml version="1.0"?>\n<!-- a -->\n<!DOCTYPE svg>\n<svg xmlns="x">',
        b"<!-- a --> <!-- b -->\n<!-- c --><svg\n>",
    ],
)
def test_a_drawing_is_known_behind_what_stands_before_it(content: bytes) -> None:
    assert media_type(content) == SVG


@pytest.mark.parametrize("name", ["a.ijs", "a.mao", "a.m", "a.cs", "a.py", "a.ng2"])
def test_lines_without_anything_stand_in_one_colour(name: str) -> None:
    assert len(highlighted("\n" * (LONGEST_COLOURED - 1) + "x", name)) == LONGEST_COLOURED


def test_a_language_that_people_write_has_colours() -> None:
    assert '<span class="k">def</span>' in highlighted("def f(): pass\n", "a.py")[0]


def test_empty_documents_are_not_remembered_without_end() -> None:
    cache = DocumentCache(most=10_000).known
    for number in range(1_000):
        cache.put(number, Markup())

    assert len(cache) <= 10


def test_names_that_somebody_makes_up_are_no_files_of_pages() -> None:
    assert [static_file(f"{number}.css") for number in range(5)] == [None] * 5
    assert static_file("style.css")


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("team/ship/-/commits/main", False),
        ("team/ship/-/commits/main/src/app.py", True),
        ("team/ship/-/commits", False),
        ("team/ship/-/blame/main/a", True),
        ("team/ship/-/tree/main/a", False),
    ],
)
def test_the_history_of_a_path_is_expensive_under_each_of_its_names(path: str, *, expected: bool) -> None:
    assert is_expensive(path.split("/"), {}) is expected
