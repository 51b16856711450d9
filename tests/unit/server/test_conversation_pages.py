"""What pages of conversations are made of, as far as it is pure: order, pages, filters, addresses, outlines."""

from datetime import UTC, datetime, timedelta

import pytest

from matou.db.items import ItemOrder
from matou.model.metadata import (
    ChangeBase,
    ChangeHead,
    ChangeRequest,
    Comment,
    Issue,
    LabelDefinition,
    MarkupText,
    Review,
    ReviewThread,
    TimelineEvent,
    WikiPage,
)
from matou.model.metadata.kinds import CHANGE, ISSUE
from matou.server.web.conversation.item_filters import read_filters
from matou.server.web.conversation.saved_page import color_of, file_name, original_url, shown
from matou.server.web.conversation.timeline import MOST_COMMENTS, anchor_of, page_with, pages_of, timeline_of
from matou.server.web.views.wiki import DEEPEST, outline_of

START = datetime(2026, 1, 1, tzinfo=UTC)


def text(body: str = "") -> MarkupText:
    return MarkupText(markup="markdown", body=body)


def comment(number: int, *, hours: int | None = None, body: str = "") -> Comment:
    at = None if hours is None else START + timedelta(hours=hours)
    return Comment(id=str(number), by="1", at=at, text=text(body))


def issue(*comments: Comment, events: tuple[TimelineEvent, ...] = ()) -> Issue:
    return Issue(number="1", title="x", state="open", comments=comments, events=events)


def test_all_stands_in_the_order_of_time_and_what_has_none_first() -> None:
    event = TimelineEvent(kind="closed", at=START + timedelta(hours=2), data={})
    item = issue(comment(1, hours=3), comment(2), comment(3, hours=1), events=(event,))

    entries = timeline_of(item)

    assert [one.comment.id if one.comment else "event" for one in entries] == ["2", "3", "event", "1"]


def test_comments_of_a_thread_stay_together() -> None:
    thread = ReviewThread(id="t", comments=(comment(1, hours=1), comment(2, hours=9)))
    change = ChangeRequest(
        number="1",
        title="x",
        state="open",
        head=ChangeHead(),
        base=ChangeBase(branch="main"),
        comments=(comment(3, hours=5),),
        threads=(thread, ReviewThread(id="empty", comments=())),
        reviews=(Review(id="r", at=START, state="approved"),),
    )

    [page] = pages_of(timeline_of(change), 0)

    assert [one.comment.id if one.comment else "review" for one in page] == ["review", "1", "2", "3"]
    assert [one.opens_thread for one in page] == [False, True, False, False]


def test_a_page_has_no_more_comments_than_people_read() -> None:
    pages = pages_of(timeline_of(issue(*(comment(number, hours=number) for number in range(120)))), 0)

    assert list(map(len, pages)) == [MOST_COMMENTS, MOST_COMMENTS, 20]
    assert page_with(pages, "119") == 3
    assert page_with(pages, "none") == 1


def test_a_page_has_no_more_text_than_it_may_weigh() -> None:
    long = [comment(number, hours=number, body="港" * 3_000) for number in range(20)]
    pages = pages_of(timeline_of(issue(*long)), 0)

    assert all(0 < len(page) <= 6 for page in pages)
    assert sum(map(len, pages)) == 20
    assert pages_of([], 10**9) == [()]


def test_anchors_are_words() -> None:
    assert anchor_of('1 "><b>') == "comment-1____b_"


@pytest.mark.parametrize(
    ("query", "state", "states"),
    [
        ({}, "open", ("open",)),
        ({"state": "closed"}, "closed", ("closed", "merged")),
        ({"state": "nothing"}, "open", ("open",)),
        ({"q": "words"}, "all", None),
        ({"q": "words", "state": "open"}, "open", ("open",)),
    ],
)
def test_who_looks_for_words_looks_at_all_states(
    query: dict[str, str], state: str, states: tuple[str, ...] | None
) -> None:
    filters = read_filters(ISSUE, query)

    assert (filters.state, filters.query.states) == (state, states)


