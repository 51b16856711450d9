"""GitCode's issues, pull requests, comments and releases become metadata, and nothing of them is lost."""

from datetime import UTC, datetime
from typing import Any

import pytest

from matou.errors import UnknownShape
from matou.model.metadata import ChangeRequest, Issue, MemberGrant, ProtectionRule, SavedRelease
from matou.platforms.gitcode import metadata_items as items
from matou.platforms.gitcode import metadata_project as project
from support.gitcode_schemas import example_of
from support.losslessness import lost, with_people_apart

R = "GET /repos/{owner}/{repo}"
WANG = {"id": "661ce4eab470b1430d456154", "login": "wang-hai", "name": "王海", "state": "active"}


def issue() -> Any:
    return {**example_of(f"{R}/issues"), "state": "open", "number": "15", "user": WANG}


def detail() -> Any:
    return {**example_of(f"{R}/issues/{{number}}"), "state": "closed", "user": WANG}


def note() -> Any:
    return {**example_of(f"{R}/issues/comments"), "target": {"issue": {"id": 1, "number": "15", "title": "t"}}}


def pull() -> Any:
    given = example_of(f"{R}/pulls")
    given["head"]["repo"]["full_path"] = "wang/fork"
    given["user"] |= {"object_id": WANG["id"], "user_id": "26593"}
    return {**given, "state": "merged", "assignees": ["li-na"], "testers": []}


def pull_detail() -> Any:
    return {**example_of(f"{R}/pulls/{{number}}"), "state": "merged", "head": pull()["head"], "base": pull()["base"]}


def pull_comment() -> Any:
    return {**example_of(f"{R}/pulls/{{number}}/comments"), "comment_type": "diff_comment", "diff_file": "src/吊车.c"}


def named(place: str, *names: str) -> set[str]:
    return {f"{place}.{name}" for name in names}


LABEL_KEYS = ("id", "color", "repository_id", "title")
MILESTONE_KEYS = ("created_at", "description", "due_on", "repository_id", "state", "title", "updated_at", "url")
REPOSITORY_KEYS = ("created_at", "description", "full_name", "id", "name", "paas", "path", "updated_at")

SAID_ELSEWHERE = {
    "issue": {
        *("comments", "issue_state", "issue_type"),
        *named("labels", "id", "color"),
        *named("milestone", *MILESTONE_KEYS),
        *named("repository", *REPOSITORY_KEYS),
        "repository.assigner",
    },
    "note": {"target.issue.id", "target.issue.title"},
    "comment on a line": set[str](),
    "release": {"author.url"},
    "label": {"repository_id"},
    "milestone": {"closed_issues", "open_issues", "repository_id", "url"},
    "hook": {"url", "password", "project_id", "result", "result_code"},
    "protected branch": set[str](),
    "protected tag": set[str](),
}


@pytest.mark.parametrize(
    ("name", "given", "made_of"),
    [
        ("issue", issue(), items.issue_of),
        ("note", note(), items.comment_of),
        ("comment on a line", pull_comment(), lambda it: items.change_of(pull(), None, [it])),
        ("release", example_of(f"{R}/releases"), project.release_of),
        ("label", example_of(f"{R}/labels"), lambda it: project.labels_of([it])),
        ("milestone", {**example_of(f"{R}/milestones"), "state": "active"}, lambda it: project.milestones_of([it])),
        ("hook", example_of(f"{R}/hooks"), lambda it: project.hooks_of([it])),
        ("protected branch", example_of(f"{R}/protect_branches"), lambda it: project.protections_of([it], [])),
        ("protected tag", example_of(f"{R}/protected_tags"), lambda it: project.protections_of([], [it])),
    ],
)
def test_nothing_is_lost_of_what_is_not_said_elsewhere(name: str, given: Any, made_of: Any) -> None:
    assert lost(with_people_apart(given), made_of) == SAID_ELSEWHERE[name]


def test_nothing_is_lost_of_a_pull_request_and_what_only_it_tells() -> None:
    elsewhere = {"iid", "notes", "mergeable", "can_merge_check", "pipeline_status", "pipeline_status_with_code_quality"}
    addresses = {"url", "web_url", "source_branch", "target_branch"}

    gone = lost(with_people_apart(pull()), items.change_of)

    labels, base = named("labels", *LABEL_KEYS), {key for key in gone if key.startswith("base.repo.")}
    assert gone - labels - base == elsewhere | addresses | {"diff_refs.head_sha", "head.repo.full_name"}
    kept = lost(with_people_apart(pull_detail()), lambda it: items.change_of(pull(), it))
    assert {"testers.accept", "assignees.accept", "approval_reviewers.accept"}.isdisjoint(kept)


