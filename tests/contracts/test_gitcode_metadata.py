"""What a reader of metadata gives of a GitCode account, and what it asks for it."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from matou.credentials import Secret
from matou.errors import MatouError, Refused
from matou.http.retry import RetryPolicy
from matou.http.session import Session
from matou.model.metadata import ChangeRequest, Issue, SavedRelease
from matou.model.metadata.kinds import CHANGE, EVENT, HOOK, ISSUE, LINK, MEMBER, PROTECTION, RELEASE, MetadataKind
from matou.platforms.base.errors import ActionRefused, NotOffered
from matou.platforms.base.metadata import ItemRead, ItemRow, MetadataReader
from matou.platforms.gitcode.metadata_source import GitCodeMetadataSource
from matou.platforms.gitcode.source import GitCodeSource
from support.conversation_story import HEAD
from support.gitcode_conversation import GitCodeConversation, R, running_gitcode_conversation
from support.gitcode_schemas import faults
from support.gitcode_source import TOKEN
from support.steered_clock import SYSTEM_CLOCK

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LATER = datetime(2024, 1, 1, tzinfo=UTC)


@pytest.fixture
def account() -> Iterator[GitCodeConversation]:
    with running_gitcode_conversation() as account:
        yield account


@pytest.fixture
def session(account: GitCodeConversation) -> Iterator[Session]:
    patience = RetryPolicy(attempts=4, first_wait=timedelta(milliseconds=1))
    with Session(named=[account.url], clock=SYSTEM_CLOCK, patience=patience) as session:
        yield session


def reader_of(session: Session, account: GitCodeConversation, **more: Any) -> MetadataReader:
    listed = GitCodeSource(session, account.url, Secret(TOKEN), record=lambda _: None, now=lambda: NOW)
    [repository] = listed.repositories()
    records: list[object] = []
    source = GitCodeMetadataSource(session, account.url, Secret(TOKEN), records.append, now=lambda: NOW, **more)
    found = source.of_repository(repository, None)
    account.requests_seen.clear()
    assert found is not None
    return found


@pytest.fixture
def reader(session: Session, account: GitCodeConversation) -> MetadataReader:
    return reader_of(session, account)


def requested(account: GitCodeConversation) -> list[str]:
    """Below the repository's path."""
    return [one.path.removeprefix("/repos/harbour/crane/") for one in account.requests_seen]


def rows(reader: MetadataReader, kind: MetadataKind, since: datetime | None = None) -> dict[str, ItemRow]:
    return {row.key: row for row in reader.rows(kind, since)}


def read(
    reader: MetadataReader, kind: MetadataKind, key: str, before: Any = None, *, sweeping: bool = False
) -> ItemRead:
    found = reader.read(kind, rows(reader, kind)[key], before, sweeping=sweeping)
    assert found is not None
    return found


def test_all_issues_are_given_closed_ones_too(account: GitCodeConversation, reader: MetadataReader) -> None:
    found = read(reader, ISSUE, "2").item

    assert list(rows(reader, ISSUE)) == ["2", "5", "6"]
    assert isinstance(found, Issue)
    assert (found.title, found.labels, found.by) == ("吊车在雨天停转", ("缺陷", "紧急"), "wang-hai")
    assert [row.comment.by for row in reader.comments(ISSUE, None)] == ["li-na", None]
    assert requested(account) == ["issues", "issues", "issues/comments"]


def test_a_pull_request_is_read_whole_reviews_threads_and_replies(
    account: GitCodeConversation, reader: MetadataReader
) -> None:
    found = read(reader, CHANGE, "3").item

    assert isinstance(found, ChangeRequest)
    assert [(who.by, who.role, who.state) for who in found.reviewers] == [
        ("li-na", "reviewer", "approved"),
        ("zhao-gone", "tester", "requested"),
    ]
    [thread] = found.threads
    assert (thread.id, thread.path, thread.resolved) == ("d201", "src/吊车.c", True)
    assert [(comment.id, comment.by) for comment in thread.comments] == [("201", "li-na"), ("202", "wang-hai")]
    assert [comment.id for comment in found.comments] == ["203"]
    assert found.merged_by == "li-na"
    assert requested(account) == ["pulls", "pulls/3", "pulls/3/comments", "pulls/3/issues"]
    assert [(link.kind, link.to) for link in found.links] == [("relates", "2")]


def test_a_pull_request_without_comments_and_reviewers_is_told_by_the_list_alone(
    session: Session, account: GitCodeConversation
) -> None:
    """But for its links."""
    without = reader_of(session, account, wants=lambda kind: kind.is_default and kind is not LINK)
    read(without, CHANGE, "4")

    assert requested(account) == ["pulls"]


def test_comments_that_were_saved_are_asked_for_though_none_are_counted(
    account: GitCodeConversation, reader: MetadataReader
) -> None:
    """For all of them may have been deleted."""
    before = read(reader, CHANGE, "3").item
    talk = account.talks["harbour/crane"]
    talk.pulls[0]["notes"], talk.pull_comments[3] = 0, []
    account.requests_seen.clear()

    found = read(reader, CHANGE, "3", before)

    assert found.has_all_comments
    assert "pulls/3/comments" in requested(account)


