"""A project and a depot at CODING are walked for what people said: what is asked, and what happens when lists move."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from matou.errors import MatouError
from matou.model.metadata import AttachedFile, ChangeRequest, Issue, SavedRelease, WikiPage, WikiVersion
from matou.model.metadata import kinds as known
from matou.model.platform import Record
from matou.platforms.base.errors import ActionRefused, NotOffered
from matou.platforms.base.metadata import CommentListing
from matou.platforms.base.recorded_answers import RecordedAnswers
from matou.platforms.coding.metadata_files import FileUnavailable, paired
from support.coding_metadata import milliseconds, user
from support.coding_source import REFUSED, CodingSource, failure
from support.coding_story import (
    COMMENT_PICTURE,
    PICTURE,
    PICTURE_PATH,
    PLAN,
    PNG,
    RELEASE_PICTURE,
    RELEASE_ZIP,
    WEBHOOK_KEY,
    add_page,
    comment,
    issue,
    merge_request,
    note,
)
from unit.platforms.coding.clients import client, connect, records, session
from unit.platforms.coding.harbour import Harbour, harbour, items, open_harbour, read_all

__all__ = ["client", "connect", "harbour", "open_harbour", "records", "session"]

OF_PROJECTS = (known.ISSUE, known.WIKI_PAGE, known.ANNOUNCEMENT, known.ARTIFACT, known.TEST_CASE)
SINCE = datetime(2025, 3, 9, 1, tzinfo=UTC)


def test_a_first_walk_asks_six_requests_an_issue_and_little_beside(harbour: Harbour) -> None:
    found = read_all(harbour.project, known.ISSUE)

    assert list(found) == ["1", "2", "3", "5", "6"]
    assert harbour.calls() == {
        "DescribeIssueListWithPage": 1,
        "DescribeIssue": 5 + 1,
        "DescribeIssueCommentList": 5,
        "DescribeBlockIssueList": 5,
        "DescribeBlockedByIssueList": 5,
        "DescribeIssueReferenceResources": 5,
        "DescribeIssueReleaseList": 5,
        "DescribeRequirementDefectRelation": 1,
        "DescribeIssueStatusChangeLogList": 1,
        "DescribeAllProjectsIssueWorkLogList": 1,
        "DescribeIssueFileUrl": 1,
    }


def test_a_second_walk_asks_for_what_changed_since_and_reads_that_alone(harbour: Harbour) -> None:
    before = items(read_all(harbour.project, known.ISSUE))
    harbour.talk.issues[6] |= {"Name": "给船刷红漆", "UpdatedAt": milliseconds("2025-03-12 08:00")}
    harbour.calls()

    rows = {row.key: row for row in harbour.project.rows(known.ISSUE, SINCE)}
    changed = {key: row for key, row in rows.items() if before[key].updated_at != row.updated_at}
    read = harbour.project.read(known.ISSUE, changed["6"], before["6"], sweeping=False)

    assert (sorted(rows), list(changed)) == (["5", "6"], ["6"])
    assert read is not None
    assert isinstance(read.item, Issue)
    assert read.item.title == "给船刷红漆"
    requests_seen = harbour.source.requested("DescribeIssueList")[0]
    assert requests_seen["Conditions"] == [{"Key": "UPDATED_AT", "Value": "2025-03-09_2099-12-31"}]
    assert harbour.calls()["DescribeIssue"] == 1


def test_nothing_changed_is_one_request(harbour: Harbour) -> None:
    assert list(harbour.project.rows(known.ISSUE, datetime(2025, 12, 1, tzinfo=UTC))) == []

    assert harbour.calls() == {"DescribeIssueList": 1}


def test_a_sweep_finds_a_comment_that_moved_no_time(harbour: Harbour) -> None:
    before = items(read_all(harbour.project, known.ISSUE))
    harbour.talk.comments[5][0] |= {"RawContent": "看错了", "UpdatedAt": milliseconds("2025-04-01 10:00")}
    harbour.talk.comments[6] = [comment(20, "红的好")]
    harbour.calls()

    found = items(read_all(harbour.project, known.ISSUE, None, before, sweeping=True))

    assert sorted(found) == ["5", "6"]
    assert found["5"].comments[0].text.body == "看错了"
    assert found["5"].comments[0].edited_at == datetime(2025, 4, 1, 2, tzinfo=UTC)
    assert harbour.calls()["DescribeIssueCommentList"] == 5


def test_an_issue_that_is_deleted_while_the_list_is_read_hides_no_other(harbour: Harbour) -> None:
    for code in range(10, 1100):
        harbour.talk.issues[code] = issue(code, f"第{code}件")

    def delete_one(request: int) -> None:
        if request == 2:
            del harbour.talk.issues[1]

    harbour.source.before["DescribeIssueListWithPage"] = delete_one

    keys = [row.key for row in harbour.project.rows(known.ISSUE, None)]

    assert set(keys) == {str(code) for code in harbour.talk.issues}
    assert len(keys) == len(set(keys))


def test_a_server_that_gives_fewer_than_were_asked_for_is_read_to_the_end(harbour: Harbour) -> None:
    harbour.source.metadata.largest_list = 12
    for code in range(10, 50):
        harbour.talk.issues[code] = issue(code, f"第{code}件")

    keys = [row.key for row in harbour.project.rows(known.ISSUE, datetime(2025, 1, 1, tzinfo=UTC))]

    assert keys == ["1", "2", "3", "5", "6", *(str(code) for code in range(10, 50))]


def test_rows_that_came_are_given_ahead_of_a_refusal_in_the_middle(harbour: Harbour) -> None:
    for code in range(10, 600):
        harbour.talk.issues[code] = issue(code, f"第{code}件")
    harbour.source.before["DescribeIssueListWithPage"] = lambda request: refuse_after(harbour.source, request)
    keys: list[str] = []

    with pytest.raises(ActionRefused):
        keys.extend(row.key for row in harbour.project.rows(known.ISSUE, None))

    assert (keys[0], len(keys)) == ("1", 500)


def refuse_after(source: CodingSource, request: int) -> None:
    if request == 2:
        source.always["DescribeIssueListWithPage"] = REFUSED


def test_comments_that_were_refused_are_a_fault_and_no_deletion(harbour: Harbour) -> None:
    harbour.source.always["DescribeIssueCommentList"] = REFUSED

    found = read_all(harbour.project, known.ISSUE)["5"]

    assert [type(fault) for fault in found.faults] == [ActionRefused.__subclasses__()[0]]
    assert not found.has_all_comments


def test_a_limit_that_was_reached_is_waited_for(harbour: Harbour) -> None:
    harbour.source.fail("DescribeIssueCommentList", failure("RequestLimitExceeded"), failure("RequestLimitExceeded"))

    assert len(read_all(harbour.project, known.ISSUE)) == 5


def test_people_who_left_are_kept_by_what_names_them(harbour: Harbour) -> None:
    people = {one.id: one for read in read_all(harbour.project, known.ISSUE).values() for one in read.people}
    members = harbour.project.table(known.MEMBER)

    assert (people["3"].name, people["3"].state) == ("王水手", "left")
    assert [(one.id, one.name) for one in members.people] == [("1", "陈船长"), ("2", "李领航")]


def test_files_and_pictures_have_an_address_that_stays_and_one_that_is_signed(harbour: Harbour) -> None:
    found = read_all(harbour.project, known.ISSUE)["5"]
    signed = harbour.source.metadata.signed

    assert found.addresses == {
        f"/api/project/1000/files/{PLAN}/download": signed(PLAN),
        PICTURE_PATH.format(PICTURE): signed(PICTURE),
        PICTURE_PATH.format(999): signed(999),
        PICTURE_PATH.format(COMMENT_PICTURE): signed(COMMENT_PICTURE),
    }
    assert "sign=" not in repr(found.item)


def test_what_is_saved_of_pictures_is_not_asked_for_again(harbour: Harbour) -> None:
    before = read_all(harbour.project, known.ISSUE)["5"]
    assert isinstance(before.item, Issue)
    files = tuple(AttachedFile(url=url, name="船.png", sha256="0" * 64) for url in before.addresses)
    harbour.talk.issues[5]["UpdatedAt"] += 1000
    harbour.calls()

    read_all(harbour.project, known.ISSUE, None, {"5": replace(before.item, files=files)})

    assert harbour.calls()["DescribeIssueFileUrl"] == 0


def test_where_no_file_is_wanted_nobody_asks_where_it_is(open_harbour: Callable[..., Harbour]) -> None:
    harbour = open_harbour(wants=lambda kind: kind is not known.ATTACHMENT)

    read_all(harbour.project, known.ISSUE)

    assert harbour.calls()["DescribeIssue"] == 5


def test_no_record_of_an_answer_has_a_signed_picture(harbour: Harbour, records: list[Record]) -> None:
    read_all(harbour.project, known.ISSUE)

    pictures = [record for record in records if harbour.source.metadata.signed(PICTURE).encode() in record.body]
    assert pictures == []
    assert {record.request for record in records} >= {"DescribeIssue", "DescribeIssueCommentList"}


def test_an_address_that_has_expired_is_asked_for_anew(harbour: Harbour) -> None:
    harbour.source.metadata.expire_signatures()

    request = harbour.project.download(PICTURE_PATH.format(PICTURE), None)

    assert request.url == harbour.source.metadata.signed(PICTURE)
    assert request.authorization is None
    assert "127.0.0.1" in request.hosts
    assert harbour.source.picture(request.url.removeprefix(harbour.source.origin), None).body == PNG


def test_a_file_that_the_platform_does_not_give_says_so(harbour: Harbour) -> None:
    with pytest.raises(MatouError, match="issue_file_not_exist"):
        harbour.project.download(PICTURE_PATH.format(999), None)
    with pytest.raises(FileUnavailable):
        harbour.depot.download("https://files.coding.net/nothing.zip", None)


@pytest.mark.parametrize(
    ("address", "is_one"),
    [
        ("/api/project/1000/files/701/imagePreview", True),
        ("https://harbour.coding.net/api/project/1000/files/701/imagePreview", True),
        ("/api/project/1000/files/701/imagePreview/x", False),
        ("https://example.com/a.png", False),
    ],
)
def test_an_attachment_is_known_by_its_address(harbour: Harbour, address: str, *, is_one: bool) -> None:
    assert harbour.project.is_attachment(address) is is_one


def test_texts_that_do_not_agree_pair_nothing() -> None:
    text = f"船 ![]({PICTURE_PATH.format(1)}) 与 ![]({PICTURE_PATH.format(2)})"

    assert paired(text, "船 ![](https://a/1?sign=x) 与 ![](https://a/2?sign=y)") == {
        1: "https://a/1?sign=x",
        2: "https://a/2?sign=y",
    }
    assert paired(text, "船 ![](https://a/1?sign=x)") == {}
    assert paired(text, text) == {}
    assert paired(PICTURE_PATH.format("9" * 5000), "https://a/1") == {}


@pytest.mark.parametrize("between", ["", "a", "a "])
def test_texts_made_to_be_compared_for_ever_are_not(between: str) -> None:
    """The test's own limit of time is the assertion."""
    text = between.join(PICTURE_PATH.format(number) for number in range(40))

    assert paired(text, "https://x/" + "a" * 200 + " b " * 40) == {}


