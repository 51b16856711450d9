"""What a reader of metadata gives of a Gitee account, and what it asks for it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from matou.credentials import Secret
from matou.errors import Refused
from matou.http.session import Session
from matou.model.metadata import ChangeRequest, Issue, SavedRelease
from matou.model.metadata.kinds import CHANGE, EVENT, HOOK, ISSUE, RELEASE, MetadataKind
from matou.model.platform import Record
from matou.platforms.base.errors import ActionRefused, NotOffered
from matou.platforms.base.metadata import ItemRow, MetadataReader
from matou.platforms.gitee.metadata_source import GiteeMetadataSource
from matou.platforms.gitee.source import GiteeSource
from support.conversation_story import ASSET
from support.gitee_conversation import GiteeConversation, running_gitee_conversation
from support.gitee_source import TOKEN
from support.gitee_swagger import faults_of
from support.recording_server import SeenRequest
from support.steered_clock import SYSTEM_CLOCK

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
LATER = datetime(2024, 1, 1, tzinfo=UTC)


@pytest.fixture
def account() -> Iterator[GiteeConversation]:
    with running_gitee_conversation() as account:
        yield account


@pytest.fixture
def session(account: GiteeConversation) -> Iterator[Session]:
    with Session(named=[account.url], clock=SYSTEM_CLOCK) as session:
        yield session


@pytest.fixture
def records() -> list[Record]:
    return []


def source_of(session: Session, account: GiteeConversation, records: list[Record], **more: Any) -> GiteeMetadataSource:
    return GiteeMetadataSource(session, account.url, Secret(TOKEN), records.append, now=lambda: NOW, **more)


def reader_of(session: Session, account: GiteeConversation, records: list[Record], **more: Any) -> MetadataReader:
    listed = GiteeSource(session, account.url, Secret(TOKEN), record=lambda _: None, now=lambda: NOW)
    namespaces = {namespace.id: namespace for namespace in listed.namespaces()}
    [repository] = listed.repositories()
    found = source_of(session, account, records, **more).of_repository(repository, namespaces[repository.namespace_id])
    account.requests_seen.clear()
    assert found is not None
    return found


@pytest.fixture
def reader(session: Session, account: GiteeConversation, records: list[Record]) -> MetadataReader:
    return reader_of(session, account, records)


def requested(account: GiteeConversation) -> list[str]:
    """Below the repository's path."""
    return [one.path.removeprefix("/repos/harbour/crane/") for one in account.requests_seen]


def rows(reader: MetadataReader, kind: MetadataKind, since: datetime | None = None) -> dict[str, ItemRow]:
    return {row.key: row for row in reader.rows(kind, since)}


def many_issues(account: GiteeConversation, count: int) -> list[dict[str, Any]]:
    begin = datetime(2023, 5, 1, tzinfo=UTC)
    made = [
        account.issue(
            "harbour/crane",
            f"I{number:05}",
            id=number,
            created_at=(begin + timedelta(minutes=number)).isoformat(),
            updated_at=(begin + timedelta(minutes=number)).isoformat(),
        )
        for number in range(count)
    ]
    account.talks["harbour/crane"].issues = made
    return made


def test_all_issues_are_given_closed_ones_too(reader: MetadataReader) -> None:
    listed = rows(reader, ISSUE)

    assert list(listed) == ["I6D3AV", "I6D3B0", "I6D3ZZ"]
    read = reader.read(ISSUE, listed["I6D3AV"], None, sweeping=False)
    assert read is not None
    assert isinstance(read.item, Issue)
    assert (read.item.title, read.item.labels, read.item.milestone) == ("吊车在雨天停转", ("缺陷", "紧急"), "77")
    assert "repository" not in (read.item.extra or {})


def test_comments_come_in_one_list_with_the_number_of_their_issue(reader: MetadataReader) -> None:
    comments = list(reader.comments(ISSUE, None))

    assert [(row.key, row.comment.id, row.comment.by) for row in comments] == [
        ("I6D3AV", "101", "23"),
        ("I6D3AV", "102", None),
    ]
    assert comments[1].comment.edited_at == datetime(2023, 3, 3, 4, tzinfo=UTC)


def test_pull_requests_come_with_their_reviewers_and_their_line_comments_in_threads(reader: MetadataReader) -> None:
    listed = rows(reader, CHANGE)
    comments = list(reader.comments(CHANGE, None))

    read = reader.read(CHANGE, listed["3"], None, sweeping=False)
    assert read is not None
    assert isinstance(read.item, ChangeRequest)
    assert [(one.by, one.role, one.state) for one in read.item.reviewers] == [
        ("23", "reviewer", "approved"),
        ("31", "tester", "requested"),
    ]
    assert [(row.key, row.comment.id, row.thread and row.thread.id) for row in comments] == [
        ("3", "201", "201"),
        ("3", "202", "201"),
        ("3", "203", None),
    ]