def test_comments_that_are_refused_leave_the_pull_request_and_say_so(
    account: GitCodeConversation, reader: MetadataReader
) -> None:
    account.refused.add("pulls/3/comments")

    found = read(reader, CHANGE, "3")

    assert isinstance(found.item, ChangeRequest)
    assert found.item.title == "修好吊车"
    assert (len(found.faults), found.has_all_comments) == (1, False)


def test_where_nothing_changed_three_lists_of_what_is_said_take_one_request_each(
    account: GitCodeConversation, reader: MetadataReader
) -> None:
    assert list(reader.comments(ISSUE, LATER)) == []
    assert list(reader.rows(ISSUE, LATER)) == []
    assert list(reader.rows(CHANGE, LATER)) == []

    assert requested(account) == ["issues/comments", "issues", "pulls"]


def test_only_what_changed_since_then_is_given(account: GitCodeConversation, reader: MetadataReader) -> None:
    talk = account.talks["harbour/crane"]
    talk.pulls[0]["updated_at"] = talk.issues[1]["updated_at"] = "2024-02-01T10:00:00.000+08:00"

    assert (list(rows(reader, CHANGE, LATER)), list(rows(reader, ISSUE, LATER))) == (["3"], ["5"])


def test_a_comment_edited_silently_is_found_where_all_are_asked_for(
    account: GitCodeConversation, reader: MetadataReader
) -> None:
    account.talks["harbour/crane"].issue_comments[0]["body"] = "改过了"

    assert next(iter(reader.comments(ISSUE, None))).comment.text.body == "改过了"
    assert list(reader.comments(ISSUE, LATER)) == []


@pytest.mark.parametrize("count", [100, 101, 250])
def test_a_long_list_is_whole_whatever_moves_in_it(
    account: GitCodeConversation, reader: MetadataReader, count: int
) -> None:
    begin = datetime(2023, 5, 1, tzinfo=UTC)
    moments = [(begin + timedelta(minutes=number)).isoformat() for number in range(count)]
    made = [
        account.issue("harbour/crane", number, created_at=moment, updated_at=moment)
        for number, moment in enumerate(moments)
    ]
    account.talks["harbour/crane"].issues = made

    def change() -> None:
        made[3]["updated_at"] = "2024-06-01T10:00:00+08:00"
        del made[7]

    account.then["/issues"] = change

    assert len(rows(reader, ISSUE)) == count


def test_a_limit_that_is_reached_is_waited_for(account: GitCodeConversation, reader: MetadataReader) -> None:
    account.busy = 2

    assert list(rows(reader, ISSUE)) == ["2", "5", "6"]


def test_a_refusal_in_the_middle_comes_after_the_rows_that_came(
    account: GitCodeConversation, reader: MetadataReader
) -> None:
    talk = account.talks["harbour/crane"]
    talk.issues = [
        account.issue("harbour/crane", n, created_at=f"2023-05-{1 + n // 24:02}T{n % 24:02}:00:00+08:00")
        for n in range(150)
    ]
    for row in talk.issues:
        row["updated_at"] = row["created_at"]
    account.then["/issues"] = lambda: account.refused.add("/issues")
    came: list[ItemRow] = []

    with pytest.raises(Refused):
        came.extend(reader.rows(ISSUE, None))

    assert len(came) == 100


def test_releases_are_known_by_their_tags_and_their_files_are_asked_for_by_the_api(
    account: GitCodeConversation, reader: MetadataReader
) -> None:
    account.talks["harbour/crane"].releases[1]["assets"].append(
        {
            "name": "说明.pdf",
            "browser_download_url": f"{account.origin}/harbour/crane/releases/download/release/2.0/说明.pdf",
        }
    )
    found = read(reader, RELEASE, "release/2.0")

    assert isinstance(found.item, SavedRelease)
    [asset] = found.item.assets
    assert "?" not in asset.url
    request = reader.download(asset.url, found.addresses[asset.url])
    assert request.authorization is not None
    assert "/releases/release%2F2.0/attach_files/" in request.url
    assert reader.read(RELEASE, rows(reader, RELEASE)["release/2.0"], found.item, sweeping=False) is None


def test_members_and_protections_and_webhooks_are_tables(reader: MetadataReader) -> None:
    members, rules, hooks = (reader.table(kind) for kind in (MEMBER, PROTECTION, HOOK))

    assert [getattr(row, "role", None) for row in members.rows] == ["developer", "owner"]
    assert [getattr(row, "target", None) for row in rules.rows] == ["branch", "tag"]
    assert "s3cr3t-of-hook" not in repr(hooks)
    assert "k3y-of-robot" not in repr(hooks)


def test_a_list_that_the_token_may_not_read_is_refused(account: GitCodeConversation, reader: MetadataReader) -> None:
    account.refused.add("/hooks")

    with pytest.raises(Refused):
        reader.table(HOOK)


