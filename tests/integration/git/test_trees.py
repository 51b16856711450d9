"""Listing trees: what git itself lists is the oracle, and a bomb stops at its limit."""

import time
from pathlib import Path

import pytest

from matou.errors import Damaged
from matou.git.odb import trees
from matou.git.odb.objects import MissingObject, open_repository
from matou.git.odb.trees import ListingTooLong, find_tree, list_tree
from matou.model.names import ObjectId, object_id
from support.git_repositories import git, git_bytes, init_bare, make_repository, make_source, store_object


def listed_by_git(git_dir: Path, revision: str, *options: str) -> list[tuple[str, str, bytes]]:
    lines = git_bytes(git_dir, "ls-tree", "-z", *options, revision).split(b"\0")[:-1]
    rows = [(line.split(b"\t", 1)[0].split(), line.split(b"\t", 1)[1]) for line in lines]
    return [(mode.decode(), oid.decode(), path) for (mode, _, oid), path in rows]


def listed(git_dir: Path, tree: str, *, recursive: bool) -> list[tuple[str, str, bytes]]:
    listing = list_tree(open_repository(git_dir), object_id(tree), recursive=recursive)
    return [(f"{entry.mode:06o}", entry.id, entry.path) for entry in listing]


def tree_of(git_dir: Path, revision: str = "main") -> str:
    return git(git_dir, "rev-parse", f"{revision}^{{tree}}")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Folders, names in Chinese, a submodule, a symbolic link, an executable, and a name that is no UTF-8."""
    git_dir = make_source(tmp_path / "source.git")
    blob = git(git_dir, "rev-parse", "main:README.md")
    link = store_object(git_dir, "blob", b"../../etc/passwd")
    folder = git(git_dir, "mktree", input=b"100755 blob %b\trun\n" % blob.encode())
    rows = [
        f"100644 blob {blob}\tREADME.md",
        f"160000 commit {'5' * 40}\tvendored",
        f"120000 blob {link}\tlink",
        f"040000 tree {folder}\tbin",
        f"040000 tree {tree_of(git_dir)}\t里面",
    ]
    lines = b"".join(row.encode() + b"\0" for row in rows) + b"100644 blob %b\t\xff\xfe\0" % blob.encode()
    tree = git(git_dir, "mktree", "-z", "--missing", input=lines)
    git(git_dir, "update-ref", "refs/heads/main", git(git_dir, "commit-tree", "-m", "all kinds", tree))
    return git_dir


def test_a_folder_is_listed_as_git_lists_it(source: Path) -> None:
    assert listed(source, tree_of(source), recursive=False) == listed_by_git(source, "main")


def test_everything_below_is_listed_as_git_lists_it(source: Path) -> None:
    assert listed(source, tree_of(source), recursive=True) == listed_by_git(source, "main", "-r", "-t")


@pytest.mark.parametrize("size", [1, 3, 7, 100])
def test_pages_join_to_the_whole(source: Path, size: int) -> None:
    listing = list_tree(open_repository(source), object_id(tree_of(source)), recursive=True)

    pages = [list(listing.page(offset, size)) for offset in range(0, len(listing) + size, size)]

    assert [entry for page in pages for entry in page] == list(listing)
    assert pages[-1] == []


@pytest.mark.parametrize("revision", ["main", "main^{tree}", "refs/tags/v1.0", "refs/tags/of-a-tag", "of-a-tree"])
def test_a_tree_is_found_behind_whatever_names_one(tmp_path: Path, revision: str) -> None:
    git_dir = make_source(tmp_path / "source.git")

    found = find_tree(open_repository(git_dir), object_id(git(git_dir, "rev-parse", revision)))

    assert found == tree_of(git_dir, revision)


@pytest.mark.parametrize("revision", ["main:README.md", "refs/tags/of-a-blob"])
def test_no_tree_stands_behind_a_blob(tmp_path: Path, revision: str) -> None:
    git_dir = make_source(tmp_path / "source.git")

    with pytest.raises(MissingObject):
        find_tree(open_repository(git_dir), object_id(git(git_dir, "rev-parse", revision)))


def test_an_object_that_is_not_there_is_told_from_a_damaged_one(tmp_path: Path) -> None:
    git_dir = make_repository(tmp_path / "a.git")

    with pytest.raises(MissingObject):
        list_tree(open_repository(git_dir), ObjectId("1" * 40), recursive=True)


def bomb(git_dir: Path, *, width: int = 10, depth: int = 8) -> str:
    """A tree of `width ** depth` files in as many objects as it is deep."""
    blob = store_object(git_dir, "blob", b"boom\n")
    rows = "".join(f"100644 blob {blob}\tf{number}\n" for number in range(width))
    tree = git(git_dir, "mktree", input=rows.encode())
    for _ in range(depth - 1):
        rows = "".join(f"040000 tree {tree}\td{number}\n" for number in range(width))
        tree = git(git_dir, "mktree", input=rows.encode())
    return tree


def test_a_tree_bomb_stops_at_the_limit_and_within_seconds(tmp_path: Path) -> None:
    git_dir = init_bare(tmp_path / "bomb.git")
    tree = bomb(git_dir)
    repository = open_repository(git_dir)

    began = time.monotonic()
    with pytest.raises(ListingTooLong, match="100000"):
        list_tree(repository, object_id(tree), recursive=True)

    assert time.monotonic() - began < 5
    assert len(list_tree(repository, object_id(tree), recursive=False)) == 10


def test_long_paths_stop_at_their_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    git_dir = init_bare(tmp_path / "long.git")
    tree = git(git_dir, "mktree", input=f"100644 blob {store_object(git_dir, 'blob', b'x')}\tf\n".encode())
    for _ in range(20):
        tree = git(git_dir, "mktree", input=f"040000 tree {tree}\t{'d' * 250}\n".encode())

    with pytest.raises(ListingTooLong, match="4096"):
        list_tree(open_repository(git_dir), object_id(tree), recursive=True)

    monkeypatch.setattr(trees, "LARGEST_LISTING_BYTES", 1000)
    with pytest.raises(ListingTooLong, match="1000"):
        list_tree(open_repository(git_dir), object_id(tree), recursive=True)


@pytest.mark.parametrize(
    "content",
    [
        b"100644 no-id\0short",
        b"not a tree at all",
        b"10000 " * 100_000,
        b"100644 a\0" + b"\1" * 20 + b"rest",
        b"100644 \0" + b"\1" * 20,
    ],
    ids=["short", "text", "spaces", "rest", "nameless"],
)
def test_a_tree_that_is_none_is_damage(tmp_path: Path, content: bytes) -> None:
    git_dir = init_bare(tmp_path / "a.git")
    tree = store_object(git_dir, "tree", content)

    with pytest.raises(Damaged):
        list_tree(open_repository(git_dir), tree, recursive=False)