def test_filters_become_a_question_to_the_index() -> None:
    query = {
        "label": "a,b",
        "milestone": "none",
        "iteration": "3",
        "author": "@li",
        "reviewer": "wang",
        "sort": "stale",
        "q": " x\0 ",
    }
    filters = read_filters(CHANGE, query)
    wanted = filters.query

    assert (wanted.labels, wanted.milestone, wanted.iteration) == (("a,b",), "", "3")
    assert (wanted.author, wanted.reviewer, wanted.assignee) == ("li", "wang", "")
    assert (wanted.order, wanted.ascending) == (ItemOrder.UPDATED, True)
    assert read_filters(ISSUE, query).reviewer == ""
    assert "\0" not in filters.words


@pytest.mark.parametrize(
    ("url", "host", "platform", "is_one"),
    [
        ("https://e.coding.net/p/1", "e.coding.net", "coding", True),
        ("https://team.coding.net/p/1", "e.coding.net", "coding", True),
        ("http://gitee.example:3000/x", "gitee.example:3000", "gitee", True),
        ("https://team.coding.net/p/1", "coding.example", "coding", False),
        ("https://coding.net.evil.example/", "e.coding.net", "coding", False),
        ("https://evilcoding.net/", "e.coding.net", "coding", False),
        ("https://e.coding.net@evil.example/", "e.coding.net", "coding", False),
        ("https://user@e.coding.net/", "e.coding.net", "coding", False),
        ("javascript://e.coding.net/%0aalert(1)", "e.coding.net", "coding", False),
        ("//e.coding.net/", "e.coding.net", "coding", False),
        ("https://e.coding.net:99999/", "e.coding.net", "coding", False),
        ("https://[e.coding.net", "e.coding.net", "coding", False),
        ("https://e.coding.net/\n", "e.coding.net", "nobody knows it", True),
        ("https://e.coding.net/\x00", "e.coding.net", "coding", False),
        (None, "e.coding.net", "coding", False),
    ],
)
def test_an_original_is_at_the_place_that_it_was_saved_from(
    url: str | None, host: str, platform: str, is_one: bool
) -> None:
    assert bool(original_url(url, host, platform)) is is_one


@pytest.mark.parametrize(("color", "kept"), [("d73a4a", "d73a4a"), ("D73A4A", "d73a4a"), ('0"/>', ""), ("", "")])
def test_a_colour_is_six_digits_or_none(color: str, kept: str) -> None:
    assert color_of(LabelDefinition(name="x", color=color)) == kept
    assert color_of(None) == ""


def test_names_are_one_line_of_what_a_document_can_have() -> None:
    assert shown("a\nb\x1b\ud800") == "a b��"
    assert shown("x" * 999) == "x" * 299 + "…"
    assert file_name("../../a/b") == "_.._a_b"
    assert file_name("...") == "file"


def wiki(page: str, parent: str | None = None, order: int | None = None) -> WikiPage:
    return WikiPage(id=page, title=page, parent=parent, order=order, text=text())


def test_a_page_of_a_wiki_stands_below_its_own() -> None:
    pages = [wiki("c", "a", 2), wiki("b", "a", 1), wiki("a"), wiki("d", "gone"), wiki("e", "b")]

    assert [(page.id, depth) for page, depth in outline_of(pages)] == [
        ("a", 0),
        ("b", 1),
        ("e", 2),
        ("c", 1),
        ("d", 0),
    ]


def test_pages_that_stand_below_one_another_in_a_circle_are_there_once() -> None:
    circle = [wiki("a", "b"), wiki("b", "a"), wiki("c", "c")]
    chain = [wiki("0"), *(wiki(str(number), str(number - 1)) for number in range(1, 3_000))]

    assert sorted(page.id for page, _ in outline_of(circle)) == ["a", "b", "c"]
    assert max(depth for _, depth in outline_of(chain)) == DEEPEST