def test_a_page_of_the_wiki_comes_with_its_versions(harbour: Harbour) -> None:
    found = read_all(harbour.project, known.WIKI_PAGE)

    pages = [read.item for read in found.values() if isinstance(read.item, WikiPage)]
    versions = [one for read in found.values() for one in read.beside if isinstance(one, WikiVersion)]
    assert [(one.id, one.title, one.parent, one.version) for one in pages] == [
        ("1", "首页", None, 2),
        ("2", "CON", "1", 1),
    ]
    assert [(one.page, one.version, one.text.body[:2], one.by) for one in versions] == [
        ("1", 1, "欢迎", "2"),
        ("1", 2, "欢迎", "2"),
        ("2", 1, "怎样", "2"),
    ]
    assert harbour.calls() == {"DescribeWikiList": 1, "DescribeWiki": 3}


def test_of_a_page_that_was_changed_its_new_versions_are_read(harbour: Harbour) -> None:
    before = items(read_all(harbour.project, known.WIKI_PAGE))
    harbour.calls()
    at, made = milliseconds("2025-04-01 08:00"), milliseconds("2025-02-02 08:00")
    add_page(harbour.talk, 2, "CON", ["怎样部署：问李领航", "不用问了"], at=at, made=made, parent=1)

    found = read_all(harbour.project, known.WIKI_PAGE, None, before)

    assert [(key, [one.version for one in read.beside]) for key, read in found.items()] == [("2", [2])]  # type: ignore[attr-defined]
    assert harbour.calls() == {"DescribeWikiList": 1, "DescribeWiki": 1}