def test_a_reply_to_a_reply_is_in_the_thread_of_the_first(account: GiteeConversation, reader: MetadataReader) -> None:
    talk = account.talks["harbour/crane"]
    again = {**talk.pull_comments[1], "id": 299, "in_reply_to_id": 202, "updated_at": "2023-04-01T10:00:00+08:00"}
    talk.pull_comments.append(again)

    threads = {row.comment.id: row.thread.id for row in reader.comments(CHANGE, None) if row.thread}

    assert threads == {"201": "201", "202": "201", "299": "201"}


def test_a_release_has_the_files_that_somebody_attached_with_their_sizes(
    account: GiteeConversation, reader: MetadataReader
) -> None:
    listed = rows(reader, RELEASE)
    read = reader.read(RELEASE, listed["v1.0"], None, sweeping=False)

    assert read is not None
    assert isinstance(read.item, SavedRelease)
    [asset] = read.item.assets
    assert (asset.name, asset.size) == ("吊车手册.zip", len(ASSET))
    request = reader.download(asset.url, read.addresses[asset.url])
    assert request.authorization is not None
    assert request.url.startswith(f"{account.url}/repos/harbour/crane/releases/1/attach_files/")
    assert list(listed) == ["v1.0", "release/2.0"]


def test_a_release_that_is_as_it_was_is_asked_for_nothing_more(
    account: GiteeConversation, reader: MetadataReader
) -> None:
    row = rows(reader, RELEASE)["v1.0"]
    read = reader.read(RELEASE, row, None, sweeping=False)
    assert read is not None
    account.requests_seen.clear()

    assert reader.read(RELEASE, row, read.item, sweeping=False) is None
    assert requested(account) == []
    assert reader.read(RELEASE, row, read.item, sweeping=True) is not None


def test_a_release_whose_files_were_refused_is_asked_for_them_again(
    account: GiteeConversation, reader: MetadataReader
) -> None:
    row = rows(reader, RELEASE)["v1.0"]
    account.refused.add("/attach_files")
    first = reader.read(RELEASE, row, None, sweeping=False)
    assert first is not None
    assert first.faults

    account.refused.clear()
    second = reader.read(RELEASE, row, first.item, sweeping=False)

    assert second is not None
    assert [asset.name for asset in second.item.assets] == ["吊车手册.zip"]  # type: ignore[attr-defined]


def test_what_is_known_of_the_files_of_a_release_stays_where_their_list_is_refused(
    account: GiteeConversation, reader: MetadataReader
) -> None:
    row = rows(reader, RELEASE)["v1.0"]
    first = reader.read(RELEASE, row, None, sweeping=False)
    assert first is not None
    account.refused.add("/attach_files")

    second = reader.read(RELEASE, row, first.item, sweeping=True)

    assert second is not None
    assert second.item.assets == first.item.assets  # type: ignore[attr-defined]


def test_how_many_requests_a_first_run_takes_is_known_before(reader: MetadataReader) -> None:
    """One for each hundred of a list; for each release one for its files, once."""
    assert reader.expected_calls(ISSUE, None, saved=5000) == 100
    assert reader.expected_calls(ISSUE, LATER, saved=5000) == 2
    assert reader.expected_calls(RELEASE, None, saved=0) == 3
    assert reader.expected_calls(RELEASE, None, saved=2) == 1


def test_where_nothing_changed_each_list_of_what_is_said_takes_one_request(
    account: GiteeConversation, reader: MetadataReader
) -> None:
    for kind in (ISSUE, CHANGE):
        assert list(reader.comments(kind, LATER)) == []
        assert list(reader.rows(kind, LATER)) == []

    assert requested(account) == ["issues/comments", "issues", "pulls/comments", "pulls"]


def test_only_what_changed_since_then_is_given(account: GiteeConversation, reader: MetadataReader) -> None:
    talk = account.talks["harbour/crane"]
    talk.pulls[0]["updated_at"] = talk.issues[1]["updated_at"] = "2024-02-01T10:00:00+08:00"

    assert list(rows(reader, CHANGE, LATER)) == ["3"]
    assert list(rows(reader, ISSUE, LATER)) == ["I6D3B0"]


@pytest.mark.parametrize("count", [100, 101, 250])
def test_a_long_list_is_whole_whatever_moves_in_it(
    account: GiteeConversation, reader: MetadataReader, count: int
) -> None:
    made = many_issues(account, count)

    def change() -> None:
        made[3]["updated_at"] = "2024-06-01T10:00:00+08:00"
        del made[7]

    account.then["/issues"] = change
    listed = rows(reader, ISSUE)

    assert len(listed) == count
    assert listed["I00003"].updated_at == datetime(2023, 5, 1, 0, 3, tzinfo=UTC)


def test_what_changed_while_the_list_was_walked_does_not_move_the_time_from_which_the_next_run_asks(
    account: GiteeConversation, reader: MetadataReader
) -> None:
    made = many_issues(account, 150)

    def change() -> None:
        made[3]["updated_at"] = "2024-06-01T10:00:00+08:00"
        made[149]["updated_at"] = "2024-06-01T12:00:00+08:00"

    account.then["/issues"] = change
    listed = rows(reader, ISSUE)

    times = [row.updated_at for row in listed.values() if row.updated_at is not None]
    assert max(times) < datetime(2024, 6, 1, tzinfo=UTC)
    assert listed["I00149"].updated_at is None


