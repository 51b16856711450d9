"""What GitHub tells of discussions, advisories and relations becomes metadata, and nothing of it is lost."""

import json
from pathlib import Path
from typing import Any

import pytest

from matou.errors import UnknownShape
from matou.model.metadata import Advisory, Discussion
from matou.platforms.github.metadata_advisories import advisory_of
from matou.platforms.github.metadata_boards import ProjectWithItems, boards_of
from matou.platforms.github.metadata_discussions import discussion_of
from matou.platforms.github.metadata_items import issue_of
from support.losslessness import lost, with_people_apart

DATA = Path(__file__).parents[3] / "data" / "github"
MOMENT = "2024-03-01T02:00:00Z"
ADVISORIES: list[dict[str, Any]] = json.loads((DATA / "security-advisories.json").read_text(encoding="utf-8"))

PERSON_ADDRESSES = {
    *("url", "node_id", "gravatar_id", "followers_url", "following_url", "gists_url", "starred_url"),
    *("subscriptions_url", "organizations_url", "repos_url", "events_url", "received_events_url"),
    # Of a person it matters where it is a bot.
    "type",
}


def person(login: str = "li-na") -> dict[str, Any]:
    return {"id": 23, "login": login, "name": "李娜", "html_url": f"https://x.example/{login}", "type": "User"}


def reactions(count: int) -> list[dict[str, Any]]:
    return [{"content": "HEART", "reactors": {"totalCount": count}}]


def said(id_: int, **values: Any) -> dict[str, Any]:
    return {
        "id": id_,
        "node": f"DC_{id_}",
        "body": "我也遇到过",
        "html_url": f"https://x.example/discussions/7#discussioncomment-{id_}",
        "user": person("wang-hai"),
        "created_at": MOMENT,
        "edited_at": "2024-03-02T02:00:00Z",
        "deleted_at": None,
        "is_answer": True,
        "is_minimized": True,
        "minimized_reason": "spam",
        "author_association": "MEMBER",
        "upvotes": 3,
        "reactions": reactions(2),
        **values,
    }


DISCUSSION: dict[str, Any] = {
    "number": 7,
    "id": 70,
    "title": "吊车用哪一种钢绳",
    "body": "大家怎么看？",
    "html_url": "https://x.example/discussions/7",
    "user": person(),
    "author_association": "OWNER",
    "created_at": MOMENT,
    "updated_at": "2024-03-03T02:00:00Z",
    "edited_at": "2024-03-02T03:00:00Z",
    "closed": True,
    "closed_at": "2024-03-04T02:00:00Z",
    "state_reason": "RESOLVED",
    "locked": True,
    "active_lock_reason": "RESOLVED",
    "upvotes": 5,
    "category": {
        "id": "DIC_1",
        "name": "Q&A",
        "slug": "q-a",
        "emoji": ":pray:",
        "description": "问与答",
        "is_answerable": True,
    },
    "labels": {"nodes": [{"name": "缺陷"}]},
    "answer": {"id": 71},
    "answer_chosen_at": "2024-03-04T01:00:00Z",
    "answer_chosen_by": person("chen"),
    "poll": {"question": "哪一种？", "votes": 4, "options": {"nodes": [{"option": "细", "votes": 1}]}},
    "reactions": reactions(1),
    "comments": {},
}


def discussion(value: dict[str, Any]) -> object:
    read = discussion_of(value, [(value["comments"].get("first"), None)] if value["comments"] else [])
    return read.item, read.people


def test_nothing_of_a_discussion_is_lost() -> None:
    whole = with_people_apart({**DISCUSSION, "comments": {"first": said(71)}})

    # What GraphQL itself is asked by.
    people = {f"{who}.type" for who in ("user", "answer_chosen_by", "comments.first.user")}
    assert lost(whole, discussion) - people == {"comments.first.node"}


def test_a_discussion_has_its_category_its_answer_and_replies_under_what_they_reply_to() -> None:
    read = discussion_of(DISCUSSION, [(said(71), None), (said(72), "71")])

    assert isinstance(read.item, Discussion)
    assert read.item.type is not None
    assert (read.item.type.name, read.item.answer, read.item.state) == ("Q&A", "71", "closed")
    assert [(one.id, one.reply_to) for one in read.item.comments] == [("71", None), ("72", "71")]
    assert (read.item.extra or {})["poll"] == DISCUSSION["poll"]


def test_a_discussion_of_which_nothing_more_is_told_has_nothing_left_over() -> None:
    plain: dict[str, Any] = {
        **{key: DISCUSSION[key] for key in ("number", "id", "title", "body", "html_url", "user", "created_at")},
        "updated_at": MOMENT,
        "closed": False,
        "locked": False,
        "upvotes": 0,
        "reactions": reactions(0),
        "comments": {},
    }

    assert discussion_of(plain, []).item.extra is None  # type: ignore[attr-defined]