def test_an_issue_is_told_in_words_of_our_own() -> None:
    given = {**detail(), "number": 3, "custom_fields": [{"field_name": "严重程度", "field_values": ["高"]}]}

    read = items.issue_of(given)

    made = read.item
    assert isinstance(made, Issue)
    assert (made.number, made.state, made.by) == ("3", "closed", "wang-hai")
    assert made.closed_at == datetime(2024, 4, 20, 7, 20, 30, 104000, tzinfo=UTC)
    assert made.fields is not None
    assert (made.fields[0].name, made.fields[0].value) == ("严重程度", ["高"])
    [wang] = [person for person in read.people if person.login == "wang-hai"]
    assert (wang.key, wang.state, wang.extra) == ("wang-hai", "active", {"object_id": WANG["id"]})


def test_one_person_under_two_kinds_of_ids_is_one() -> None:
    by_number = project.release_of({**example_of(f"{R}/releases"), "author": {"id": "26593", "login": "wang-hai"}})
    by_digits = items.issue_of(issue())

    assert by_number.people[0].key == by_digits.people[0].key == "wang-hai"


@pytest.mark.parametrize("key", ["number", "nubmer"])
def test_a_comment_says_of_which_issue_it_is_in_either_spelling(key: str) -> None:
    row = items.comment_of({**note(), "target": {"issue": {"id": 1, key: 15}}, "updated_at": None})

    assert (row.key, row.updated_at) == ("15", datetime(2024, 4, 20, 7, 20, 30, 104000, tzinfo=UTC))


def test_what_came_of_a_review_is_told_by_the_pull_request_itself() -> None:
    people = [{**WANG, "accept": True}, {"id": "1", "login": "li-na", "accept": False}]
    itself = {**pull_detail(), "assignees": people, "testers": people[:1], "approval_reviewers": []}

    by_list, alone = items.change_of(pull()).item, items.change_of(pull(), itself).item

    assert isinstance(by_list, ChangeRequest)
    assert isinstance(alone, ChangeRequest)
    assert [(who.by, who.state) for who in by_list.reviewers] == [("li-na", "requested")]
    assert [(who.by, who.role, who.state) for who in alone.reviewers] == [
        ("wang-hai", "reviewer", "approved"),
        ("li-na", "reviewer", "requested"),
        ("wang-hai", "tester", "approved"),
    ]


def test_line_comments_are_threads_with_their_replies_and_others_are_not() -> None:
    general = {**pull_comment(), "id": 9, "comment_type": "pr_comment", "diff_file": None, "diff_position": None}

    made = items.change_of(pull(), None, [pull_comment(), general]).item

    assert isinstance(made, ChangeRequest)
    [thread] = made.threads
    assert thread.position is not None
    assert (thread.id, thread.path, thread.resolved) == ("the discussion_id", "src/吊车.c", True)
    assert (thread.position.side, thread.position.line) == ("new", 7)
    assert [comment.reply_to for comment in thread.comments] == [None, "7"]
    assert [(comment.id, comment.reply_to) for comment in made.comments] == [("9", None), ("7", "9")]


def test_archives_made_of_the_sources_are_no_assets_and_no_address_is_signed() -> None:
    page = "https://gitcode.com/harbour/crane"
    assets = [
        {"name": "crane-v1.zip", "browser_download_url": f"{page}/-/archive/v1/crane-v1.zip"},
        {
            "name": "吊车.zip",
            "browser_download_url": f"{page}/releases/吊车.zip?Expires=1&Signature=x",
            "type": "attach",
        },
    ]

    made = project.release_of({**example_of(f"{R}/releases"), "assets": assets}).item

    assert isinstance(made, SavedRelease)
    assert (made.commit, made.target) == (None, "the target_commitish")
    assert [(asset.name, asset.url) for asset in made.assets] == [("吊车.zip", f"{page}/releases/吊车.zip")]


def test_a_release_that_was_made_from_a_commit_has_it() -> None:
    made = project.release_of(
        {**example_of(f"{R}/releases"), "target_commitish": "930401b0dd58a809fce34da091b8aa3d6083cb33"}
    )

    assert isinstance(made.item, SavedRelease)
    assert made.item.commit == "930401b0dd58a809fce34da091b8aa3d6083cb33"


def test_a_member_has_the_role_that_the_level_says() -> None:
    given = {**example_of(f"{R}/collaborators"), "access_level": 35}

    [grant] = project.members_of([given]).rows

    assert isinstance(grant, MemberGrant)
    assert (grant.person, grant.role) == ("the username", "developer")


def test_a_protected_branch_names_those_who_may() -> None:
    [rule] = project.protections_of([{"name": "main", "maintainer_can_push": True, "no_one_can_merge": True}], []).rows

    assert isinstance(rule, ProtectionRule)
    assert (rule.pattern, rule.push, rule.merge) == ("main", ("maintainer",), ("no_one",))


@pytest.mark.parametrize("odd", [{"state": "limbo"}, {"number": None}, {"title": ["x"]}])
def test_what_no_issue_can_do_without_is_an_error(odd: dict[str, Any]) -> None:
    with pytest.raises(UnknownShape):
        items.issue_of({**issue(), **odd})
