"""`gc` 0.15.0, GitCode's own command line (`gitcode-cli` on PyPI, a Go program): what was saved, read by its commands.

Its known bug is kept here, so that a version which mends it is noticed: `merge_users` of a protected branch is a list
in GitCode's description, and a text to it.
"""

from dataclasses import dataclass
from pathlib import Path

import pytest

from support.conversation_story import ASSET, Story
from support.redirected_hosts import ClientProgram, RedirectedHosts
from support.saved_gitcode import CHANGED, NAME, OWNER, ServedBackup

STORY = Story("")
PLACE = f"{OWNER}/{NAME}"


@dataclass(frozen=True)
class Gc(ClientProgram):
    """Somebody with the program, who knows the repository by its name at GitCode."""

    def here(self, *words: str, code: int = 0) -> str:
        return self.run(*words, "-R", PLACE, code=code)


@pytest.fixture
def gc(served_backup: ServedBackup, redirected_gitcode: RedirectedHosts, tmp_path: Path) -> Gc:
    own = {"GC_TOKEN": served_backup.token, "GC_NO_UPDATE_CHECK": "1"}
    return Gc("gc", tmp_path, {**own, **redirected_gitcode.environment})


def test_an_account_finds_what_it_may_see(gc: Gc, redirected_gitcode: RedirectedHosts) -> None:
    assert "Logged in as reader" in gc.run("auth", "status")
    assert PLACE in gc.run("repo", "list")
    assert PLACE in gc.run("repo", "view", PLACE)
    assert set(redirected_gitcode.requested) <= set(redirected_gitcode.hosts)


def test_issues_are_listed_and_shown_with_their_comments(gc: Gc) -> None:
    listed = gc.here("issue", "list", "--state", "all")
    shown = gc.here("issue", "view", "2", "--comments")

    assert all(issue.title in listed for issue in STORY.issues)
    assert "灯塔的灯不亮" not in gc.here("issue", "list")
    assert all(text in shown for text in ("吊车在雨天停转", "wang-hai", "一期", "缺陷, 紧急", "雨天复现", "是继电器"))
    assert all(comment.body in gc.here("issue", "comments", "2") for comment in STORY.issues[0].comments)
    assert "紧急" in gc.here("issue", "label", "2", "--list")
    assert "吊车在雨天停转" in gc.run("search", "issues", "吊车")


def test_pull_requests_are_listed_and_shown_with_what_they_change(gc: Gc) -> None:
    listed = gc.here("pr", "list", "--state", "all")
    shown = gc.here("pr", "view", "3")
    changed = gc.here("pr", "diff", "3")
    said = gc.here("pr", "comments", "3")

    assert all(change.title in listed for change in STORY.changes)
    assert all(
        text in shown for text in ("merged", "fix/crane -> main", "li-na", "修复 #2", "Additions: +1", "Commits: 1")
    )
    assert f"+{CHANGED.decode().strip()}" in changed
    assert "a/src/吊车.c" in changed
    assert all(text in said for text in ("这里要加一个判断", "看起来不错", "src/吊车.c", "[resolved]"))


def test_labels_milestones_and_releases_are_listed_and_shown(gc: Gc) -> None:
    labels, milestone = gc.here("label", "list"), gc.here("milestone", "view", "77")
    releases, release = gc.here("release", "list"), gc.here("release", "view", "v1.0")

    assert all(name in labels for name, _ in STORY.labels)
    assert "一期" in gc.here("milestone", "list")
    assert all(text in milestone for text in ("一期", "2023-06-30", "#2 吊车在雨天停转"))
    assert all(one.name in releases for one in STORY.releases)
    assert all(text in release for text in ("v1.0", "第一个版本", "吊车手册.zip"))


def test_the_file_of_a_release_is_downloaded(gc: Gc, tmp_path: Path) -> None:
    gc.here("release", "download", "v1.0", "吊车手册.zip", "-o", str(tmp_path))

    assert (tmp_path / "吊车手册.zip").read_bytes() == ASSET


def test_commits_and_branches_are_listed(gc: Gc, served_backup: ServedBackup) -> None:
    assert "first" in gc.here("repo", "log")
    assert "main" in gc.here("repo", "branch", "list")
    assert served_backup.head in gc.here("commit", "view", served_backup.head)
    assert CHANGED.decode().strip() in gc.here("commit", "diff", served_backup.head)


def test_the_list_of_protected_branches_is_a_bug_of_the_client(gc: Gc) -> None:
    gc.here("repo", "branch-protection", "list", code=1)


def test_what_was_saved_cannot_be_changed(gc: Gc) -> None:
    gc.here("issue", "close", "2", "--yes", code=3)
    gc.here("issue", "comment", "2", "--body", "more", code=1)

    assert "State: open" in gc.here("issue", "view", "2")