def test_what_a_project_has_but_once_is_read_as_tables(harbour: Harbour) -> None:
    tables = {kind.name: harbour.project.table(kind).rows for kind in (known.LABEL, known.MILESTONE, known.HOOK)}
    settings = harbour.project.table(known.SETTING).rows[0]

    assert [(one.name, one.color) for one in tables["label"]] == [("急", "ff0000"), ("甲板", "0052cc")]  # type: ignore[union-attr]
    assert [(one.number, one.kind, one.state, one.due) for one in tables["milestone"]] == [  # type: ignore[union-attr]
        ("8", "iteration", "open", "2025-05-31"),
        ("9", "iteration", "open", None),
        ("42", "version", "closed", "2025-05-01"),
    ]
    assert WEBHOOK_KEY not in repr(tables["hook"])
    assert [field["IssueField"]["Name"] for field in settings["issue_fields"]] == ["免测"]  # type: ignore[index, union-attr]
    assert [one["PrincipalName"] for one in settings["principals"]] == ["甲板部"]  # type: ignore[index, union-attr]


def test_what_it_belongs_to_stands_in_no_item(harbour: Harbour) -> None:
    """about.json has it; another project's number is something else."""
    labels = harbour.source.labels[1000]
    labels[1]["ProjectId"] = 1001
    harbour.talk.hooks[0] |= {"TargetType": "PROJECT", "TargetId": 1000}
    harbour.talk.versions[0]["ProjectId"] = 1000

    tables = {kind.name: harbour.project.table(kind).rows for kind in (known.LABEL, known.MILESTONE, known.HOOK)}
    found = [
        *items(read_all(harbour.depot, known.CHANGE)).values(),
        *items(read_all(harbour.depot, known.RELEASE)).values(),
    ]

    numbers = {"ProjectId", "DepotId", "TargetId"}
    extras = [row.extra or {} for row in (*tables["milestone"], *tables["hook"], *found)]
    assert [numbers & extra.keys() for extra in extras] == [set()] * len(extras)
    assert [(row.extra or {}).get("ProjectId") for row in tables["label"]] == [None, 1001]  # type: ignore[union-attr]