def test_a_refusal_in_the_middle_comes_after_the_rows_that_came(
    account: GiteeConversation, reader: MetadataReader
) -> None:
    many_issues(account, 150)
    account.then["/issues"] = lambda: account.refused.add("/issues")
    came: list[ItemRow] = []

    with pytest.raises(Refused):
        came.extend(reader.rows(ISSUE, None))

    assert len(came) == 100


def test_a_list_that_the_token_may_not_read_is_refused(account: GiteeConversation, reader: MetadataReader) -> None:
    account.refused.add("/hooks")

    with pytest.raises(Refused):
        reader.table(HOOK)


def test_what_is_refused_since_it_is_switched_off_is_not_there(
    session: Session, account: GiteeConversation, records: list[Record]
) -> None:
    account.refused.add("/issues")
    [row] = account.repositories.values()
    on, row["has_issues"] = reader_of(session, account, records), False
    off = reader_of(session, account, records)

    with pytest.raises(ActionRefused):
        list(on.rows(ISSUE, None))
    with pytest.raises(NotOffered, match="switched off"):
        list(off.rows(ISSUE, None))
    assert list(rows(off, CHANGE)) == ["3", "4"]


def test_no_secret_of_a_webhook_is_in_what_is_given(reader: MetadataReader) -> None:
    given = repr(reader.table(HOOK))

    assert "s3cr3t-of-hook" not in given
    assert "k3y-of-robot" not in given


def test_issues_of_an_enterprise_that_belong_to_no_repository_belong_to_its_namespace(
    session: Session, account: GiteeConversation, records: list[Record]
) -> None:
    listed = GiteeSource(session, account.url, Secret(TOKEN), record=lambda _: None, now=lambda: NOW)
    of = {one.name: source_of(session, account, records).of_namespace(one) for one in listed.namespaces()}

    assert of["harbour"] is None
    reader = of["dock-works"]
    assert reader is not None
    [row] = rows(reader, ISSUE).values()
    read = reader.read(ISSUE, row, None, sweeping=False)
    assert read is not None
    assert isinstance(read.item, Issue)
    assert (read.item.title, [comment.text.body for comment in read.item.comments]) == ("企业的任务", ["好"])


def test_events_are_asked_for_only_where_they_are_wanted(
    session: Session, account: GiteeConversation, records: list[Record]
) -> None:
    wants = reader_of(session, account, records, wants=lambda kind: kind.is_default or kind is EVENT)

    read = wants.read(ISSUE, rows(wants, ISSUE)["I6D3AV"], None, sweeping=False)

    assert read is not None
    assert isinstance(read.item, Issue)
    assert [(event.kind, event.by, event.text) for event in read.item.events] == [("other", "23", "更改了状态")]


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("https://foruda.gitee.com/images/1676891234567890123/5a6b7c8d_17.png", True),
        ("https://images.gitee.com/uploads/images/2020/0101/x.png", True),
        ("{site}/harbour/crane/attach_files/7/download/x.zip", True),
        ("/harbour/crane/attach_files/7/download/x.zip", True),
        ("https://foruda.gitee.com.evil.example/images/x.png", False),
        ("https://evil.example/images/x.png", False),
        ("{site}/harbour/crane/issues/I6D3AV", False),
        ("http://169.254.169.254/images/x.png", False),
    ],
)
def test_what_is_a_file_that_the_platform_keeps(
    account: GiteeConversation, reader: MetadataReader, address: str, expected: bool
) -> None:
    assert reader.is_attachment(address.format(site=account.origin)) is expected


def test_the_token_goes_with_nothing_but_what_the_api_gives(reader: MetadataReader) -> None:
    picture = reader.download("https://foruda.gitee.com/images/1/x.png", None)
    signed = reader.download("https://gitee.com/x.zip", "https://evil.example/api/v5/x")

    assert (picture.authorization, signed.authorization) == (None, None)
    assert "evil.example" not in signed.hosts
    assert picture.headers["Referer"]


def test_every_request_is_one_that_gitee_describes(account: GiteeConversation, reader: MetadataReader) -> None:
    for readable in reader.kinds:
        if readable.kind in (ISSUE, CHANGE):
            list(reader.comments(readable.kind, LONG_AGO))
            list(reader.rows(readable.kind, LONG_AGO))
        elif readable.kind is RELEASE:
            list(reader.rows(readable.kind, None))
        else:
            reader.table(readable.kind)

    seen = [
        SeenRequest("GET", f"/api/v5{one.path}?{_query(one.query)}", {}, b"", 1, 0.0) for one in account.requests_seen
    ]
    assert {fault for request in seen for fault in faults_of(request)} <= {"direction is not described"}


def _query(query: Any) -> str:
    return "&".join(f"{key}={value.replace('+', '%2B')}" for key, value in query.items())
