"""`from matou import Coding`: what people said about the code of a team that has a lot to say."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from matou import Coding
from matou.errors import MatouError, NotFound
from matou.http.session import Session
from support.coding_source import REFUSED, TOKEN, CodingSource, running_coding_source
from support.coding_story import issue, merge_request, tell_story
from support.steered_clock import SYSTEM_CLOCK

PROJECT = "boats"


@pytest.fixture
def source() -> Iterator[CodingSource]:
    with running_coding_source() as source:
        tell_story(source)
        yield source


@pytest.fixture
def depot_id(source: CodingSource) -> int:
    (id_,) = source.depots
    return id_


@pytest.fixture
def coding(source: CodingSource) -> Iterator[Coding]:
    with Session(named=[source.url], clock=SYSTEM_CLOCK) as session:
        yield Coding(TOKEN, source.url, session=session, now=lambda: datetime(2026, 11, 21, tzinfo=UTC))


def test_issues_are_listed_and_each_is_told_whole(coding: Coding) -> None:
    assert [row.code for row in coding.issues(PROJECT)] == [1, 2, 3, 5, 6]
    detail = coding.issue(PROJECT, 1)
    assert (detail.name, detail.type) == ("二〇二五年的船", "EPIC")
    assert detail.creator.name == "陈船长"
    assert [file.name for code in (1, 2, 3, 5, 6) for file in coding.issue(PROJECT, code).files] == ["年度 计划.txt"]
    with pytest.raises(NotFound):
        coding.issue(PROJECT, 4)


def test_comments_come_by_issue(source: CodingSource, coding: Coding) -> None:
    said = {code: rows for code, rows in source.metadata.projects[PROJECT].comments.items() if rows}

    assert said
    for code, rows in said.items():
        assert [one.comment_id for one in coding.issue_comments(PROJECT, code)] == [row["CommentId"] for row in rows]


def test_more_issues_than_a_page_holds_come_each_once(source: CodingSource, coding: Coding) -> None:
    source.metadata.projects[PROJECT].issues |= {code: issue(code, "又一个") for code in range(100, 700)}

    codes = [row.code for row in coding.issues(PROJECT)]

    assert codes == [1, 2, 3, 5, 6, *range(100, 700)]
    assert {requests_seen["PageNumber"] for requests_seen in source.requested("DescribeIssueListWithPage")} == {1, 2}


def test_merge_requests_and_their_notes_belong_to_a_depot(coding: Coding, depot_id: int) -> None:
    assert [(row.merge_id, row.status) for row in coding.merge_requests(depot_id)] == [
        (1, "ACCEPTED"),
        (2, "CANMERGE"),
        (3, "REFUSED"),
    ]
    threads = list(coding.merge_request_notes(f"{PROJECT}/ferry"))
    assert [[note.content for note in thread.note] for thread in threads] == [
        ["这里为什么是红色？", "因为显眼"],
        ["整体很好", "谢谢"],
    ]


def test_releases_name_their_files(coding: Coding, depot_id: int) -> None:
    [release] = coding.releases(depot_id)

    assert release.tag_name == "v1.0/春"
    assert [file.attachment_name for file in release.release_attachment] == ["渡船 1.0.zip"]


def test_what_a_project_plans_and_says_is_listed(coding: Coding, depot_id: int) -> None:
    assert [one.name for one in coding.iterations(PROJECT)] == ["春季", "以后"]
    assert [one.name for one in coding.versions(PROJECT)] == ["一号船"]
    [top] = coding.wiki(PROJECT)
    assert (top.title, [below.title for below in top.children]) == ("首页", ["CON"])
    assert [one.content_origin for one in coding.announcements(PROJECT)] == ["周五**停航**"]
    assert [rule.rule for rule in coding.branch_protections(depot_id)] == ["main"]


def test_a_list_that_breaks_off_gives_what_came_and_then_says_so(
    source: CodingSource, coding: Coding, depot_id: int
) -> None:
    talk = source.metadata.depots[depot_id]
    talk.merges |= {number: {**merge_request(depot_id, 1, "又一个"), "MergeId": number} for number in range(10, 120)}
    source.before["DescribeDepotMergeRequests"] = lambda count: (
        source.fail("DescribeDepotMergeRequests", REFUSED) if count == 2 else None
    )
    came: list[object] = []

    with pytest.raises(MatouError):
        came.extend(coding.merge_requests(depot_id))
    assert len(came) == 100