def test_announcements_are_walked(harbour: Harbour) -> None:
    found = items(read_all(harbour.project, known.ANNOUNCEMENT))

    assert {key: one.text.body for key, one in found.items()} == {"3": "周五**停航**"}


def test_the_file_drive_is_reported_as_unseen(harbour: Harbour) -> None:
    unseen = {one.kind.name: str(one.unseen) for one in harbour.project.kinds if one.unseen}

    assert unseen == {"drive": "CODING's Open API neither lists nor gives what is in the file drive"}


def test_merge_requests_come_by_their_number_and_notes_of_the_whole_depot(harbour: Harbour) -> None:
    found = items(read_all(harbour.depot, known.CHANGE))
    comments = list(harbour.depot.comments(known.CHANGE, None))

    assert [(key, one.state) for key, one in found.items()] == [("1", "merged"), ("2", "open"), ("3", "closed")]
    assert [(row.key, row.comment.id, row.thread and row.thread.path) for row in comments] == [
        ("2", "707", "src/船头.c"),
        ("2", "708", "src/船头.c"),
        ("2", "709", None),
        ("2", "710", None),
    ]
    assert {row.thread.id for row in comments if row.thread} == {f"{'a' * 40}:4:src/船头.c"}
    assert harbour.calls() == {"DescribeDepotMergeRequests": 1, "DescribeAllMergeRequestNotes": 1}
    assert harbour.depot.kinds[0].comments is CommentListing.REPOSITORY_WIDE


def test_an_answer_to_an_old_note_is_in_the_thread_of_that_note(harbour: Harbour) -> None:
    whole = {row.comment.id: row.thread for row in harbour.depot.comments(known.CHANGE, None)}
    line = {"CommitSha": "a" * 40, "Path": "src/船头.c", "Index": 4}
    late = milliseconds("2025-05-01 10:00")
    harbour.depot_talk.threads[0].append(note(720, 2, "改成蓝色了", ParentId=707, CreatedAt=late, **line))

    rows = list(harbour.depot.comments(known.CHANGE, datetime(2025, 5, 1, tzinfo=UTC)))

    assert [(row.comment.id, row.comment.reply_to, row.thread) for row in rows] == [("720", "707", whole["707"])]


def test_merge_requests_that_changed_since_are_asked_for_by_the_day(harbour: Harbour) -> None:
    harbour.depot_talk.merges[4] = merge_request(5000, 4, "新船", UpdateAt=milliseconds("2025-06-01 00:30"))

    keys = [row.key for row in harbour.depot.rows(known.CHANGE, datetime(2025, 5, 31, 17, tzinfo=UTC))]

    assert keys == ["4"]
    assert harbour.source.requested("DescribeDepotMergeRequests")[0]["UpdatedAtStartDate"] == "2025-06-01"


