"""What was said at a GitLab comes in, is changed at the source, comes in again, and is made from records."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from matou.archive.layout import Archive
from matou.archive.manifest import ReadState
from matou.archive.metadata import open_metadata
from matou.credentials import Secret
from matou.model.metadata import Board, ChangeRequest, Issue, LabelDefinition, MemberGrant, ProtectionRule, SavedRelease
from matou.model.metadata.kinds import BOARD, CHANGE, EVENT, HOOK, ISSUE, LABEL, MEMBER, PROTECTION, RELEASE
from support.carried_page import assert_as_the_guide_says
from support.conversation_backups import BEGAN, PLACE, ConversationBackups
from support.conversation_story import ASSET, BASE, HEAD, LI, PICTURE, WANG, StoryComment, StoryIssue
from support.gitlab_backups import gitlab_backups
from support.gitlab_conversation import (
    GHOST,
    OLD_HEAD,
    START,
    UPLOAD,
    GitLabConversation,
    GitLabTalk,
    running_gitlab_conversation,
)
from support.gitlab_source import TOKEN

WANGS, LIS, ZHAOS = "17", "23", "31"
LATER = "2026-12-02T02:00:00.000Z"
EARLY = "2023-03-11T10:00:00+08:00"


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


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def asked_for(account: GitLabConversation) -> list[str]:
    """Below the project's path."""
    return [request.path.removeprefix("/projects/5000/") for request in account.requests_seen]


def test_what_the_guide_says_of_it_is_what_is_saved_of_it(backups: ConversationBackups) -> None:
    backups.back_up()

    assert_as_the_guide_says("gitlab", backups.tree)


def test_issues_are_saved_with_what_was_said_on_them(backups: ConversationBackups) -> None:
    saved = backups.back_up()

    assert [str(fault) for _, fault in saved.problems] == []
    kinds = ("issue", "change", "release", "label", "milestone", "board", "member", "protection", "hook")
    assert [backups.kind(kind).items for kind in kinds] == [3, 2, 2, 3, 2, 1, 2, 2, 1]
    assert {backups.kind(kind).state for kind in backups.state.kinds} == {ReadState.COMPLETE}  # type: ignore[union-attr]
    issue = backups.find(ISSUE, "2", Issue)
    assert (issue.title, issue.labels, issue.milestone, issue.assignees, issue.extra) == (
        "吊车在雨天停转",
        ("缺陷", "紧急"),
        "77",
        (LIS,),
        None,
    )
    assert [(one.by, one.text.body, one.reply_to) for one in issue.comments] == [
        (LIS, "我来看看 😀", None),
        (str(GHOST), "离职前留一句:是继电器。", None),
    ]
    closed = backups.find(ISSUE, "5", Issue)
    assert (closed.state, closed.by, closed.extra) == ("closed", str(GHOST), {"closed_by": LIS})


def test_a_merge_request_has_its_approvals_its_threads_its_fork_and_its_versions(backups: ConversationBackups) -> None:
    backups.back_up()

    change = backups.find(CHANGE, "3", ChangeRequest)
    assert (change.state, change.by, change.merged_by, change.merge_commit) == ("merged", WANGS, LIS, HEAD[::-1])
    assert (change.head.repository, change.head.branch, change.head.commit) == ("wang-hai/crane", "fix/crane", HEAD)
    assert (change.base.branch, change.base.commit, change.merge_base) == ("master", START, BASE)
    assert change.commits_ref == "refs/merge-requests/3/head"
    assert [(one.by, one.state) for one in change.reviews] == [(LIS, "approved")]
    assert [(one.by, one.state) for one in change.reviewers] == [(LIS, "approved"), (ZHAOS, "requested")]
    assert [one.id for one in change.comments] == ["203"]
    [thread] = change.threads
    assert [(one.id, one.reply_to) for one in thread.comments] == [("201", None), ("202", "201")]
    assert (thread.resolved, thread.resolved_by, thread.path) == (True, WANGS, "src/吊车.c")
    position = thread.position
    assert position is not None
    assert (position.side, position.line, position.first_line) == ("new", 18, 16)
    assert (position.commit, position.base, position.start) == (HEAD, BASE, START)
    versions = (change.extra or {})["versions"]
    assert [one["head_commit_sha"] for one in versions] == [HEAD, OLD_HEAD]  # type: ignore[attr-defined]


