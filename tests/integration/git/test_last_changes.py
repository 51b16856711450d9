"""Which commit last changed each entry of a folder: `git log -1` for each of them is the oracle."""

from datetime import timedelta
from pathlib import Path

import pytest

from matou.git.odb.objects import TreePath
from matou.git.operations import last_changes as walking
from matou.git.operations.last_changes import last_changes
from matou.git.process.run import Limits
from matou.model.names import ObjectId
from support.commits import commit_in, git_in
from support.git_repositories import init_bare

NAMES = ("a.txt", "docs", "src", ":colon", "tab\tname", "\u7801\u5934")


@pytest.fixture
def ship(tmp_path: Path) -> Path:
    """Six commits on `main`, of which one comes by a merge."""
    git_dir = init_bare(tmp_path / "ship.git")
    commit_in(git_dir, {name if "." in name else f"{name}/x": b"1\n" for name in NAMES}, "first", at=1_700_000_000)
    git_in(git_dir, "branch", "side", "main")
    commit_in(git_dir, {"src/deep/down.c": b"2\n", "src/x": b"2\n"}, "second", at=1_700_000_100)
    commit_in(git_dir, {"docs/x": b"3\n"}, "on the side", at=1_700_000_200, branch="side")
    tree = git_in(git_dir, "merge-tree", "--write-tree", "main", "side").strip()
    merge = git_in(git_dir, "commit-tree", "-p", "main", "-p", "side", "-m", "merge", tree).strip()
    git_in(git_dir, "update-ref", "refs/heads/main", merge)
    commit_in(git_dir, {"a.txt": b"4\n"}, "last", at=1_700_000_300)
    return git_dir


def asked_of_git(git_dir: Path, path: str) -> str:
    return git_in(git_dir, "--literal-pathspecs", "log", "-1", "--format=%H", "main", "--", path).strip()


def main(git_dir: Path) -> ObjectId:
    return ObjectId(git_in(git_dir, "rev-parse", "main").strip())


def test_each_entry_has_the_commit_that_git_names(ship: Path) -> None:
    found = last_changes(ship, main(ship), None, [name.encode() for name in NAMES])

    assert found == {name.encode(): asked_of_git(ship, name) for name in NAMES}
    assert len(set(found.values())) == 4


def test_a_folder_is_looked_at_from_within(ship: Path) -> None:
    found = last_changes(ship, main(ship), TreePath(("src",)), [b"deep", b"x"])

    assert found == {b"deep": asked_of_git(ship, "src/deep"), b"x": asked_of_git(ship, "src/x")}


def test_nothing_is_asked_of_nothing(ship: Path) -> None:
    assert last_changes(ship, main(ship), None, []) == {}
    assert last_changes(ship, main(ship), None, [b"absent"]) == {}


def test_what_takes_too_long_ends_with_what_was_found(ship: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walking, "LIMITS", Limits(wall=timedelta(0)))

    found = last_changes(ship, main(ship), None, [name.encode() for name in NAMES])

    assert found.items() <= {name.encode(): asked_of_git(ship, name) for name in NAMES}.items()
