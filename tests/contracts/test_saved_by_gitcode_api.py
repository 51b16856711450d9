"""`gitcode-api` 1.3.4 from PyPI, other people's client: what was saved, read by its own methods."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from gitcode_api import GitCode

from support.conversation_story import ASSET, Story
from support.saved_gitcode import CHANGED, NAME, OWNER, ServedBackup

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

STORY = Story("")


@pytest.fixture
def client(served_backup: ServedBackup) -> Iterator[Any]:
    """Of an owner; its types say of every field that it may be missing."""
    url = f"{served_backup.url}/api/v5"
    with GitCode(api_key=served_backup.token, owner=OWNER, repo=NAME, base_url=url) as client:
        yield client


def test_an_account_finds_what_it_may_see(client: Any) -> None:
    assert client.users.me().login == "reader"
    assert client.repos.get().full_name.endswith(f"/{OWNER}/{NAME}")
    assert [row.name for row in client.repos.list_user()] == [NAME]


def test_issues_are_listed_and_shown_with_their_comments(client: Any) -> None:
    listed = client.issues.list(state="all", sort="created", direction="asc")
    shown = client.issues.get(number=2)
    comments = client.issues.list_comments(number=2)

    assert [row.title for row in listed] == [issue.title for issue in STORY.issues]
    assert [row.title for row in client.issues.list(state="closed")] == ["灯塔的灯不亮"]
    assert (shown.user.login, shown.assignee.login, shown.milestone.title) == ("wang-hai", "li-na", "一期")
    assert {label.name for label in shown.labels} == {"缺陷", "紧急"}
    assert [row.body for row in comments] == [one.body for one in STORY.issues[0].comments]
    assert client.issues.get_comment(comment_id=101).body == comments[0].body
    assert [row.title for row in client.search.issues(q="吊车")] == ["吊车在雨天停转"]


def test_pull_requests_are_listed_and_shown_with_their_comments(client: Any) -> None:
    listed = client.pulls.list(state="all", sort="created", direction="asc")
    shown = client.pulls.get(number=3)
    comments = client.pulls.list_comments(number=3)

    assert [(row.number, row.state) for row in listed] == [(3, "merged"), (4, "closed")]
    assert [who.login for who in listed[0].assignees] == [who.login for who in shown.assignees] == ["li-na"]
    assert [(row.body[:8], len(row.reply)) for row in comments] == [("这里要加一个判断", 1), ("看起来不错 ![", 0)]
    assert client.pulls.get_comment(comment_id=201).body == "这里要加一个判断"
    assert dict(client.pulls.list(only_count=True)) == {"all": 2, "opened": 0, "merged": 1, "closed": 1, "locked": 0}
    assert [row.content for row in client.pulls.list_operation_logs(number=3)] == ["changed milestone to 一期"]


def test_what_a_pull_request_changes_is_shown(client: Any, served_backup: ServedBackup) -> None:
    [commit], [file] = client.pulls.list_commits(number=3), client.pulls.list_files(number=3)

    assert commit.sha == served_backup.head
    assert file.filename == "src/吊车.c"
    assert f"+{CHANGED.decode()}" in file.patch["diff"]


def test_labels_milestones_members_and_webhooks_are_listed(client: Any) -> None:
    assert {row.name for row in client.labels.list()} == {name for name, _ in STORY.labels}
    assert {row.title for row in client.milestones.list(state="all")} == {"一期", "二期"}
    assert client.milestones.get(number=77).title == "一期"
    assert {row.login for row in client.members.list()} == {"wang-hai", "li-na"}
    assert client.members.get(username="li-na").login == "li-na"
    [hook] = client.webhooks.list()
    assert client.webhooks.get(hook_id=hook.id).url == "[withheld]"


def test_releases_have_their_files(client: Any) -> None:
    release = client.releases.get_by_tag(tag="v1.0")
    [file] = release.assets

    assert {row.tag_name for row in client.releases.list()} == {"v1.0", "release/2.0"}
    assert client.releases.get(tag="v1.0").name == "一点零"
    assert client.releases.get_latest().tag_name == "release/2.0"
    assert file.name == "吊车手册.zip"
    download = httpx.get(file.browser_download_url, headers={"PRIVATE-TOKEN": client.api_key})
    assert download.raise_for_status().content == ASSET
