"""LFS pointers are found wherever they are, and nothing else is taken for one."""

import hashlib
from pathlib import Path

import pytest

from matou.errors import Damaged
from matou.git.operations import lfs
from matou.git.operations.lfs import LfsPointer, find_pointers, parse_pointer
from matou.git.process.run import GitFailed
from matou.git.repository import packs
from support.git_repositories import (
    commit_file,
    force_push,
    git,
    lfs_pointer,
    make_lfs_repository,
    make_repository,
)

FILES = {"a.bin": b"first", "folder/b.bin": b"second" * 100, "空.bin": b""}
OID = "a" * 64
VERSION = b"version https://git-lfs.github.com/spec/v1\n"
REST = f"oid sha256:{OID}\nsize 12\n".encode()


def pointer_of(content: bytes) -> LfsPointer:
    return LfsPointer(hashlib.sha256(content).hexdigest(), len(content))


EXPECTED = {pointer_of(content) for content in FILES.values()}


@pytest.fixture(params=["in process", "by git"])
def repository(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Pointers in loose objects and in a pack, read in both ways."""
    if request.param == "by git":
        monkeypatch.setattr(lfs, "MOST_READ_IN_PROCESS", 0)
    return make_lfs_repository(tmp_path / "r.git", FILES).git_dir


def test_every_pointer_is_found_once(repository: Path) -> None:
    commit_file(repository, "main", "copy.bin", lfs_pointer(FILES["a.bin"]) + b"\n")

    found = list(find_pointers(repository))

    assert set(found) == EXPECTED
    assert len(found) == len(EXPECTED)


def test_pointers_of_overwritten_commits_count(repository: Path) -> None:
    force_push(repository, "main")

    assert set(find_pointers(repository)) == EXPECTED


def test_only_new_packs_are_looked_into_where_they_are_known(repository: Path) -> None:
    git(repository, "repack", "-adq")
    before = packs(repository)
    commit_file(repository, "main", "new.bin", lfs_pointer(b"third"))
    git(repository, "repack", "-dq")

    new = tuple(packs(repository) - before)

    assert len(new) == 1
    assert set(find_pointers(repository, new_packs=new)) == {pointer_of(b"third")}
    assert set(find_pointers(repository, new_packs=())) == set()


def test_pointers_that_git_stored_as_deltas_are_found(repository: Path) -> None:
    for number in range(30):
        commit_file(repository, "main", "changing.bin", lfs_pointer(b"version %d" % number))
    git(repository, "repack", "-adfq", "--depth=50")

    assert len(set(find_pointers(repository))) == len(EXPECTED) + 30


@pytest.mark.parametrize("is_packed", [True, False])
def test_a_sha256_repository_has_its_pointers_found_too(tmp_path: Path, *, is_packed: bool) -> None:
    files = {name: lfs_pointer(content) for name, content in FILES.items()}
    repository = make_repository(tmp_path / "r.git", files=files, object_format="sha256")
    git(repository, "repack", "-adq")

    found = find_pointers(repository, new_packs=packs(repository) if is_packed else None)

    assert set(found) == EXPECTED


def test_a_damaged_object_is_told_and_not_passed_over(repository: Path) -> None:
    git(repository, "repack", "-adq")
    pack = next(iter(packs(repository)))
    pack.chmod(0o644)
    content = bytearray(pack.read_bytes())
    content[12:200] = bytes(188)
    pack.write_bytes(content)

    with pytest.raises((Damaged, GitFailed)):
        list(find_pointers(repository))


@pytest.mark.parametrize(
    "content",
    [
        VERSION + REST,
        VERSION + REST.rstrip(b"\n"),
        VERSION + REST + b"\n \n",
        (VERSION + REST).replace(b"\n", b"\r\n"),
        b"version https://hawser.github.com/spec/v1\n" + REST,
        b"version http://git-media.io/v/2\n" + REST,
        VERSION + f"ext-0-foo sha256:{'b' * 64}\next-1-bar sha256:{'c' * 64}\n".encode() + REST,
    ],
)
def test_what_git_lfs_reads_is_a_pointer(content: bytes) -> None:
    assert parse_pointer(content) == LfsPointer(OID, 12)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        REST,
        VERSION,
        b"version https://git-lfs.github.com/spec/v9\n" + REST,
        VERSION + b"size 12\noid sha256:" + OID.encode() + b"\n",
        VERSION + REST.replace(b"sha256", b"sha1  "),
        VERSION + REST.replace(b"aaa", b"AAA"),
        VERSION + REST.replace(b"aaa", b"../"),
        VERSION + REST.replace(b"12", b"-1"),
        VERSION + REST + b"more\n",
        VERSION + REST + b" " * 1024,
    ],
)
def test_anything_else_is_none(content: bytes) -> None:
    assert parse_pointer(content) is None