def advisory(value: dict[str, Any]) -> object:
    read = advisory_of(value)
    return read.item, read.people


@pytest.mark.parametrize("number", range(len(ADVISORIES)))
def test_nothing_of_an_advisory_is_lost(number: int) -> None:
    value = with_people_apart(ADVISORIES[number])
    people = {f"{who}.{key}" for who in ("author", "publisher") for key in PERSON_ADDRESSES}

    assert lost(value, advisory) - people == {"url"}


def test_an_advisory_that_was_withdrawn_is_closed_and_says_so() -> None:
    item = advisory_of({**ADVISORIES[0], "state": "withdrawn"}).item

    assert isinstance(item, Advisory)
    assert (item.state, (item.extra or {})["state"]) == ("closed", "withdrawn")
    with pytest.raises(UnknownShape):
        advisory_of({**ADVISORIES[0], "state": "forgotten"})


def test_an_issue_says_what_it_is_a_part_of() -> None:
    issue = {"id": 1, "number": 2, "title": "t", "state": "open", "repository_url": "https://a.example/repos/o/r"}
    own = issue_of({**issue, "parent_issue_url": "https://a.example/repos/o/r/issues/9"}).item
    other = issue_of({**issue, "parent_issue_url": "https://a.example/repos/o/other/issues/9"}).item

    assert own.parent == "9"  # type: ignore[attr-defined]
    assert (other.parent, other.extra) == (  # type: ignore[attr-defined]
        None,
        {"parent_issue_url": "https://a.example/repos/o/other/issues/9"},
    )


PROJECT: dict[str, Any] = {
    "node": "PVT_1",
    "id": "4711",
    "number": 3,
    "title": "码头二期",
    "url": "https://x.example/orgs/harbour/projects/3",
    "public": True,
    "closed": True,
    "closed_at": MOMENT,
    "created_at": MOMENT,
    "updated_at": MOMENT,
    "description": "短",
    "readme": "长",
    "template": True,
    "creator": {"login": "li-na"},
    "owner": {"type": "Organization", "login": "harbour"},
    "fields": {
        "nodes": [
            {"id": "F1", "name": "Title", "type": "TITLE"},
            {
                "id": "F2",
                "name": "Status",
                "type": "SINGLE_SELECT",
                "options": [
                    {"id": "o1", "name": "Todo", "color": "GREEN", "description": "待办"},
                    {"id": "o2", "name": "Done", "color": "GRAY", "description": ""},
                ],
            },
        ]
    },
    "views": {"nodes": [{"number": 1, "name": "板", "layout": "BOARD_LAYOUT", "filter": "is:open"}]},
    "updates": {"pageInfo": {"hasNextPage": False}, "nodes": [{"id": "S1", "body": "一切正常", "status": "ON_TRACK"}]},
}


def item(number: int, option: str | None, path: str = "harbour/crane") -> dict[str, Any]:
    status = [{"option": "x", "option_id": option, "field": {"id": "F2", "name": "Status"}}] if option else []
    content = {"number": number, "repository": {"path": path}}
    estimate = {"number": 2.5, "field": {"id": "F3", "name": "Estimate"}}
    return {
        "id": str(number),
        "type": "ISSUE",
        "archived": False,
        "content": content,
        "values": {"nodes": [*status, estimate]},
    }


def test_a_project_is_a_board_by_status_with_all_fields_of_its_items_beside() -> None:
    draft = {"id": "9", "type": "DRAFT_ISSUE", "content": {"title": "想法", "body": "……"}, "values": {"nodes": []}}
    items = [item(2, "o1"), item(5, "o2"), item(3, None), item(8, "o1", "harbour/other"), draft, None]

    [board] = boards_of([ProjectWithItems(PROJECT, items)], "Harbour/Crane")

    assert [(one.name, one.items) for one in board.columns] == [
        ("Todo", ("2",)),
        ("Done", ("5",)),
        ("No Status", ("3",)),
    ]
    assert board.confidential is None
    extra = board.extra or {}
    assert extra["items"] == items[:-1]
    assert extra["unseen_items"] == 1


def test_nothing_of_a_project_is_lost() -> None:
    def board(value: dict[str, Any]) -> object:
        return boards_of([ProjectWithItems(value, value["items"])], "harbour/crane")

    # GraphQL's own id, and that there is no more.
    assert lost({**PROJECT, "items": [item(2, "o1")]}, board) == {"node"}


def test_a_project_that_not_everybody_sees_is_kept_from_those_who_may_only_look() -> None:
    [board] = boards_of([ProjectWithItems({**PROJECT, "public": False}, [])], "harbour/crane")

    assert board.confidential
