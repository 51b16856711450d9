"""Texts of files become HTML in a time that grows with their length alone, whatever stands in them."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matou.model.names import RepositoryPath
from matou.server.web.documents import LARGEST_SHOWN_BYTES, beginning
from matou.server.web.markdown import TextKind, TextLocation, render_document

PLACE = TextLocation(RepositoryPath.parse("team/ship"), "main", None)


def rendered(text: str) -> str:
    return str(render_document(text, TextKind.MARKDOWN, PLACE))


def test_headings_have_anchors_of_their_own() -> None:
    html = rendered("# A b!\n## `A` b\n# 港口\n# A b\n")

    assert re.findall(r'<h[23] id="user-content-([^"]*)"', html) == ["a-b", "a-b-1", "港口", "a-b-2"]


def test_lists_of_tasks_have_boxes() -> None:
    boxes = re.findall(r"<input[^>]*>", rendered("- [x] a\n- [ ] b\n- [y] c\n\n* [X] d\n\n* e\n\n`- [x]`\n"))

    assert ["checked" in box for box in boxes] == [True, False, True]
    assert all('type="checkbox"' in box and "disabled" in box for box in boxes)


def test_nobody_types_into_a_document() -> None:
    assert 'type="checkbox"' in rendered("<input>")
    assert 'type="checkbox"' in rendered("<input type=text>")


@pytest.mark.parametrize("text", ["<div>" * 20_000, "".join(f"<font size={size}><p>" for size in range(3_000))])
def test_what_is_nested_by_thousands_stands_as_it_was_written(text: str) -> None:
    """A README of these took its reader ten seconds of the server's time, and larger ones minutes."""
    assert rendered(text).startswith(('<pre class="plain">&lt;', "<p>&lt;"))


def test_thousands_of_headings_and_tasks_have_what_each_has() -> None:
    """Each was looked for among all that stood before it: a README of 30,000 took minutes."""
    html = rendered("# a\n" * 2_000 + "- [ ] a\n" * 2_000)

    assert len(set(re.findall(r'<h2 id="([^"]*)"', html))) == 2_000
    assert html.count("<input") == 2_000


@pytest.mark.parametrize(
    "text",
    [
        "[^1]" * 18_000 + "\n\n[^1]: n\n",
        ("| a " * 100 + "\n" + "|-" * 100 + "\n" + ("| b " * 100 + "\n") * 200 + "\n"),
        "&" * 100_000,
        "港" * 250_000,
        "x" * 300_000,
    ],
)
@pytest.mark.parametrize("kind", list(TextKind))
def test_of_a_document_without_end_the_beginning_is_shown(text: str, kind: TextKind) -> None:
    shown = str(beginning(text, kind, PLACE))

    assert LARGEST_SHOWN_BYTES // 4 < len(shown.encode()) < LARGEST_SHOWN_BYTES + 500
    assert shown.endswith(
        '<p class="notice">Only the beginning is shown: it is long. Its source text has all of it.</p>'
    )


@given(st.text(alphabet="ab\n*[]<>&`#- 港", max_size=300))
def test_what_is_short_is_shown_as_it_is(text: str) -> None:
    assert beginning(text, TextKind.MARKDOWN, PLACE) == render_document(text, TextKind.MARKDOWN, PLACE)


def test_it_ends_where_a_paragraph_does() -> None:
    text = "".join(f"paragraph {number}\n\n" for number in range(4000))

    shown = str(beginning(text, TextKind.MARKDOWN, PLACE))

    assert re.search(r"<p>paragraph \d{4}</p>\s*<p class=.notice", shown)