def test_who_takes_an_approval_back_is_asked_again_and_who_was_never_asked_is_no_reviewer_any_more(
    backups: ConversationBackups, account: GitLabConversation, talk: GitLabTalk
) -> None:
    talk.merge_requests[0] |= {"state": "opened", "merged_at": None}
    approvals, reviewers = talk.list("merge_requests/3/approvals"), talk.list("merge_requests/3/reviewers")
    approvals.append({"user": account.person(WANG), "approved_at": None})
    backups.back_up()
    before = backups.find(CHANGE, "3", ChangeRequest)
    approvals.clear()
    reviewers[0]["state"] = "unreviewed"

    backups.back_up(sweep=True)

    after = backups.find(CHANGE, "3", ChangeRequest)
    assert [(one.by, one.state) for one in before.reviewers] == [
        (LIS, "approved"),
        (ZHAOS, "requested"),
        (WANGS, "approved"),
    ]
    assert [(one.by, one.state) for one in after.reviewers] == [(LIS, "requested"), (ZHAOS, "requested")]
    assert after.reviews == ()


def test_a_fork_that_is_gone_keeps_its_number(backups: ConversationBackups, account: GitLabConversation) -> None:
    account.refused.add("/projects/5900")

    saved = backups.back_up()

    assert saved.problems == ()
    assert backups.find(CHANGE, "3", ChangeRequest).head.repository == "5900"


def test_labels_of_groups_above_are_saved_with_the_project_and_give_way_to_its_own(
    backups: ConversationBackups, account: GitLabConversation, talk: GitLabTalk
) -> None:
    talk.labels.append(account.label(90, "priority::high", "00FF00", is_project_label=False, priority=1))
    talk.labels.append(account.label(91, "缺陷", "000000", is_project_label=False))

    backups.back_up()

    table = open_metadata(backups.archive.metadata(PLACE)).table(LABEL)
    own, above = table["缺陷"], table["priority::high"]
    assert isinstance(own, LabelDefinition)
    assert isinstance(above, LabelDefinition)
    assert (own.color, own.extra) == ("d73a4a", None)
    assert (above.color, above.exclusive, above.extra) == ("00ff00", True, {"is_project_label": False, "priority": 1})


def test_what_a_group_has_of_its_own_is_its_own(backups: ConversationBackups, account: GitLabConversation) -> None:
    _, namespace = backups.listed()
    account.group_labels[int(namespace.id)] = [account.label(92, "全局", "123456", is_project_label=False)]
    source = backups.open(backups.session, account.url, Secret(TOKEN), lambda _: None, now=lambda: BEGAN)

    reader = source.of_namespace(namespace)

    assert reader is not None
    assert [kind.kind.name for kind in reader.kinds] == ["label", "milestone", "issue", "board"]
    [label] = reader.table(LABEL).rows
    assert label.name == "全局"  # type: ignore[union-attr]


def test_boards_members_and_rules_are_saved_in_words_of_our_own(backups: ConversationBackups) -> None:
    backups.back_up()

    saved = open_metadata(backups.archive.metadata(PLACE))
    board, branch, tag = (
        saved.table(BOARD)["6"],
        saved.table(PROTECTION)["branch/master"],
        saved.table(PROTECTION)["tag/v*"],
    )
    member = saved.table(MEMBER)[LIS]
    assert isinstance(board, Board)
    assert isinstance(member, MemberGrant)
    assert isinstance(branch, ProtectionRule)
    assert isinstance(tag, ProtectionRule)
    assert [column.name for column in board.columns] == ["缺陷"]
    assert (member.role, member.extra) == ("owner", None)
    assert (branch.push, branch.merge, branch.force_push) == (("Maintainers",), ("Maintainers",), False)
    assert tag.push == ("Maintainers",)


def test_a_webhook_is_saved_without_its_address(backups: ConversationBackups) -> None:
    backups.back_up()

    hook: Any = open_metadata(backups.archive.metadata(PLACE)).table(HOOK)["9"]
    assert (hook.name, hook.url, hook.events) == ("机器人", "[withheld]", ("issues", "push"))
    assert "k3y-of-robot" not in repr(hook)