def test_what_is_refused_since_it_is_switched_off_is_not_there(session: Session, account: GitCodeConversation) -> None:
    account.refused.add("/issues")
    [row] = account.repositories.values()
    on, row["has_issue"] = reader_of(session, account), False
    off = reader_of(session, account)

    with pytest.raises(ActionRefused):
        list(on.rows(ISSUE, None))
    with pytest.raises(NotOffered, match="switched off"):
        list(off.rows(ISSUE, None))
    assert list(rows(off, CHANGE)) == ["3", "4"]


def test_another_server_without_such_a_list_offers_none(account: GitCodeConversation, reader: MetadataReader) -> None:
    account.talks.clear()

    with pytest.raises(MatouError, match="has no such list"):
        list(reader.rows(ISSUE, None))


def test_events_are_asked_for_only_where_they_are_wanted(session: Session, account: GitCodeConversation) -> None:
    wants = reader_of(session, account, wants=lambda kind: kind.is_default or kind is EVENT)

    issue, change = read(wants, ISSUE, "2").item, read(wants, CHANGE, "3").item

    assert isinstance(issue, Issue)
    assert isinstance(change, ChangeRequest)
    assert [event.by for event in (*issue.events, *change.events)] == ["li-na", "li-na"]


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("https://raw.gitcode.com/user-images/assets/4066481/0b1c/x.png", True),
        ("{site}/harbour/crane/attachment/uploads/0b1c/x.zip", True),
        ("/harbour/crane/attachment/uploads/0b1c/x.zip", True),
        ("{site}/user-images/assets/1/ab/x.png", True),
        ("https://raw.gitcode.com/harbour/crane/raw/main/README.md", False),
        ("https://raw.gitcode.com.evil.example/user-images/x.png", False),
        ("{site}/harbour/crane/issues/2", False),
    ],
)
def test_what_is_a_file_that_the_platform_keeps(
    account: GitCodeConversation, reader: MetadataReader, address: str, expected: bool
) -> None:
    assert reader.is_attachment(address.format(site=account.origin)) is expected


def test_the_token_goes_with_nothing_but_what_the_api_gives(reader: MetadataReader) -> None:
    picture = reader.download("https://raw.gitcode.com/user-images/x.png", None)
    evil = reader.download("https://gitcode.com/x.zip", "https://evil.example/api/v5/x")

    assert (picture.authorization, evil.authorization) == (None, None)
    assert "evil.example" not in evil.hosts


def test_the_commits_of_a_fork_are_looked_for_there(account: GitCodeConversation, reader: MetadataReader) -> None:
    of_fork, of_gone = (read(reader, CHANGE, number).item for number in ("3", "4"))

    assert isinstance(of_fork, ChangeRequest)
    assert isinstance(of_gone, ChangeRequest)
    in_fork, in_base = reader.commits_of(of_fork), reader.commits_of(of_gone)
    assert in_fork is not None
    assert in_base is not None
    assert (in_fork.url, in_fork.wants[0]) == (f"{account.origin}/wang-hai/crane.git", HEAD)
    assert in_base.url == f"{account.origin}/harbour/crane.git"


def test_how_many_requests_a_first_run_takes_is_known_before(
    account: GitCodeConversation, reader: MetadataReader
) -> None:
    """One for each hundred, and for each pull request one for its comments. How many there are is asked once."""
    assert reader.expected_calls(CHANGE, None, saved=0) == 5
    assert reader.expected_calls(CHANGE, None, saved=2000) == 2020
    assert reader.expected_calls(CHANGE, LATER, saved=2000) == 1
    assert reader.expected_calls(ISSUE, LATER, saved=5000) == 2
    assert reader.expected_calls(PROTECTION, None, saved=0) == 2
    assert requested(account) == ["pulls"]


@pytest.mark.parametrize(
    ("operation", "path"),
    [
        (f"{R}/issues", "/issues?state=all"),
        (f"{R}/pulls", "/pulls?state=all"),
        (f"{R}/pulls/{{number}}", "/pulls/3"),
        (f"{R}/pulls/{{number}}/comments", "/pulls/3/comments"),
        (f"{R}/labels", "/labels"),
        (f"{R}/milestones", "/milestones"),
        (f"{R}/releases", "/releases"),
        (f"{R}/collaborators", "/collaborators"),
        (f"{R}/protect_branches", "/protect_branches"),
        (f"{R}/protected_tags", "/protected_tags"),
        (f"{R}/hooks", "/hooks"),
    ],
)
def test_the_fake_answers_as_gitcode_says(account: GitCodeConversation, operation: str, path: str) -> None:
    """But for what is null; and of members, where the description says null, others recorded a level and rights."""
    given = account.answer(f"/api/v5/repos/harbour/crane{path}", {"authorization": f"Bearer {TOKEN}"})

    known = re.compile(r".* is None|\[\]\.(access_level|permissions\.\w+) is .*")
    assert [fault for fault in faults(operation, json.loads(given.body)) if not known.fullmatch(fault)] == []
