"""What was said at Gitee and GitCode comes in, is changed at the source, comes in again, and is made from records."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from matou.archive.layout import Archive
from matou.archive.manifest import ReadState
from matou.archive.metadata import open_metadata
from matou.model.metadata import ChangeRequest, Issue, SavedRelease
from matou.model.metadata.kinds import CHANGE, ISSUE, PERSON, RELEASE
from support.conversation_backups import BEGAN, PLACE, PLATFORMS, ConversationBackups, backups_of
from support.conversation_story import ASSET, PICTURE
from support.v5_account import Answer, answer

FIRST_ISSUE = {"gitee": "I6D3AV", "gitcode": "2"}
SECOND_ISSUE = {"gitee": "I6D3B0", "gitcode": "5"}
LI = {"gitee": "23", "gitcode": "li-na"}

ALWAYS = {
    "gitee": ["labels", "milestones", "releases", "collaborators", "branches", "hooks"],
    "gitcode": ["labels", "milestones", "releases", "collaborators", "protect_branches", "protected_tags", "hooks"],
}
"""The short lists that tell no time of change: a request each in every run."""

WHERE_NOTHING_CHANGED = {
    "gitee": ["issues/comments", "issues", "pulls/comments", "pulls", "comments"],
    "gitcode": ["issues/comments", "issues", "pulls", "comments"],
}


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


def talk(account: Any) -> Any:
    return account.talks["harbour/crane"]


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def test_all_that_was_said_is_saved(name: str, backups: ConversationBackups) -> None:
    saved = backups.back_up()

    assert [str(fault) for _, fault in saved.problems] == []
    issue = backups.find(ISSUE, FIRST_ISSUE[name], Issue)
    assert (issue.title, issue.labels, issue.milestone) == ("吊车在雨天停转", ("缺陷", "紧急"), "77")
    assert [(one.by, one.text.body) for one in issue.comments] == [
        (LI[name], "我来看看 😀"),
        (None, "离职前留一句:是继电器。"),
    ]
    change = backups.find(CHANGE, "3", ChangeRequest)
    assert change.state == "merged"
    assert [(who.by, who.state) for who in change.reviewers if who.role == "reviewer"] == [(LI[name], "approved")]
    assert [[one.id for one in thread.comments] for thread in change.threads] == [["201", "202"]]
    assert [one.id for one in change.comments] == ["203"]
    assert {
        kind: backups.kind(kind).items for kind in ("issue", "change", "release", "label", "milestone", "member")
    } == {
        "issue": 3,
        "change": 2,
        "release": 2,
        "label": 3,
        "milestone": 2,
        "member": 2,
    }
    assert {backups.kind(kind).state for kind in backups.state.kinds} == {ReadState.COMPLETE}  # type: ignore[union-attr]


def test_pictures_in_texts_and_files_of_releases_are_saved_and_none_that_stands_in_code(
    name: str, backups: ConversationBackups, account: Any
) -> None:
    backups.back_up()

    issue = backups.find(ISSUE, FIRST_ISSUE[name], Issue)
    assert [(one.sha256, one.missing) for one in issue.files] == [(digest(PICTURE), None)]
    [comment] = backups.find(CHANGE, "3", ChangeRequest).comments
    assert [one.sha256 for one in comment.files] == [digest(PICTURE)]
    [asset] = backups.find(RELEASE, "v1.0", SavedRelease).assets
    assert (asset.name, asset.sha256, asset.size) == ("吊车手册.zip", digest(ASSET), len(ASSET))
    assert {authorization for _, authorization in account.fetched} == {None}
    assert [authorization for _, authorization in account.downloads] == [f"Bearer {PLATFORMS[name][3]}"]


def test_files_that_are_too_large_are_asked_for_once_and_come_when_they_may(
    name: str, backups: ConversationBackups, account: Any
) -> None:
    backups.back_up(largest_file_bytes=len(PICTURE))
    assert backups.find(RELEASE, "v1.0", SavedRelease).assets[0].sha256 is None
    account.downloads.clear()

    saved = backups.back_up(largest_file_bytes=len(PICTURE))

    assert saved.problems == ()
    assert account.downloads == []
    backups.back_up()
    assert backups.find(RELEASE, "v1.0", SavedRelease).assets[0].sha256 == digest(ASSET)


def test_a_run_in_which_nothing_changed_asks_each_list_once_and_commits_nothing(
    name: str, backups: ConversationBackups
) -> None:
    backups.back_up()
    first = backups.state

    saved = backups.back_up()

    assert saved.problems == ()
    assert sorted(backups.requests) == sorted([*ALWAYS[name], *WHERE_NOTHING_CHANGED[name]])
    assert backups.state is not None
    assert first is not None
    assert backups.state.commit == first.commit


def test_what_changed_is_read_and_nothing_else(name: str, backups: ConversationBackups, account: Any) -> None:
    backups.back_up()
    talk(account).issues[1] |= {"title": "灯塔修好了", "updated_at": "2026-02-01T10:00:00+08:00"}
    talk(account).pulls[1] |= {"title": "不重写了", "updated_at": "2026-02-01T10:00:00+08:00"}

    backups.back_up()

    assert backups.find(ISSUE, SECOND_ISSUE[name], Issue).title == "灯塔修好了"
    assert backups.find(CHANGE, "4", ChangeRequest).title == "不重写了"
    assert (backups.kind("issue").changed, backups.kind("change").changed) == (1, 1)
    assert len(backups.requests) <= len(ALWAYS[name]) + len(WHERE_NOTHING_CHANGED[name]) + 2


def test_a_comment_that_was_edited_silently_is_found_by_a_sweep(
    name: str, backups: ConversationBackups, account: Any
) -> None:
    backups.back_up()
    talk(account).issue_comments[0]["body"] = "改过了"

    backups.back_up()
    before = [one.text.body for one in backups.find(ISSUE, FIRST_ISSUE[name], Issue).comments]
    backups.back_up(sweep=True)

    assert before[0] == "我来看看 😀"
    assert [one.text.body for one in backups.find(ISSUE, FIRST_ISSUE[name], Issue).comments][:1] == ["改过了"]


def test_what_was_deleted_stays_and_says_in_which_run_it_was_gone(
    name: str, backups: ConversationBackups, account: Any
) -> None:
    backups.back_up()
    del talk(account).issues[1], talk(account).issue_comments[1], talk(account).releases[1]

    backups.back_up(sweep=True)

    assert backups.find(ISSUE, SECOND_ISSUE[name], Issue).gone_in == 2
    assert [one.gone_in for one in backups.find(ISSUE, FIRST_ISSUE[name], Issue).comments] == [None, 2]
    assert backups.find(RELEASE, "release/2.0", SavedRelease).gone_in == 2


def test_a_refusal_of_one_list_leaves_the_others_and_deletes_nothing(
    name: str, backups: ConversationBackups, account: Any
) -> None:
    backups.back_up()
    account.refused |= {"/issues", "/hooks"}

    saved = backups.back_up(sweep=True)

    assert {backups.kind("issue").state, backups.kind("hook").state} == {ReadState.REFUSED}
    assert backups.kind("change").state is ReadState.COMPLETE
    assert backups.find(ISSUE, FIRST_ISSUE[name], Issue).gone_in is None
    assert len(saved.problems) == 2


def test_a_limit_in_the_middle_is_told_and_the_next_run_goes_on(
    name: str, backups: ConversationBackups, account: Any
) -> None:
    """Gitee says it with 403 and in words."""
    backups.back_up()
    talk(account).issues[0] |= {"title": "改了", "updated_at": "2026-02-01T10:00:00+08:00"}
    said = {"message": "API rate limit exceeded", "error_code": 429, "error_message": "Too Many Requests"}
    account.always["/repos/harbour/crane/issues"] = answer(said, 403 if name == "gitee" else 429)

    broken = backups.back_up()
    state = backups.kind("issue").state
    account.always.clear()
    backups.back_up()

    assert (len(broken.problems), state) == (1, ReadState.BROKEN_OFF)
    assert backups.kind("issue").state is ReadState.COMPLETE
    assert backups.find(ISSUE, FIRST_ISSUE[name], Issue).title == "改了"


def test_a_picture_that_leads_into_our_network_is_not_fetched(
    name: str, backups: ConversationBackups, account: Any
) -> None:
    [path] = account.pictures.keys() - {path for path in account.pictures if "/api/" in path}
    account.pictures[path] = Answer(302, b"", {"Location": "http://169.254.169.254/latest/meta-data"})

    backups.back_up()

    [file] = backups.find(ISSUE, FIRST_ISSUE[name], Issue).files
    assert file.sha256 is None
    assert file.missing
    assert backups.kind("attachment").missing > 0


def test_an_issue_with_thousands_of_comments_is_saved_whole(
    name: str, backups: ConversationBackups, account: Any
) -> None:
    first = talk(account).issue_comments[0]
    talk(account).issue_comments = [{**first, "id": number, "body": f"第 {number} 条"} for number in range(3000)]

    backups.back_up()

    assert len(backups.find(ISSUE, FIRST_ISSUE[name], Issue).comments) == 3000
    assert backups.requests.count("issues/comments") <= 31


def test_a_server_that_lacks_these_lists_has_nothing_of_the_kind_and_deletes_nothing(
    name: str, backups: ConversationBackups, account: Any
) -> None:
    """As a Matou of before, which speaks the same API."""
    backups.back_up()
    first = backups.commit
    account.talks.clear()

    saved = backups.back_up(sweep=True)

    assert saved.problems == ()
    assert {"issues", "change requests", "releases", "webhooks"} <= {str(one.what) for one in saved.unseen}
    assert {backups.kind(kind).state for kind in ("issue", "change", "label", "hook")} == {ReadState.UNSEEN}
    assert backups.commit == first
    assert backups.find(ISSUE, FIRST_ISSUE[name], Issue).gone_in is None


def test_a_list_that_is_not_there_from_its_second_page_on_is_not_done(
    name: str, backups: ConversationBackups, account: Any
) -> None:
    account.largest_page = 2
    path = "/repos/harbour/crane/issues"
    account.then["crane/issues"] = lambda: account.always.update({path: Answer(404, b'{"message": "404 Not Found"}')})

    saved = backups.back_up()

    assert [str(what) for what, _ in saved.problems] == ["issues of harbour/crane"]
    assert backups.kind("issue").state is not ReadState.UNSEEN
    account.always.clear()
    assert backups.back_up().problems == ()
    assert backups.kind("issue").items == 3


PART = {"gitee": ("releases/1/attach_files", "release"), "gitcode": ("pulls/3/comments", "change")}


def test_a_part_of_an_item_that_is_not_there_is_not_done_and_is_asked_for_again_though_nothing_changed(
    name: str, backups: ConversationBackups, account: Any
) -> None:
    """Also where that was found by a sweep, and the item has not changed for longer than what a run asks for."""
    part, kind = PART[name]
    backups.back_up()
    account.always[f"/repos/harbour/crane/{part}"] = Answer(404, b'{"message": "404 Not Found"}')
    backups.back_up(sweep=True)
    assert backups.kind(kind).state is not ReadState.UNSEEN

    backups.back_up()
    assert not backups.kind(kind).is_done

    account.always.clear()
    backups.back_up()
    assert part in backups.requests
    assert backups.kind(kind).is_done
    backups.back_up()
    assert part not in backups.requests


def test_a_file_of_a_new_comment_on_what_has_not_changed_for_long_is_fetched_by_the_next_run(
    name: str, backups: ConversationBackups, account: Any
) -> None:
    backups.back_up()
    picture = {"gitee": "/images/新.png", "gitcode": "/user-images/assets/1/ab/新.png"}[name]
    new = {"id": 999, "body": f"![]({account.origin}{picture})", "updated_at": "2024-01-01T10:00:00+08:00"}
    first = talk(account).issue_comments[0]
    other = {"issue": {"id": 1, "title": "", "number": SECOND_ISSUE[name]}}
    later = {**first, "id": 1000, "target": other, "body": "后来", "updated_at": "2024-01-02T10:00:00+08:00"}
    talk(account).issue_comments += [{**first, **new}, later]
    account.pictures[picture] = Answer(503, b"later")
    backups.back_up()
    assert backups.kind("attachment").state is ReadState.BROKEN_OFF

    account.pictures[picture] = Answer(200, PICTURE)
    backups.back_up()

    [comment] = [one for one in backups.find(ISSUE, FIRST_ISSUE[name], Issue).comments if one.id == "999"]
    assert [file.sha256 for file in comment.files] == [digest(PICTURE)]


def test_what_is_switched_off_and_refused_is_no_failure_and_deletes_nothing(
    name: str, backups: ConversationBackups, account: Any
) -> None:
    backups.back_up()
    account.refused.add("/issues")
    [row] = account.repositories.values()
    row |= {"has_issues": False, "has_issue": False}

    saved = backups.back_up(sweep=True)

    assert saved.problems == ()
    assert (backups.kind("issue").state, backups.kind("change").state) == (ReadState.UNSEEN, ReadState.COMPLETE)
    assert backups.find(ISSUE, FIRST_ISSUE[name], Issue).gone_in is None


def test_what_is_said_of_a_person_at_different_places_is_put_together(backups: ConversationBackups) -> None:
    backups.back_up()

    people = open_metadata(backups.archive.metadata(PLACE)).table(PERSON)
    [wang] = [person for person in people.values() if person.login == "wang-hai"]
    assert wang.name == "王海"
    assert wang.extra["avatar_url"]
    assert {"object_id", "user_id"} <= wang.extra.keys() or wang.id == "17"


def test_the_same_stands_there_when_it_is_made_again_from_what_was_answered(
    name: str, backups: ConversationBackups, tmp_path: Path
) -> None:
    backups.back_up()

    again = backups.rebuilt(Archive.open_or_create(tmp_path / "again", now=BEGAN, identifier=UUID(int=7)))

    assert again is not None
    assert again == backups.commit


def test_no_secret_is_in_what_is_saved(backups: ConversationBackups) -> None:
    backups.back_up()

    hooks = open_metadata(backups.archive.metadata(PLACE)).read("hooks.json") or b""
    assert b"withheld" in hooks
    assert b"k3y-of-robot" not in hooks
    assert b"s3cr3t-of-hook" not in hooks


def test_no_address_in_a_text_is_asked_for_with_the_token(
    name: str, account: Any, backups: ConversationBackups
) -> None:
    """Else whoever writes on a public issue could have fetched for him what he may not see himself."""
    api = "/api/v5/repos/harbour/secret/raw"
    addresses = [f"{account.url}{api}{part}plan.txt" for part in ("/releases/download/", "/user-images/", "/uploads/")]
    talk(account).issues[0]["body"] = " ".join(f"![x]({address})" for address in addresses)

    backups.back_up()

    requests_seen = [one for one in account.requests_seen if "/secret/" in one.path]
    assert requests_seen
    assert {one.authorization for one in requests_seen} == {None}


def test_a_file_of_a_release_is_saved_though_a_comment_names_it_that_may_not_have_it(
    name: str, account: Any, backups: ConversationBackups
) -> None:
    address = talk(account).releases[0]["assets"][0]["browser_download_url"]
    talk(account).issues[0]["body"] = f"[see]({address.partition('?')[0]})"

    backups.back_up()

    saved = backups.find(RELEASE, talk(account).releases[0]["tag_name"], SavedRelease)
    assert [one.missing for one in saved.assets] == [None]
    assert saved.assets[0].sha256 == digest(ASSET)


@pytest.mark.parametrize("moment", ["9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "2031-05-05T00:00:00+08:00"])
def test_a_time_that_cannot_be_does_not_keep_later_changes_away(
    name: str, account: Any, backups: ConversationBackups, moment: str
) -> None:
    """Asked for what changed since the year 9999, a platform would have nothing to tell for ever."""
    talk(account).issues[1]["updated_at"] = moment
    talk(account).issue_comments[0]["updated_at"] = moment
    backups.back_up()
    row = talk(account).issues[0]
    row |= {"title": "改过了", "updated_at": "2026-01-02T09:00:00+08:00"}

    saved = backups.back_up()

    assert [str(fault) for _, fault in saved.problems] == []
    assert backups.find(ISSUE, FIRST_ISSUE[name], Issue).title == "改过了"