def test_files_of_the_project_come_by_its_api_with_the_token(
    backups: ConversationBackups, account: GitLabConversation
) -> None:
    backups.back_up()

    issue, change = backups.find(ISSUE, "2", Issue), backups.find(CHANGE, "3", ChangeRequest)
    assert [(one.url, one.sha256) for one in issue.files] == [(UPLOAD, digest(PICTURE))]
    assert {one.sha256 for comment in change.comments for one in comment.files} == {digest(PICTURE)}
    release = backups.find(RELEASE, "v1.0", SavedRelease)
    assert [(one.name, one.sha256) for one in release.assets] == [("吊车手册.zip", digest(ASSET))]
    assert {shown for _, shown in account.downloads} == {f"Bearer {TOKEN}"}
    assert account.fetched == []


def test_what_a_release_links_to_elsewhere_is_named_and_not_fetched(
    backups: ConversationBackups, talk: GitLabTalk, account: GitLabConversation
) -> None:
    """It may be a page anywhere, or a package that whoever wrote the release may not see."""
    links = talk.releases[0]["assets"]["links"]
    own = links[0]["url"]
    addresses = [
        own.replace("/projects/5000/", "/projects/5001/"),
        own.replace("/packages/", "/packages/../../5001/packages/"),
        own.replace("/packages/", "/packages/%2e%2e/%2e%2e/5001/packages/"),
        own.replace("127.0.0.1", "127.0.0.2"),
        f"{account.origin}/other/project{UPLOAD}",
    ]
    links += [{**links[0], "id": 5000 + n, "url": address} for n, address in enumerate(addresses)]

    saved = backups.back_up()

    release = backups.find(RELEASE, "v1.0", SavedRelease)
    assert saved.problems == ()
    assert [asset.url for asset in release.assets] == [own]
    listed: Any = (release.extra or {})["links"]
    assert [link["url"] for link in listed] == ["https://harbour.example/crane", *addresses]


def test_an_upload_of_another_project_is_fetched_without_the_token(
    backups: ConversationBackups, account: GitLabConversation, talk: GitLabTalk
) -> None:
    """Else whoever writes on a public issue could have fetched for him what he may not see himself."""
    talk.issues[1] |= {"description": f"![]({account.origin}/other/project{UPLOAD})", "user_notes_count": 0}

    backups.back_up()

    assert account.fetched == [(f"/other/project{UPLOAD}", None)]


def test_an_older_server_gives_uploads_by_their_pages_alone(
    backups: ConversationBackups, account: GitLabConversation
) -> None:
    account.version = "17.3.9"

    backups.back_up()

    assert {path for path, _ in account.fetched} == {f"/harbour/yard/crane{UPLOAD}"}
    assert {shown for _, shown in account.fetched} == {None}
    assert asked_for(account).count("/version") == 1


def test_a_run_in_which_nothing_changed_asks_each_list_once_and_commits_nothing(
    backups: ConversationBackups, account: GitLabConversation
) -> None:
    backups.back_up()
    first = backups.commit

    saved = backups.back_up()

    assert saved.problems == ()
    lists = ["labels", "milestones", "boards", "issues", "merge_requests", "releases", "hooks"]
    rules = ["protected_branches", "protected_tags", "approval_rules", "approvals"]
    assert sorted(asked_for(account)) == sorted([*lists, *rules])
    assert backups.commit == first


def test_what_changed_is_read_and_nothing_else(
    backups: ConversationBackups, account: GitLabConversation, talk: GitLabTalk
) -> None:
    backups.back_up()
    talk.issues[1] |= {"title": "灯塔修好了", "updated_at": LATER}
    talk.merge_requests[1] |= {"title": "不重写了", "updated_at": LATER}

    backups.back_up()

    assert backups.find(ISSUE, "5", Issue).title == "灯塔修好了"
    assert backups.find(CHANGE, "4", ChangeRequest).title == "不重写了"
    items = {path for path in asked_for(account) if path.count("/")} - {"members/all"}
    of_items = {"issues/5/links", "merge_requests/4", "merge_requests/4/approvals"}
    assert items == of_items, "nobody has said anything on either"


