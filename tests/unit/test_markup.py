"""What people wrote becomes HTML that can do nothing, in a time that does not grow with how it is nested."""

import re
from collections.abc import Mapping

import pytest

from matou.markup import LocalFile, TextRenderer, is_too_deep, tokens_in, without_controls
from matou.model.metadata import MarkupText

LINKS = {"#7": "/a/b/-/issues/7", "!12": "/a/b/-/changes/12", "@李华": "/a/b/-/people/li", "0123abc": "/a/b/-/commit/x"}
PICTURE = LocalFile("/a/b/-/files/00/x.png", is_picture=True)


def rendered(body: str, markup: str = "markdown", files: Mapping[str, LocalFile] = {}) -> str:
    return TextRenderer(LINKS).render(MarkupText(markup=markup, body=body), files)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("see #7, !12 and I6D3AV", {"#7", "!12"}),
        ("#I6D3AV by @li-na. mail a@b.cn", {"#I6D3AV", "@li-na"}),
        ("由 @李华 在 0123abc 修复，非 9999999x", {"@李华", "0123abc"}),
        ("defaced is a word, &#39; no number, a/b#7 of another", set()),
        ("v1.0123abc", set()),
    ],
)
def test_what_may_speak_of_something_is_found(text: str, tokens: set[str]) -> None:
    assert tokens_in(text) == tokens


def test_only_what_is_there_is_linked_and_nothing_in_code() -> None:
    html = rendered("#7 #8 `#7` !12 @李华 0123abc 0123abd")

    assert re.findall(r'href="([^"]*)"[^>]*>([^<]*)<', html) == [
        ("/a/b/-/issues/7", "#7"),
        ("/a/b/-/changes/12", "!12"),
        ("/a/b/-/people/li", "@李华"),
        ("/a/b/-/commit/x", "0123abc"),
    ]


@pytest.mark.parametrize(
    "body",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<svg onload=alert(1)><style>*{}</style>",
        "[a](javascript:alert(1)) [b](/-/sign-out) [c](//evil.example)",
        "![p](https://evil.example/p.png) <iframe src=//evil.example></iframe>",
        '<form action="/-/x"><input type=submit><button>x</button></form>',
        "<a href='data:text/html,x' style='position:fixed'>x</a>",
    ],
)
@pytest.mark.parametrize("markup", ["markdown", "html", "coding-rich"])
def test_nothing_that_somebody_wrote_runs_or_asks_for_anything(body: str, markup: str) -> None:
    html = rendered(body, markup)

    assert not re.search(r"<(?:script|style|iframe|form|button|svg|img)|\son|style=|<[^>]*(?:javascript|data):", html)
    assert not re.search(r'href="/', html)


def test_a_picture_that_was_saved_is_shown_and_any_other_is_a_link() -> None:
    html = rendered("![a](x.png) ![b](https://evil.example/y.png)", files={"x.png": PICTURE})

    assert '<img src="/a/b/-/files/00/x.png" alt="a">' in html
    assert re.search(r'<a href="https://evil.example/y.png"[^>]*>b</a>', html)


def test_a_list_of_tasks_has_boxes_that_nobody_can_tick() -> None:
    boxes = re.findall(r"<input[^>]*>", rendered("- [x] done\n- [ ] open\n\n<input name=q value=x>"))

    assert len(boxes) == 3
    assert all('type="checkbox"' in box and "disabled" in box and "name" not in box for box in boxes)
    assert ["checked" in box for box in boxes] == [True, False, False]


@pytest.mark.parametrize(
    "body",
    [
        "<blockquote>" * 20_000,
        "".join(f"<font size={size}><p>" for size in range(3_000)),
        "<DIV></b>" * 10_000,
        "<" * 200_000,
        "<a href=" * 20_000,
        "</p>" * 60_000,
    ],
)
def test_however_deep_a_text_is_it_stands_there_at_once(body: str) -> None:
    """Cleaning 20,000 tags within one another took seconds, and 80,000 of them a minute."""
    html = rendered(body, "html")

    assert html.count("<") < 2_000 or html.count("<p>") > 1_000


@pytest.mark.parametrize("given", ["<p>" * 1_000, "<li>a" * 1_000, "<b></b>" * 1_000, "</div>" * 1_000, "<br>" * 1_000])
def test_what_closes_itself_is_not_deep(given: str) -> None:
    assert not is_too_deep(given)


def test_control_characters_show_as_such_and_lines_stay() -> None:
    assert without_controls("a\0b\x1b[31m\tc\r\nd\x7f\ud800") == "a�b�[31m\tc\r\nd��"
