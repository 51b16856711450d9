"""`ag` 0.7.4, AtomGit's command line (`ag-cli-py` on PyPI, a Go program): what was saved, read by its commands."""

import json
from pathlib import Path

import pytest

from support.conversation_story import ASSET, Story
from support.redirected_hosts import ClientProgram, RedirectedHosts
from support.saved_gitcode import CHANGED, NAME, OWNER, ServedBackup

STORY = Story("")
PLACE = f"{OWNER}/{NAME}"


@pytest.fixture
def ag(served_backup: ServedBackup, redirected_gitcode: RedirectedHosts, tmp_path: Path) -> ClientProgram:
    """Logged in, by somebody who knows the repository by its name at the platform."""
    client = ClientProgram("ag-cli", tmp_path, redirected_gitcode.environment)
    git = ("--git-name", "reader", "--git-email", "reader@example.org")
    client.run("auth", "login", "--with-token", *git, stdin=served_backup.token)
    return client


def test_an_account_finds_what_it_may_see(ag: ClientProgram) -> None:
    assert "Login: reader" in ag.run("user", "view")
    assert PLACE in ag.run("repo", "list")
    assert "Visibility: private" in ag.run("repo", "view", PLACE)
    assert "reader@example.org" in ag.run("user", "emails")


def test_issues_are_listed_and_shown_with_their_comments_and_what_was_done(ag: ClientProgram) -> None:
    listed, shown = ag.run("issue", "list", PLACE, "--state", "all"), ag.run("issue", "view", PLACE, "2")
    said, done = ag.run("issue", "comment", "view", PLACE, "2"), ag.run("issue", "activity", PLACE, "2")

    assert all(issue.title in listed for issue in STORY.issues)
    assert all(
        text in shown for text in ("吊车在雨天停转", "State: open", "缺陷, 紧急", "Author: wang-hai", "雨天复现")
    )
    assert all(comment.body in said for comment in STORY.issues[0].comments)
    assert "changed milestone to 一期" in done
    assert "吊车在雨天停转" in ag.run("search", "issues", "吊车")


def test_pull_requests_are_listed_and_shown_with_what_they_change(ag: ClientProgram) -> None:
    listed, shown = ag.run("pr", "list", PLACE, "--state", "all"), ag.run("pr", "view", PLACE, "3")
    said, done = ag.run("pr", "comment", "view", PLACE, "3"), ag.run("pr", "activity", PLACE, "3")

    assert all(change.title in listed for change in STORY.changes)
    assert all(text in shown for text in ("修好吊车", "State: merged", "fix/crane -> main", "修复 #2"))
    assert all(text in said for text in ("这里要加一个判断", "已加", "看起来不错", "src/吊车.c", "L18"))
    assert "changed milestone to 一期" in done
    assert "fix it" in ag.run("pr", "commits", PLACE, "3")
    assert "src/吊车.c" in ag.run("pr", "files", PLACE, "3")
    assert f"+{CHANGED.decode().strip()}" in ag.run("pr", "diff", PLACE, "3")


def test_whoever_was_asked_for_a_review_is_shown(ag: ClientProgram) -> None:
    shown = json.loads(ag.run("pr", "view", PLACE, "3", "--json"))

    assert (shown["assignees"], shown["testers"]) == (["li-na"], ["zhao-gone"])


def test_labels_and_milestones_are_listed_and_shown(ag: ClientProgram) -> None:
    labels, milestones = ag.run("label", "list", PLACE), ag.run("milestone", "list", PLACE, "--state", "all")

    assert all(name in labels for name, _ in STORY.labels)
    assert all(title in milestones for _, title, _ in STORY.milestones)
    assert "Issues: 1 open, 0 closed" in ag.run("milestone", "view", PLACE, "77")


def test_releases_are_listed_and_shown_with_their_files(ag: ClientProgram, tmp_path: Path) -> None:
    listed, shown = ag.run("release", "list", PLACE), ag.run("release", "view", PLACE, "v1.0")
    ag.run("release", "download", PLACE, "v1.0", "吊车手册.zip", "-o", str(tmp_path / "file"))

    assert all(one.name in listed for one in STORY.releases)
    assert all(text in shown for text in ("一点零", "第一个版本", "吊车手册.zip"))
    assert (tmp_path / "file").read_bytes() == ASSET


def test_members_webhooks_and_protections_are_listed(ag: ClientProgram) -> None:
    members = ag.run("repo", "collaborator", "list", PLACE)

    assert all(text in members for text in ("li-na [admin]", "wang-hai [push]"))
    assert "#9 [withheld]" in ag.run("repo", "webhook", "list", PLACE)
    assert "main" in ag.run("branch", "protection", "list", PLACE)
    assert "v*" in ag.run("tag", "protection", "list", PLACE)


def test_branches_tags_and_commits_are_listed(ag: ClientProgram, served_backup: ServedBackup) -> None:
    assert "fix/crane" in ag.run("branch", "list", PLACE)
    assert "v1.0" in ag.run("tag", "list", PLACE)
    assert "first" in ag.run("commit", "list", PLACE)
    assert served_backup.head[:7] in ag.run("commit", "view", PLACE, served_backup.head)


def test_what_was_saved_cannot_be_changed(ag: ClientProgram) -> None:
    ag.run("issue", "close", PLACE, "2", code=1)
    ag.run("label", "create", PLACE, "new", "--color", "#ff0000", code=1)

    assert "State: open" in ag.run("issue", "view", PLACE, "2")
    assert "new" not in ag.run("label", "list", PLACE)
