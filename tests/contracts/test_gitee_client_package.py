"""`gitee-client` 1.1.2 from PyPI, other people's client, which is made of Gitee's description: what was saved, read."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from gitee_client import GiteeClient
from gitee_client.error import GiteeAPIError

from matou.credentials import Secret
from matou.http.session import Session
from matou.model.metadata.kinds import HOOK, LABEL, MEMBER, MILESTONE
from matou.platforms.gitee.metadata_source import GiteeMetadataSource
from matou.platforms.gitee.source import GiteeSource
from support.coding_api import Clock
from support.conversation_story import ASSET, Story
from support.gitcode_server import Harbour, furnish
from support.gitee_conversation import NUMBERS, running_gitee_conversation
from support.gitee_source import TOKEN
from support.matou_server import running_server
from support.saved_conversation import read_all, save, with_assets
from support.steered_clock import SYSTEM_CLOCK

HERE = {"owner": "harbour", "repo": "light"}
STORY = Story("")


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GiteeClient]:
    """Of an owner of what has a story."""
    with running_server(tmp_path_factory.mktemp("served") / "archive") as server:
        furnish(server.forge)
        harbour = Harbour(server.forge, Clock())
        with running_gitee_conversation() as account:
            said = read_all(_reader(account.url), "gitee", (LABEL, MILESTONE, MEMBER, HOOK))
        with_assets(server.forge, said, ASSET)
        save(server.forge, harbour.repository("light"), said)
        yield GiteeClient(harbour.token("chen"), base_url=f"{server.url}/gitee/api")


def _reader(url: str) -> Any:
    session, token, now = Session(named=[url], clock=SYSTEM_CLOCK), Secret(TOKEN), datetime(2026, 1, 1, tzinfo=UTC)
    listed = GiteeSource(session, url, token, record=lambda _: None, now=lambda: now)
    repository = next(one for one in listed.repositories() if one.name == "crane")
    return GiteeMetadataSource(session, url, token, lambda _: None, now=lambda: now).of_repository(repository, None)


def test_an_account_is_found_with_its_organizations_and_repositories(client: GiteeClient) -> None:
    assert client.users.list_user()["login"] == "chen"
    assert [row["login"] for row in client.organizations.list_user_orgs()] == ["harbour"]
    assert "harbour" in {row["path"] for row in client.users.list_user_namespaces(mode="all")}
    assert client.enterprises.list_user_enterprises(admin=False) == []
    lists = (client.repos.list_user_repos(type="all"), client.repos.list_orgs_repos("harbour", type="all"))
    assert all({"harbour/ferry", "harbour/light"} <= {row["full_name"] for row in rows} for rows in lists)
    assert {row["login"] for row in client.organizations.list_orgs_members("harbour", role="admin")} == {"chen", "mei"}


def test_issues_are_listed_and_shown_with_their_comments(client: GiteeClient) -> None:
    listed = client.issues.list_repos_issues(**HERE, state="all", sort="created", direction="asc")
    shown = client.issues.get_repos_issues(NUMBERS[2], **HERE)
    comments = client.issues.list_repos_issues_comments_2(NUMBERS[2], **HERE)

    assert [row["title"] for row in listed] == [issue.title for issue in STORY.issues]
    assert (shown["title"], shown["assignee"]["name"], shown["comments"]) == ("吊车在雨天停转", "李娜", 2)
    assert {label["name"] for label in shown["labels"]} == {"缺陷", "紧急"}
    assert [row["body"] for row in comments] == [one.body for one in STORY.issues[0].comments]
    assert client.issues.get_repos_issues_comments(101, **HERE) == comments[0]
    assert len(client.issues.list_repos_issues_comments(**HERE)) == 2
    labels = client.labels.list_repos_issues_labels(NUMBERS[2], **HERE)
    assert [row["name"] for row in labels] == [row["name"] for row in shown["labels"]]


def test_pull_requests_are_listed_and_shown_with_their_comments(client: GiteeClient) -> None:
    listed = client.pulls.list_repos_pulls(**HERE, state="all", sort="created", direction="asc")
    comments = client.pulls.list_repos_pulls_comments(3, **HERE)

    assert [(row["number"], row["state"]) for row in listed] == [(3, "merged"), (4, "closed")]
    assert client.pulls.get_repos_pulls(3, **HERE)["title"] == "修好吊车"
    assert {row["body"] for row in comments} >= {"这里要加一个判断", "已加"}
    assert client.pulls.get_repos_pulls_comments(201, **HERE)["path"] == "src/吊车.c"
    assert client.pulls.list_repos_pulls_labels(3, **HERE) == client.pulls.get_repos_pulls(3, **HERE)["labels"]
    assert client.pulls.get_repos_pulls_merge(3, **HERE) is None
    with pytest.raises(GiteeAPIError):
        client.pulls.get_repos_pulls_merge(4, **HERE)


def test_labels_milestones_members_and_webhooks_are_listed(client: GiteeClient) -> None:
    assert {row["name"] for row in client.labels.list_repos_labels(**HERE)} == {"缺陷", "需求", "紧急"}
    assert client.labels.get_repos_labels("缺陷", **HERE)["color"].lower() == "d73a4a"
    milestones = client.milestones.list_repos_milestones(**HERE, state="all")
    assert {row["title"]: row["state"] for row in milestones} == {"一期": "open", "二期": "closed"}
    assert client.milestones.get_repos_milestones(77, **HERE)["title"] == "一期"
    assert {row["login"] for row in client.repos.list_repos_collaborators(**HERE)} == {"wang-hai", "li-na"}
    [hook] = client.webhooks.list_repos_hooks(**HERE)
    assert client.webhooks.get_repos_hooks(hook["id"], **HERE) == hook
    assert (hook["url"], hook["password"]) == ("[withheld]", "[withheld]")


def test_releases_have_their_files(client: GiteeClient) -> None:
    release = client.repos.get_repos_releases_tags(tag="v1.0", **HERE)
    [file] = client.repos.list_repos_releases_attach_files(release_id=release["id"], **HERE)

    assert {row["tag_name"] for row in client.repos.list_repos_releases(**HERE)} == {"v1.0", "release/2.0"}
    assert (file["name"], file["size"]) == ("吊车手册.zip", len(ASSET))
    assert httpx.get(file["browser_download_url"]).raise_for_status().content == ASSET


def test_branches_tags_and_commits_are_listed(client: GiteeClient) -> None:
    [branch] = client.repos.list_repos_branches(**HERE)
    newest, _ = client.repos.list_repos_commits(**HERE)

    assert (branch["name"], branch["commit"]["sha"]) == ("main", newest["sha"])
    assert client.repos.get_repos_branches("main", **HERE) == branch
    assert client.repos.get_repos_commits(sha=newest["sha"], **HERE) == newest
    assert client.repos.list_repos_tags(**HERE) == []


def test_what_is_not_there_is_the_client_s_own_failure(client: GiteeClient) -> None:
    with pytest.raises(GiteeAPIError) as failed:
        client.issues.get_repos_issues("NOSUCH", **HERE)

    assert failed.value.status_code == 404
