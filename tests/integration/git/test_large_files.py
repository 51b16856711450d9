"""Large files are found by what is sent, with the path and the commit that brought them, in real repositories."""

import secrets
from pathlib import Path

import pytest

from integration.transfer.saved_archives import commit_file, git, make_repository
from matou.git.operations.large_files import LargeFile, find_large_files, packed_bytes
from matou.git.process.run import GitFailed
from matou.model.names import ObjectId

LARGE = 50_000


def text(size: int) -> str:
    return secrets.token_hex(size // 2)


def id_of(folder: Path, revision: str) -> ObjectId:
    return ObjectId(git(folder, "rev-parse", revision))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    make_repository(tmp_path / "work")
    return tmp_path / "work"


def test_a_large_file_is_named_with_its_path_its_size_and_the_commit_that_brought_it(folder: Path) -> None:
    brought = commit_file(folder, "assets/船 big.bin", text(LARGE + 2))
    tip = commit_file(folder, "file.txt", "later\n")

    found = find_large_files(folder / ".git", [tip], larger_than_bytes=LARGE)

    blob = id_of(folder, "HEAD:assets/船 big.bin")
    assert found == (LargeFile(blob, LARGE + 2, "assets/船 big.bin", brought),)


def test_the_largest_comes_first_whichever_is_met_first_and_one_file_at_two_places_is_one(folder: Path) -> None:
    content = text(LARGE + 4)
    commit_file(folder, "a", text(LARGE + 2))
    commit_file(folder, "b", content)
    tip = commit_file(folder, "c", content)
    git(folder, "repack", "-q", "-a", "-d")

    found = find_large_files(folder / ".git", [tip], larger_than_bytes=LARGE)

    assert [(file.path, file.size_bytes) for file in found] == [("b", LARGE + 4), ("a", LARGE + 2)]


def test_a_file_as_large_as_the_limit_is_not_too_large(folder: Path) -> None:
    tip = commit_file(folder, "big", text(LARGE))

    assert find_large_files(folder / ".git", [tip], larger_than_bytes=LARGE) == ()


def test_what_stands_behind_no_tip_is_not_found(folder: Path) -> None:
    git(folder, "switch", "-q", "topic")
    commit_file(folder, "big", text(LARGE + 2))

    assert find_large_files(folder / ".git", [id_of(folder, "main")], larger_than_bytes=LARGE) == ()
    assert len(find_large_files(folder / ".git", [id_of(folder, "topic")], larger_than_bytes=LARGE)) == 1


def test_a_file_behind_an_annotated_tag_alone_is_found(folder: Path) -> None:
    git(folder, "switch", "-q", "--detach")
    commit_file(folder, "big", text(LARGE + 2))
    git(folder, "tag", "-a", "-m", "a tag", "v2")

    [found] = find_large_files(folder / ".git", [id_of(folder, "refs/tags/v2")], larger_than_bytes=LARGE)

    assert found.path == "big"


def test_a_tip_that_is_missing_is_an_error(folder: Path) -> None:
    commit_file(folder, "big", text(LARGE + 2))

    with pytest.raises(GitFailed):
        find_large_files(folder / ".git", [ObjectId("1" * 40)], larger_than_bytes=LARGE)


def test_a_repository_is_as_large_as_its_packs(folder: Path) -> None:
    assert packed_bytes(folder / ".git") == 0

    git(folder, "repack", "-q", "-a", "-d")

    [pack] = (folder / ".git/objects/pack").glob("*.pack")
    assert packed_bytes(folder / ".git") == pack.stat().st_size
