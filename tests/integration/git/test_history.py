"""Which commits there are and what they changed: what git itself says is the oracle."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from matou.git.odb.blobs import Unreadable
from matou.git.odb.objects import Commit, TreePath, find_commit, open_repository
from matou.git.operations import history
from matou.git.operations.history import (
    ChangeKind,
    CommitIds,
    Selection,
    TooManyChanges,
    changes_of,
    commit_ids,
    is_ancestor,
)
from matou.git.process.sandbox import Limits
from matou.model.names import object_id
from support.git_repositories import EPOCH, commit_file, git, init_bare, make_repository, store_object, tip_of


@pytest.fixture
def ship(tmp_path: Path) -> Path:
    """Twelve commits, each a second after the one before, and one by somebody else."""
    git_dir = make_repository(tmp_path / "ship.git", commits=12, files={"src/[a].py": b"a\n", ":(top)x": b"x\n"})
    commit_file(git_dir, "main", "src/*.py", b"star\n", "star")
    tree = git(git_dir, "rev-parse", "main^{tree}")
    commit = git(
        git_dir,
        "commit-tree",
        "-p",
        "main",
        "-m",
        "by another",
        tree,
        GIT_AUTHOR_NAME="W. Fang",
        GIT_AUTHOR_EMAIL="fang@example.org",
    )
    git(git_dir, "update-ref", "refs/heads/main", commit)
    return git_dir


def found(git_dir: Path, only: Selection) -> list[str]:
    ids = commit_ids(git_dir, tip_of(git_dir, "main"), only)
    return list(ids.page(0, len(ids)))


def at(seconds: int) -> datetime:
    return datetime.fromtimestamp(EPOCH + seconds, UTC)


@pytest.mark.parametrize(
    ("only", "arguments"),
    [
        (Selection(), []),
        (Selection(path=TreePath(("file-3",))), ["--", "file-3"]),
        (Selection(path=TreePath(("src",))), ["--", "src"]),
        (Selection(path=TreePath(("nothing",))), ["--", "nothing"]),
        (Selection(path=TreePath(("src", "[a].py"))), ["--", ":(literal)src/[a].py"]),
        (Selection(path=TreePath(("src", "*.py"))), ["--", ":(literal)src/*.py"]),
        (Selection(path=TreePath((":(top)x",))), ["--", ":(literal):(top)x"]),
        (Selection(authors=("FANG@example",)), ["--author=fang@example.org"]),
        (Selection(authors=("W. F",)), ["--author=fang@example.org"]),
        (Selection(authors=("nobody", "li.lei@")), ["--author=li.lei"]),
        (Selection(authors=(".*",)), ["--author=nobody at all"]),
        (Selection(keyword="COMMIT 1"), ["--grep=commit 1"]),
        (Selection(keyword=".*"), ["--grep=nothing says this"]),
        (Selection(keyword="commit", authors=("nobody",)), ["--author=nobody at all"]),
        (Selection(since=at(3)), [f"--since={EPOCH + 3}"]),
        (Selection(until=at(3)), [f"--until={EPOCH + 3}"]),
        (Selection(since=at(3), until=at(3)), [f"--since={EPOCH + 3}", f"--until={EPOCH + 3}"]),
        (Selection(since=datetime(1900, 1, 1, tzinfo=UTC)), []),
    ],
)
def test_what_is_selected_is_what_git_selects(ship: Path, only: Selection, arguments: list[str]) -> None:
    options = [argument for argument in arguments if argument.startswith("--") and argument != "--"]
    paths = arguments[arguments.index("--") :] if "--" in arguments else []

    assert found(ship, only) == git(ship, "rev-list", *options, "main", *paths).split()


def test_pages_are_slices(ship: Path) -> None:
    ids = commit_ids(ship, tip_of(ship, "main"))

    assert [oid for offset in range(0, 20, 4) for oid in ids.page(offset, 4)] == git(ship, "rev-list", "main").split()
    assert len(ids) == 15
    assert len(CommitIds(b"")) == 0


def test_the_newest_are_asked_for_alone(ship: Path) -> None:
    ids = commit_ids(ship, tip_of(ship, "main"), most=3)

    assert list(ids.page(0, 9)) == git(ship, "rev-list", "main").split()[:3]


def test_no_more_than_the_limit_is_listed(ship: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "MOST_COMMITS", 5)

    assert len(commit_ids(ship, tip_of(ship, "main"))) == 5


def test_an_id_that_is_not_there_is_a_failure_and_no_empty_history(ship: Path) -> None:
    with pytest.raises(Unreadable):
        commit_ids(ship, object_id("1" * 40))


def test_ancestors_are_told_from_others(ship: Path) -> None:
    older, newer = object_id(git(ship, "rev-parse", "main~3")), tip_of(ship, "main")

    assert is_ancestor(ship, older, newer)
    assert is_ancestor(ship, newer, newer)
    assert not is_ancestor(ship, newer, older)
    with pytest.raises(Unreadable):
        is_ancestor(ship, object_id("1" * 40), newer)


def test_changes_are_told_with_lines_kinds_and_blobs(tmp_path: Path) -> None:
    git_dir = init_bare(tmp_path / "a.git")
    text, binary = "".join(f"{n}\n" for n in range(40)).encode(), b"\0\1\2" * 50
    old = {"gone": b"1\n2\n", "old name": text, "changed": b"1\n2\n3\n", "bytes": binary}
    new = {"new\tname\n": text + b"more\n", "changed": b"1\nII\n3\nIV\n", "bytes": binary + b"x", "made": b"made\n"}
    first = commit_of(git_dir, old)
    second = commit_of(git_dir, new, first)

    changes = {change.path.decode(): change for change in changes_of(git_dir, find(git_dir, second))}

    assert {path: (change.kind, change.additions, change.deletions) for path, change in changes.items()} == {
        "new\tname\n": (ChangeKind.RENAMED, 1, 0),
        "changed": (ChangeKind.MODIFIED, 2, 1),
        "bytes": (ChangeKind.MODIFIED, 0, 0),
        "made": (ChangeKind.ADDED, 1, 0),
        "gone": (ChangeKind.REMOVED, 0, 2),
    }
    assert changes["made"].blob == git(git_dir, "rev-parse", f"{second}:made")
    assert changes["gone"].blob == git(git_dir, "rev-parse", f"{first}:gone")


def test_the_first_commit_of_all_added_everything_and_a_merge_what_it_merged(tmp_path: Path) -> None:
    git_dir = init_bare(tmp_path / "a.git")
    first = commit_of(git_dir, {"a": b"1\n"})
    left, right = (
        commit_of(git_dir, {"a": b"1\n", "l": b"l\n"}, first),
        commit_of(git_dir, {"a": b"1\n", "r": b"r\n"}, first),
    )
    merge = commit_of(git_dir, {"a": b"1\n", "l": b"l\n", "r": b"r\n"}, left, right)

    assert [change.path for change in changes_of(git_dir, find(git_dir, first))] == [b"a"]
    assert [change.path for change in changes_of(git_dir, find(git_dir, merge))] == [b"r"]


def test_a_commit_of_a_bomb_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "MOST_CHANGES_BYTES", 200_000)
    git_dir = init_bare(tmp_path / "bomb.git")
    blob = store_object(git_dir, "blob", b"boom")
    tree = store_object(git_dir, "tree", b"".join(b"100644 f%d\0%b" % (n, bytes.fromhex(blob)) for n in range(10)))
    for _ in range(4):
        tree = store_object(git_dir, "tree", b"".join(b"40000 d%d\0%b" % (n, bytes.fromhex(tree)) for n in range(10)))
    commit = git(git_dir, "commit-tree", "-m", "bomb", tree)

    with pytest.raises(TooManyChanges):
        changes_of(git_dir, find(git_dir, commit))


def test_a_commit_that_takes_too_much_memory_is_no_damage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "CHANGES_LIMITS", Limits(memory_bytes=96 * 1024 * 1024))
    git_dir = init_bare(tmp_path / "lines.git")
    first = commit_of(git_dir, {"file": b"".join(b"%d\n" % number for number in range(2_000_000))})
    second = commit_of(git_dir, {"file": b"".join(b"%d\n" % (number * 7) for number in range(2_000_000))}, first)

    with pytest.raises(TooManyChanges):
        changes_of(git_dir, find(git_dir, second))


def commit_of(git_dir: Path, files: dict[str, bytes], *parents: str) -> str:
    rows = b"".join(
        b"100644 blob %b\t%b\0" % (store_object(git_dir, "blob", content).encode(), name.encode())
        for name, content in files.items()
    )
    tree = git(git_dir, "mktree", "-z", input=rows)
    return git(git_dir, "commit-tree", "-m", "a commit", *(word for parent in parents for word in ("-p", parent)), tree)


def find(git_dir: Path, commit: str) -> Commit:
    return find_commit(open_repository(git_dir), object_id(commit))
