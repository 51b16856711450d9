"""What people said on commits at Gitee and GitCode: saved, changed at the source, and made from records again."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from matou.archive.layout import Archive
from matou.archive.manifest import ReadState
from matou.archive.metadata import open_metadata
from matou.model.metadata import CommitComment
from matou.model.metadata.kinds import COMMIT_COMMENT, PERSON
from support.conversation_backups import BEGAN, PLACE, PLATFORMS, ConversationBackups, backups_of
from support.conversation_story import HEAD, StoryOnCommit

WANG = {"gitee": "17", "gitcode": "wang-hai"}


@pytest.fixture(params=PLATFORMS)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def account(name: str) -> Iterator[Any]:
    with PLATFORMS[name][0]() as account:
        yield account


@pytest.fixture
def backups(name: str, account: Any, tmp_path: Path) -> Iterator[ConversationBackups]:
    with backups_of(name, account, tmp_path / "archive") as backups:
        yield backups


def rows_of(account: Any) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = account.talks["harbour/crane"].on_commits
    return rows


def many(account: Any, count: int) -> list[dict[str, Any]]:
    """By their ids and times, a minute apart."""
    begin = datetime(2024, 1, 1, tzinfo=UTC)
    made = [
        account.on_commit(
            StoryOnCommit(1000 + number, "li-na", (begin + timedelta(minutes=number)).isoformat(), "好", HEAD)
        )
        for number in range(count)
    ]
    rows_of(account)[:] = made
    return made


def comment(backups: ConversationBackups, number: int) -> CommitComment:
    return backups.find(COMMIT_COMMENT, str(number), CommitComment)


def pages(backups: ConversationBackups) -> int:
    return backups.requests.count("comments")


def test_comments_on_commits_are_saved_with_their_people_pictures_and_lines(
    name: str, backups: ConversationBackups
) -> None:
    saved = backups.back_up()

    assert saved.problems == ()
    whole, on_line, of_none = (comment(backups, number) for number in (401, 402, 403))
    assert (whole.commit, whole.by, whole.position) == (HEAD, WANG[name], None)
    assert [file.missing for file in whole.files if file.sha256] == [None]
    assert on_line.position is not None
    assert (on_line.commit, on_line.by, on_line.position.path, on_line.position.line) == (HEAD, None, "src/吊车.c", 18)
    assert (on_line.at, on_line.updated_at) == (
        datetime(2023, 3, 12, 2, tzinfo=UTC),
        datetime(2023, 3, 12, 3, tzinfo=UTC),
    )
    assert (of_none.commit, of_none.text.body) == (None, "没说是哪一次提交")
    if name == "gitee":
        assert (of_none.reply_to, (of_none.extra or {})["in_reply_to_user"]) == ("401", "17")
    assert WANG[name] in open_metadata(backups.archive.metadata(PLACE)).table(PERSON)
    assert (backups.kind("commit-comment").items, backups.kind("commit-comment").state) == (3, ReadState.COMPLETE)


def test_a_run_in_which_nothing_changed_asks_for_one_page_however_many_there_are(
    backups: ConversationBackups, account: Any
) -> None:
    many(account, 250)
    backups.back_up()
    assert (pages(backups), backups.kind("commit-comment").items) == (3, 250)
    first = backups.commit

    backups.back_up()

    assert (pages(backups), backups.commit) == (1, first)


def test_what_was_written_since_comes_and_what_was_edited_among_the_newest_too(
    backups: ConversationBackups, account: Any
) -> None:
    made = many(account, 250)
    backups.back_up()
    made[200].update(body="改过了", updated_at="2025-01-01T10:00:00+08:00")
    made.append(account.on_commit(StoryOnCommit(2000, "wang-hai", "2025-01-02T10:00:00+08:00", "新的", HEAD)))
    rows_of(account)[:] = made

    backups.back_up()

    assert pages(backups) == 1
    assert (comment(backups, 1200).text.body, comment(backups, 2000).text.body) == ("改过了", "新的")


def test_a_sweep_finds_what_was_edited_long_ago_and_what_was_deleted(
    backups: ConversationBackups, account: Any
) -> None:
    made = many(account, 120)
    backups.back_up()
    made[3].update(body="悄悄改过", updated_at="2025-01-01T10:00:00+08:00")
    del rows_of(account)[5]

    backups.back_up()
    assert comment(backups, 1003).text.body == "好"
    backups.back_up(sweep=True)

    assert comment(backups, 1003).text.body == "悄悄改过"
    assert (comment(backups, 1005).gone_in, comment(backups, 1005).text.body) == (3, "好")
    assert backups.kind("commit-comment").gone == 1


def test_a_list_that_moves_while_it_is_walked_gives_every_comment_that_stays(
    backups: ConversationBackups, account: Any
) -> None:
    many(account, 150)

    def shrink() -> None:
        del rows_of(account)[7]

    account.then["/crane/comments"] = shrink
    backups.back_up()

    assert backups.kind("commit-comment").state is ReadState.COMPLETE
    assert {comment(backups, number).gone_in for number in (*range(1000, 1007), *range(1008, 1150))} == {None}


def test_a_refusal_in_the_middle_keeps_what_came_and_is_told_and_asked_again(
    backups: ConversationBackups, account: Any
) -> None:
    many(account, 150)
    account.then["/crane/comments"] = lambda: account.refused.add("/crane/comments")

    saved = backups.back_up()

    kind = backups.kind("commit-comment")
    assert (kind.state, kind.items, kind.gone) == (ReadState.REFUSED, 100, 0)
    assert len(saved.problems) == 1
    account.refused.clear()
    backups.back_up()
    assert (backups.kind("commit-comment").state, backups.kind("commit-comment").items) == (ReadState.COMPLETE, 150)


def test_they_are_left_out_where_a_person_says_so(backups: ConversationBackups) -> None:
    backups.back_up(without=("commit-comments",))

    assert (pages(backups), backups.kind("commit-comment").state) == (0, ReadState.OFF)


def test_the_records_give_the_same_bytes_again(backups: ConversationBackups, tmp_path: Path) -> None:
    backups.back_up()

    again = backups.rebuilt(Archive.open_or_create(tmp_path / "again", now=BEGAN, identifier=UUID(int=7)))

    assert again == backups.commit