def test_what_moved_no_time_is_found_by_a_sweep(
    backups: ConversationBackups, account: GitLabConversation, talk: GitLabTalk
) -> None:
    backups.back_up()
    talk.list("issues/2/discussions")[0]["notes"][0]["body"] = "我看过了"
    asked_before = len(asked_for(account))

    backups.back_up(sweep=True)

    assert backups.find(ISSUE, "2", Issue).comments[0].text.body == "我看过了"
    assert "merge_requests/3" not in asked_for(account), "what is over and has not changed is not asked for again"
    assert "merge_requests/3/approvals" not in asked_for(account)
    assert asked_before


def test_what_was_deleted_stays_and_says_in_which_run_it_was_gone(
    backups: ConversationBackups, talk: GitLabTalk
) -> None:
    backups.back_up()
    del talk.issues[1], talk.list("issues/2/discussions")[1], talk.releases[1]

    backups.back_up(sweep=True)

    assert backups.find(ISSUE, "5", Issue).gone_in == 2
    assert [one.gone_in for one in backups.find(ISSUE, "2", Issue).comments] == [None, 2]
    assert backups.find(RELEASE, "release/2.0", SavedRelease).gone_in == 2


def test_the_last_comment_that_is_deleted_is_gone_though_nobody_is_asked_for_it(
    backups: ConversationBackups, talk: GitLabTalk
) -> None:
    backups.back_up()
    talk.issues[0] |= {"user_notes_count": 0, "updated_at": LATER}

    backups.back_up()

    assert [one.gone_in for one in backups.find(ISSUE, "2", Issue).comments] == [2, 2]


def test_a_comment_that_moves_no_time_is_found_by_its_number(
    backups: ConversationBackups, account: GitLabConversation, talk: GitLabTalk
) -> None:
    """GitLab moves the time of an issue once a minute at most, whatever is said on it."""
    backups.back_up()
    newest = max(talk.issues, key=lambda row: str(row["updated_at"]))
    newest["user_notes_count"] = 1
    talk.list(f"issues/{newest['iid']}/discussions").append(account.discussion(StoryComment(320, LI, EARLY, "还有")))

    backups.back_up()

    assert [one.id for one in backups.find(ISSUE, str(newest["iid"]), Issue).comments] == ["320"]


@pytest.mark.parametrize("end", ["/issues", "/merge_requests", "/releases", "/labels"])
def test_a_list_that_is_refused_is_a_failure_and_deletes_nothing(
    backups: ConversationBackups, account: GitLabConversation, end: str
) -> None:
    backups.back_up()
    account.refused.add(end)

    saved = backups.back_up(sweep=True)

    assert len(saved.problems) == 1
    assert backups.find(ISSUE, "2", Issue).gone_in is None
    assert backups.find(CHANGE, "3", ChangeRequest).gone_in is None
    assert backups.find(RELEASE, "v1.0", SavedRelease).gone_in is None


def test_what_is_refused_of_an_item_leaves_what_was_saved(
    backups: ConversationBackups, account: GitLabConversation, talk: GitLabTalk
) -> None:
    backups.back_up()
    talk.issues[0] |= {"title": "还是停转", "updated_at": LATER}
    talk.merge_requests[0] |= {"title": "修好了吊车", "updated_at": LATER}
    account.refused |= {"/discussions", "/approvals", "/reviewers", "/versions", "/merge_requests/3"}

    saved = backups.back_up()

    issue, change = backups.find(ISSUE, "2", Issue), backups.find(CHANGE, "3", ChangeRequest)
    assert (issue.title, [one.gone_in for one in issue.comments]) == ("还是停转", [None, None])
    assert (change.title, len(change.reviews), len(change.threads)) == ("修好了吊车", 1, 1)
    assert [one.gone_in for one in change.comments] == [None]
    assert (change.merge_base, change.head.repository) == (BASE, "wang-hai/crane")
    assert len(saved.problems) == 2
    assert backups.kind("change").state is not ReadState.COMPLETE


def test_who_may_only_read_is_told_nothing_of_webhooks_and_rules(
    backups: ConversationBackups, account: GitLabConversation
) -> None:
    account.refused |= {"/hooks", "/protected_branches"}

    saved = backups.back_up()

    assert saved.problems == ()
    assert {backups.kind(kind).state for kind in ("hook", "protection")} == {ReadState.UNSEEN}


