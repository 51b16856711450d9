"""Gitee's issues, pull requests, comments and releases become metadata, and nothing of them is lost."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from matou.errors import UnknownShape
from matou.model.metadata import ChangeRequest, Issue, SavedRelease
from matou.platforms.gitee import metadata_items as items
from matou.platforms.gitee import metadata_project as project
from support.gitee_swagger import example_of
from support.losslessness import lost, with_people_apart

DATA = Path(__file__).parents[3] / "data" / "gitee"

PERSON_ADDRESSES = {
    "url",
    "followers_url",
    "following_url",
    "gists_url",
    "starred_url",
    "subscriptions_url",
    "organizations_url",
    "repos_url",
    "events_url",
    "received_events_url",
}


def sample(name: str) -> Any:
    return json.loads((DATA / f"v5-{name}.json").read_text(encoding="utf-8"))


def of_people(*places: str) -> set[str]:
    return {f"{place}.{address}" for place in places for address in PERSON_ADDRESSES}


def within(place: str, *names: str) -> set[str]:
    return {f"{place}.{name}" for name in names}


LABEL_KEYS = ("id", "color", "repository_id", "url", "created_at", "updated_at")
MILESTONE_KEYS = (
    *("url", "html_url", "repository_id", "state", "title", "description"),
    *("updated_at", "created_at", "open_issues", "closed_issues", "due_on"),
)

SAID_ELSEWHERE = {
    "issue": {
        *("url", "repository_url", "labels_url", "comments_url", "body_html", "comments"),
        *of_people("user", "assignee", "collaborators"),
        *within("labels", *LABEL_KEYS),
        *within("milestone", *MILESTONE_KEYS),
        "issue_state",
        "issue_type",
    },
    "note": {"body_html", *within("target.issue", "id", "title"), *of_people("user", "in_reply_to_user")},
    "pull": {
        *("url", "diff_url", "patch_url", "issue_url", "commits_url", "review_comments_url", "review_comment_url"),
        *("comments_url", "body_html", "mergeable", "can_merge_check"),
        *within("_links", "self.href", "html.href"),
        *of_people("user", "head.user", "base.user", "assignees", "testers", "api_reviewers"),
        *within("labels", *LABEL_KEYS),
        *within("milestone", *MILESTONE_KEYS),
        *within("base.repo", "id", "full_name", "human_name", "html_url"),
    },
    "pull-comment": {
        *("url", "html_url"),
        *within("_links", "self.href", "html.href", "pull_request.href"),
        *of_people("user"),
    },
    "label": {"url", "repository_id"},
    "milestone": {"url", "html_url", "repository_id", "open_issues", "closed_issues"},
    "release": of_people("author") | {"assets.browser_download_url", "assets.name"},
    "release-file": of_people("uploader"),
    "collaborator": PERSON_ADDRESSES,
    "hook": {"url", "password", "project_id", "result", "result_code"},
}
"""By sample: addresses of the API, which are made of the rest; what labels.json and milestones.json have; HTML that was
made of the source text; counts; whether a merge would succeed now; of the base, its own repository; what a webhook's
secret is and what its last call gave; archives that are made of the sources."""


@pytest.mark.parametrize(
    ("name", "made_of"),
    [
        ("issue", items.issue_of),
        ("note", items.comment_of),
        ("pull", items.change_of),
        ("pull-comment", items.pull_comment_of),
        ("label", lambda it: project.labels_of([it])),
        ("milestone", lambda it: project.milestones_of([it])),
        ("release", lambda it: project.release_of(it, None)),
        ("release-file", lambda it: project.release_of(sample("release"), [it])),
        ("collaborator", lambda it: project.members_of([it])),
        ("hook", lambda it: project.hooks_of([it])),
    ],
)
def test_nothing_is_lost_of_what_is_not_said_elsewhere(name: str, made_of: Any) -> None:
    assert lost(with_people_apart(sample(name)), made_of) == SAID_ELSEWHERE[name]


@pytest.mark.parametrize(
    ("definition", "made_of"),
    [
        ("Issue", items.issue_of),
        ("Note", items.comment_of),
        ("PullRequest", items.change_of),
        ("PullRequestComments", items.pull_comment_of),
    ],
)
def test_what_nobody_has_described_is_in_extra(definition: str, made_of: Any) -> None:
    states = {"state": "open"} if definition in ("Issue", "PullRequest") else {}
    value = {**example_of(definition), **states, "pull_request_url": "https://gitee.com/api/v5/repos/a/b/pulls/12"}

    made = made_of({**value, "undreamt": {"of": ["by", 7]}})

    item = made.item if hasattr(made, "item") else made.comment
    assert item.extra["undreamt"] == {"of": ["by", 7]}


def test_an_issue_is_told_in_words_of_our_own() -> None:
    read = items.issue_of(sample("issue"), repository="oschina/gitee-cli")

    issue = read.item
    assert isinstance(issue, Issue)
    assert (issue.number, issue.id, issue.title) == ("I6D3AV", "5550123", "吊车在雨天停转")
    assert (issue.state, issue.status and issue.status.group, issue.parent) == ("open", "doing", "I6D3AU")
    assert issue.at == datetime(2023, 2, 20, 10, 30, tzinfo=UTC)
    assert (issue.by, issue.assignees, issue.labels, issue.milestone) == ("17", ("23",), ("缺陷",), "77")
    assert (issue.priority and issue.priority.rank, issue.type and issue.type.group) == (2, "bug")
    assert issue.due == "2023-03-10T15:59:59Z"
    assert issue.extra is not None
    assert issue.extra["collaborators"] == ["17"]
    assert "repository" not in issue.extra
    assert {(person.id, person.name) for person in read.people} == {("17", "王海"), ("23", "李娜")}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (None, (None, ())),
        ({"id": 0, "login": "ghost", "name": "ghost"}, ("ghost", (("ghost", "ghost"),))),
        ({"login": "gone"}, ("gone", (("gone", None),))),
        ({}, (None, ())),
    ],
)
def test_an_author_who_is_gone_hinders_nothing(given: Any, expected: Any) -> None:
    read = items.issue_of({**sample("issue"), "user": given, "assignee": None, "collaborators": []})

    assert isinstance(read.item, Issue)
    assert (read.item.by, tuple((person.login, person.state) for person in read.people)) == expected


@pytest.mark.parametrize(
    ("key", "given"), [("created_at", "yesterday"), ("priority", 9), ("finished_at", 7), ("assignee", ["x"])]
)
def test_what_cannot_be_read_is_kept_as_it_came(key: str, given: Any) -> None:
    read = items.issue_of({**sample("issue"), key: given})

    assert isinstance(read.item, Issue)
    assert read.item.extra is not None
    assert read.item.extra[key] == given


@pytest.mark.parametrize("odd", [{"state": "limbo"}, {"number": None}, {"title": ["x"]}])
def test_what_no_issue_can_do_without_is_an_error(odd: dict[str, Any]) -> None:
    with pytest.raises(UnknownShape):
        items.issue_of({**sample("issue"), **odd})


def test_a_pull_request_tells_who_was_asked_for_a_review_and_what_came_of_it() -> None:
    change = items.change_of(sample("pull")).item

    assert isinstance(change, ChangeRequest)
    assert [(who.by, who.role, who.state) for who in change.reviewers] == [
        ("23", "reviewer", "approved"),
        ("17", "tester", "requested"),
    ]
    assert (change.state, change.merged_at) == ("merged", datetime(2023, 3, 4, 5, 6, tzinfo=UTC))
    assert (change.head.repository, change.head.branch) == ("wang-hai/gitee-cli", "fix/crane")
    assert change.commits_ref == "refs/pull/12/head"


def test_a_fork_that_is_gone_hinders_nothing() -> None:
    given = sample("pull")
    given["head"] |= {"repo": None, "user": None}

    change = items.change_of(given).item

    assert isinstance(change, ChangeRequest)
    assert (change.head.repository, change.head.branch) == (None, "fix/crane")


def test_a_line_comment_stands_in_its_thread_and_any_other_in_none() -> None:
    on_line, general = sample("pull-comment"), {**sample("pull-comment"), "path": None}

    thread, none = items.pull_comment_of(on_line).thread, items.pull_comment_of(general).thread

    assert thread is not None
    assert thread.position is not None
    assert (thread.id, thread.path, thread.position.line) == ("17000000", "src/crane.c", 18)
    assert thread.position.as_given["original_position"] == 4
    assert none is None


def test_archives_that_gitee_makes_of_the_sources_are_no_assets() -> None:
    bare, with_sizes = (
        project.release_of(sample("release"), None),
        project.release_of(sample("release"), [sample("release-file")]),
    )

    assert isinstance(bare.item, SavedRelease)
    assert isinstance(with_sizes.item, SavedRelease)
    assert [(asset.name, asset.size) for asset in bare.item.assets] == [("吊车.zip", None)]
    assert [(asset.name, asset.size, asset.id) for asset in with_sizes.item.assets] == [("吊车.zip", 1234, "440001")]


def test_no_secret_of_a_webhook_is_in_what_is_made_of_it() -> None:
    made = project.hooks_of([sample("hook")])

    assert "s3cr3t" not in repr(made)
    assert "not-for-anybody" not in repr(made)