def test_a_release_has_its_files_and_the_pictures_of_its_text(harbour: Harbour) -> None:
    read = read_all(harbour.depot, known.RELEASE)["v1.0/春"]
    assert isinstance(read.item, SavedRelease)
    stable, signed = f"{harbour.source.origin}/cos/{RELEASE_ZIP}.bin", harbour.source.metadata.signed

    assert [(one.name, one.size, one.url) for one in read.item.assets] == [("渡船 1.0.zip", 10, stable)]
    assert read.addresses == {
        stable: signed(RELEASE_ZIP),
        PICTURE_PATH.format(RELEASE_PICTURE): signed(RELEASE_PICTURE),
    }
    harbour.source.metadata.expire_signatures()
    assert harbour.depot.download(stable, None).url == signed(RELEASE_ZIP)


def test_protections_are_of_branches_and_of_tags(harbour: Harbour) -> None:
    rows = harbour.depot.table(known.PROTECTION).rows

    assert [(one.target, one.pattern, one.push, one.force_push) for one in rows] == [  # type: ignore[union-attr]
        ("branch", "main", ("gk1",), False),
        ("tag", "v1.0/春", None, False),
    ]


def test_commits_of_a_merge_request_are_where_codings_builds_fetch_them(harbour: Harbour) -> None:
    change = items(read_all(harbour.depot, known.CHANGE))["3"]
    assert isinstance(change, ChangeRequest)

    source = harbour.depot.commits_of(change)

    assert source is not None
    assert source.wants == ("refs/merge/3/MERGE", "d" * 40)


def test_the_same_records_give_the_same_items(
    harbour: Harbour, open_harbour: Callable[..., Harbour], records: list[Record]
) -> None:
    first = everything(harbour)
    recorded = list(records)
    harbour.calls()
    with RecordedAnswers(recorded) as answers:
        again = everything(open_harbour(answers=answers))

    assert again == first
    assert harbour.calls() == {}


def everything(harbour: Harbour) -> list[object]:
    project, depot = harbour.project, harbour.depot
    walked = [
        *(items(read_all(project, kind)) for kind in OF_PROJECTS),
        *(items(read_all(depot, kind)) for kind in (known.CHANGE, known.RELEASE)),
    ]
    tables = [project.table(kind) for kind in (known.MEMBER, known.LABEL, known.MILESTONE, known.SETTING, known.HOOK)]
    return [*walked, *tables, depot.table(known.PROTECTION), list(depot.comments(known.CHANGE, None))]


def test_the_calls_of_a_walk_are_told_beforehand(harbour: Harbour) -> None:
    first = harbour.project.expected_calls(known.ISSUE, None, saved=0)
    unchanged = harbour.project.expected_calls(known.ISSUE, SINCE, saved=5)

    assert (first, unchanged) == (1 + 2 + 6 * 5 + 1 + 1, 1)


def test_issues_of_another_persons_time_zone_are_kept_by_utc(harbour: Harbour) -> None:
    harbour.talk.issues[6] |= {"Creator": user(2, "李领航"), "CreatedAt": 1_700_000_000_123}

    found = items(read_all(harbour.project, known.ISSUE))["6"]

    assert found.at == datetime(2023, 11, 14, 22, 13, 20, 123000, tzinfo=UTC)


def test_an_action_that_a_server_does_not_offer_is_asked_for_once_in_a_run(harbour: Harbour) -> None:
    harbour.source.always["DescribeDepotMergeRequests"] = failure("InvalidAction", "there is none such")

    for _ in range(3):
        with pytest.raises(NotOffered):
            read_all(harbour.depot, known.CHANGE)

    assert harbour.calls()["DescribeDepotMergeRequests"] == 1


def test_an_action_that_a_server_does_not_offer_is_asked_for_once_by_all_threads(harbour: Harbour) -> None:
    harbour.source.always["DescribeDepotMergeRequests"] = failure("InvalidAction", "there is none such")

    def refused(_: int) -> bool:
        with pytest.raises(NotOffered):
            read_all(harbour.depot, known.CHANGE)
        return True

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(refused, range(16)))

    assert harbour.calls()["DescribeDepotMergeRequests"] == 1