def test_issues_that_are_switched_off_are_no_failure(backups: ConversationBackups, account: GitLabConversation) -> None:
    account.repositories[5000]["issues_access_level"] = "disabled"
    account.refused |= {"/issues", "/boards"}

    saved = backups.back_up()

    assert saved.problems == ()
    assert (backups.kind("issue").state, backups.kind("change").state) == (ReadState.UNSEEN, ReadState.COMPLETE)


def test_types_weights_estimates_and_whether_it_is_confidential_are_kept(
    backups: ConversationBackups, account: GitLabConversation, talk: GitLabTalk
) -> None:
    times = {"time_estimate": 5400, "total_time_spent": 3600, "human_time_estimate": "1h 30m"}
    incident = StoryIssue(9, LI, EARLY, EARLY, "码头停电", "")
    values = {"issue_type": "incident", "type": "INCIDENT", "confidential": True, "weight": 3, "time_stats": times}
    talk.issues.append(account.issue(account.repositories[5000], talk, incident, **values))

    backups.back_up()

    issue = backups.find(ISSUE, "9", Issue)
    assert issue.type is not None
    assert (issue.type.name, issue.confidential, issue.estimate) == ("incident", True, 1.5)
    assert issue.extra == {"weight": 3, "time_stats": {"total_time_spent": 3600}}


def test_answers_name_the_first_of_their_discussion_and_internal_ones_say_so(
    backups: ConversationBackups, account: GitLabConversation, talk: GitLabTalk
) -> None:
    said = [StoryComment(301, LI, EARLY, "先说"), StoryComment(302, WANG, EARLY, "再说")]
    values = {"type": "DiscussionNote", "resolvable": False, "internal": True, "confidential": True}
    talk.list("issues/2/discussions").append(account.discussion(*said, **values))

    backups.back_up()

    issue = backups.find(ISSUE, "2", Issue)
    comments = {one.id: one for one in issue.comments}
    assert [comments[id_].reply_to for id_ in ("301", "302")] == [None, "301"]
    assert comments["301"].extra == {"internal": True, "confidential": True}
    assert issue.confidential is True


def test_what_was_done_is_read_where_it_is_wanted(
    backups: ConversationBackups, account: GitLabConversation, talk: GitLabTalk
) -> None:
    moment = {"created_at": "2023-03-02T01:00:00.000Z", "user": account.person(LI), "resource_type": "Issue"}
    talk.of_items |= {
        "issues/2/resource_state_events": [{"id": 1, **moment, "resource_id": 7002, "state": "closed"}],
        "issues/2/resource_label_events": [
            {"id": 2, **moment, "resource_id": 7002, "action": "add", "label": talk.labels[0]},
            {"id": 3, **moment, "resource_id": 7002, "action": "remove", "label": None},
        ],
        "issues/2/resource_milestone_events": [
            {"id": 4, **moment, "resource_id": 7002, "action": "add", "milestone": talk.milestones[0]}
        ],
    }
    for number, wrote in enumerate(("changed title from **停** to **停转**", "changed milestone to %2", "closed"), 310):
        said = StoryComment(number, LI, EARLY, wrote)
        talk.list("issues/2/discussions").append(account.discussion(said, system=True))
    source = backups.open(
        backups.session, account.url, Secret(TOKEN), lambda _: None, now=lambda: BEGAN, wants=lambda kind: kind is EVENT
    )
    reader = source.of_repository(*backups.listed())
    assert reader is not None

    [row] = [row for row in reader.rows(ISSUE, None) if row.key == "2"]
    read = reader.read(ISSUE, row, None, sweeping=False)

    assert read is not None
    assert isinstance(read.item, Issue)
    assert [(one.kind, one.data) for one in read.item.events] == [
        ("closed", {}),
        ("labeled", {"label": "缺陷"}),
        ("unlabeled", {}),
        ("milestoned", {"milestone": "77"}),
        ("renamed", {}),
        ("milestoned", {}),
        ("closed", {}),
    ]
    assert [one.id for one in read.item.comments] == ["101", "102"], "what the server wrote is no comment"


def test_the_same_stands_there_when_it_is_made_again_from_what_was_answered(
    backups: ConversationBackups, tmp_path: Path
) -> None:
    backups.back_up()

    again = backups.rebuilt(Archive.open_or_create(tmp_path / "again", now=BEGAN, identifier=UUID(int=7)))

    assert again is not None
    assert again == backups.commit
