"""What a GitLab has beside issues and merge requests: links between them, epics, emoji, and who has to approve."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from matou.archive.manifest import ReadState
from matou.archive.metadata import open_metadata
from matou.credentials import Secret
from matou.errors import UnknownShape
from matou.model.metadata import ChangeRequest, Issue, ItemLink, Reaction
from matou.model.metadata.kinds import CHANGE, ISSUE, SETTING
from matou.platforms.base.errors import NotOffered
from matou.platforms.gitlab.metadata_items import issue_of
from matou.platforms.gitlab.metadata_more import epic_of, with_awards, with_issues_of_epic, with_links
from support.conversation_backups import BEGAN, PLACE, ConversationBackups
from support.conversation_story import LI, WANG
from support.gitlab_backups import gitlab_backups
from support.gitlab_conversation import GitLabConversation, GitLabTalk, running_gitlab_conversation
from support.gitlab_source import TOKEN
from support.losslessness import lost, with_people_apart

LATER = "2026-12-02T02:00:00.000Z"
MOMENT = "2024-03-01T02:00:00.000Z"
PERSON = {"id": 17, "username": "wang-hai", "name": "王海", "state": "active", "web_url": "https://x.example/wang-hai"}


@pytest.fixture
def account() -> Iterator[GitLabConversation]:
    with running_gitlab_conversation() as account:
        yield account


@pytest.fixture
def talk(account: GitLabConversation) -> GitLabTalk:
    return account.talks[5000]


@pytest.fixture
def backups(account: GitLabConversation, tmp_path: Path) -> Iterator[ConversationBackups]:
    with gitlab_backups(account, tmp_path / "archive") as backups:
        yield backups


def linked(iid: int, type_: str, project: int = 5000) -> dict[str, Any]:
    made = {"issue_link_id": 100 + iid, "link_created_at": MOMENT, "link_updated_at": MOMENT}
    page = f"https://x.example/harbour/other/-/issues/{iid}"
    return {"id": 7000 + iid, "iid": iid, "project_id": project, "web_url": page, "link_type": type_, **made}


def award(id_: int, name: str, user: dict[str, Any]) -> dict[str, Any]:
    times = {"created_at": MOMENT, "updated_at": MOMENT}
    return {
        "id": id_,
        "name": name,
        "user": user,
        **times,
        "awardable_id": 7002,
        "awardable_type": "Issue",
        "url": None,
    }


EPIC: dict[str, Any] = {
    "id": 29,
    "iid": 4,
    "group_id": 100,
    "parent_id": 28,
    "parent_iid": 3,
    "title": "码头二期",
    "description": "先修吊车",
    "confidential": True,
    "author": PERSON,
    "color": "#1068bf",
    "text_color": "#FFFFFF",
    "start_date": "2024-03-01",
    "start_date_is_fixed": True,
    "start_date_fixed": "2024-03-01",
    "due_date": "2024-04-01",
    "due_date_is_fixed": True,
    "due_date_fixed": "2024-04-01",
    "state": "closed",
    "web_url": "https://x.example/groups/harbour/-/epics/4",
    "created_at": MOMENT,
    "updated_at": "2024-03-02T02:00:00.000Z",
    "closed_at": "2024-03-03T02:00:00.000Z",
    "labels": ["紧急"],
    "_links": {"parent": "https://x.example/api/v4/groups/100/epics/3"},
}


def test_an_issue_says_what_it_is_linked_with(backups: ConversationBackups, talk: GitLabTalk) -> None:
    talk.of_items["issues/2/links"] = [linked(5, "is_blocked_by"), linked(8, "relates_to", project=9)]

    backups.back_up()

    issue = backups.find(ISSUE, "2", Issue)
    assert issue.links == (
        ItemLink(kind="blocked_by", to="5"),
        ItemLink(kind="relates", to="https://x.example/harbour/other/-/issues/8"),
    )


def test_links_that_fail_leave_those_that_were_saved(
    backups: ConversationBackups, account: GitLabConversation, talk: GitLabTalk
) -> None:
    talk.of_items["issues/2/links"] = [linked(5, "blocks")]
    backups.back_up()
    talk.issues[0] |= {"title": "别的", "updated_at": LATER}
    account.refused.add("/issues/2/links")

    saved = backups.back_up()

    issue = backups.find(ISSUE, "2", Issue)
    assert (issue.title, issue.links, len(saved.problems)) == ("别的", (ItemLink(kind="blocks", to="5"),), 1)


def test_emoji_come_where_they_are_wanted(
    backups: ConversationBackups, account: GitLabConversation, talk: GitLabTalk
) -> None:
    talk.of_items["issues/2/award_emoji"] = [
        award(1, "thumbsup", account.person(LI)),
        award(2, "heart", account.person(WANG)),
        award(3, "thumbsup", account.person(WANG)),
    ]
    talk.of_items["issues/2/notes/101/award_emoji"] = [award(4, "tada", account.person(LI))]

    backups.back_up(additional=("reactions",))

    issue = backups.find(ISSUE, "2", Issue)
    assert issue.reactions == (Reaction(name="thumbsup", by=("23", "17")), Reaction(name="heart", by=("17",)))
    assert [one.reactions for one in issue.comments] == [(Reaction(name="tada", by=("23",)),), ()]
    assert backups.find(CHANGE, "3", ChangeRequest).reactions == ()


def test_nobody_asks_for_emoji_who_does_not_want_them(backups: ConversationBackups) -> None:
    backups.back_up()

    assert not any("award_emoji" in path for path in backups.requests)
    assert backups.find(ISSUE, "2", Issue).reactions is None


def test_who_has_to_approve_is_among_the_settings(backups: ConversationBackups, talk: GitLabTalk) -> None:
    talk.approval_rules = [
        {"id": 1, "name": "安全", "rule_type": "regular", "approvals_required": 2, "users": [PERSON]}
    ]

    backups.back_up()

    settings = open_metadata(backups.archive.metadata(PLACE)).table(SETTING)
    assert settings == {
        "approval_rules": talk.approval_rules,
        "approvals": {"approvals_before_merge": 0, "reset_approvals_on_push": True},
    }


def test_rules_that_are_not_told_are_not_to_be_seen(backups: ConversationBackups, account: GitLabConversation) -> None:
    """So it is with a project that has not paid for them."""
    account.refused.add("/approval_rules")

    saved = backups.back_up()

    assert saved.problems == ()
    assert backups.kind("setting").state is ReadState.UNSEEN


def test_epics_are_issues_of_their_group(backups: ConversationBackups, account: GitLabConversation) -> None:
    _, namespace = backups.listed()
    account.epics[int(namespace.id)] = [EPIC]
    note = {"id": 1, "body": "好", "system": False, "created_at": MOMENT, "updated_at": MOMENT, "author": PERSON}
    account.of_epics["29/discussions"] = [{"id": "a", "individual_note": True, "notes": [note]}]
    account.of_epics["4/issues"] = [{"id": 1, "iid": 2, "web_url": "https://x.example/harbour/crane/-/issues/2"}]
    source = backups.open(backups.session, account.url, Secret(TOKEN), lambda _: None, now=lambda: BEGAN)
    reader = source.of_namespace(namespace)
    assert reader is not None

    [row] = reader.rows(ISSUE, None)
    read = reader.read(ISSUE, row, None, sweeping=False)

    assert read is not None
    epic = read.item
    assert isinstance(epic, Issue)
    assert (epic.number, epic.state, epic.parent, epic.confidential, epic.due) == (
        "4",
        "closed",
        "3",
        True,
        "2024-04-01",
    )
    assert epic.type is not None
    assert epic.type.group == "epic"
    assert [one.text.body for one in epic.comments] == ["好"]
    assert (epic.extra or {})["issues"] == ["https://x.example/harbour/crane/-/issues/2"]
    assert read.faults == ()


def test_epics_that_are_refused_are_not_none(backups: ConversationBackups, account: GitLabConversation) -> None:
    _, namespace = backups.listed()
    account.refused.add("/epics")
    source = backups.open(backups.session, account.url, Secret(TOKEN), lambda _: None, now=lambda: BEGAN)
    reader = source.of_namespace(namespace)
    assert reader is not None

    with pytest.raises(NotOffered):
        list(reader.rows(ISSUE, None))


def test_an_epic_of_another_groups_epic_says_which_in_the_words_of_gitlab() -> None:
    elsewhere = {**EPIC, "_links": {"parent": "https://x.example/api/v4/groups/7/epics/3"}}

    item = epic_of(elsewhere).item

    assert isinstance(item, Issue)
    assert item.parent is None
    assert (item.extra or {})["parent_id"] == 28


def test_nothing_of_an_epic_is_lost() -> None:
    def made(value: Any) -> object:
        return epic_of(value).item, epic_of(value).people

    assert lost(with_people_apart(EPIC), made) == set()


def test_nothing_of_a_link_or_of_an_emoji_is_lost() -> None:
    issue = issue_of({"iid": 2, "id": 7002, "title": "吊车", "state": "opened", "created_at": MOMENT})

    # The other issue is saved where it is.
    assert lost(linked(5, "blocks", project=9), lambda value: with_links(issue, "5000", [value]).item) == {"id"}
    awarded = award(1, "heart", {**PERSON, "state": "blocked"})
    assert lost(awarded, lambda value: repr(with_awards(issue, [value]))) == {"awardable_id", "awardable_type"}
    with pytest.raises(UnknownShape):
        with_links(issue, "5000", [linked(5, "foretells")])


def test_an_epic_without_issues_has_none() -> None:
    assert with_issues_of_epic(epic_of(EPIC), []).item == epic_of(EPIC).item
