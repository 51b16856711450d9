"""Archives of a commit: what other programs unpack is what git has; bombs and traps are refused before they begin."""

import hashlib
import io
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from matou.git.odb.blobs import Unreadable, stream_blob
from matou.git.odb.objects import TooLargeToRead, open_repository
from matou.git.operations import archives
from matou.git.operations.archive_rewriting import Replacement, archive_replacing
from matou.git.operations.archives import ArchiveTooLarge, GitArchiveFormat, HostilePath, archive, files_to_archive
from matou.model.names import ObjectId, object_id
from support.git_repositories import git, init_bare, make_repository, store_object, tip_of

FILES = {
    "README.md": b"# Ship\n",
    "empty": b"",
    "src/" + "long/" * 40 + "name.py": b"print()\n",
    "文档/说明.md": "说明\n".encode(),
    "id.txt": b"$Format:%H %D$\n",
    ".gitattributes": b"id.txt export-subst\nignored export-ignore\n",
    "ignored": b"not in an archive\n",
}
UNPACKED = {name: content for name, content in FILES.items() if name != "ignored"}

Archive = Callable[[Path, ObjectId, GitArchiveFormat], Iterator[bytes]]


def plain(git_dir: Path, commit: ObjectId, packed_as: GitArchiveFormat) -> Iterator[bytes]:
    return archive(git_dir, commit, packed_as=packed_as, prefix="ship-main")


def rewritten(git_dir: Path, commit: ObjectId, packed_as: GitArchiveFormat) -> Iterator[bytes]:
    return archive_replacing(git_dir, commit, packed_as=packed_as, prefix="ship-main", replaced={})


def unpacked(content: bytes) -> dict[str, bytes]:
    """The files of an archive without the folder that they all stand in; links give their target."""
    if zipfile.is_zipfile(io.BytesIO(content)):
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            assert packed.testzip() is None
            found = {info.filename: packed.read(info) for info in packed.infolist() if not info.is_dir()}
    else:
        with tarfile.open(fileobj=io.BytesIO(content), encoding="utf-8") as tar:
            files = {info.name: tar.extractfile(info) for info in tar if info.isreg()}
            found = {name: b"" if file is None else file.read() for name, file in files.items()}
    assert all(name.startswith("ship-main/") for name in found)
    return {name.removeprefix("ship-main/"): content for name, content in found.items()}


@pytest.fixture
def ship(tmp_path: Path) -> Path:
    return make_repository(tmp_path / "ship.git", commits=0, files=FILES)


@pytest.mark.parametrize("make", [plain, rewritten])
@pytest.mark.parametrize("packed_as", GitArchiveFormat)
def test_an_archive_unpacks_to_the_commits_files(ship: Path, make: Archive, packed_as: GitArchiveFormat) -> None:
    content = b"".join(make(ship, tip_of(ship, "main"), packed_as))

    assert unpacked(content) == UNPACKED


@pytest.mark.parametrize("make", [plain, rewritten])
@pytest.mark.parametrize("packed_as", GitArchiveFormat)
def test_an_archive_is_the_same_each_time_whatever_refs_there_are(
    ship: Path, make: Archive, packed_as: GitArchiveFormat
) -> None:
    commit = tip_of(ship, "main")

    first = b"".join(make(ship, commit, packed_as))
    git(ship, "update-ref", "refs/matou/kept/000001/heads/secret", commit)

    assert b"".join(make(ship, commit, packed_as)) == first
    assert b"secret" not in first


@pytest.mark.parametrize("packed_as", GitArchiveFormat)
def test_a_link_a_program_and_a_submodule_stay_what_they_are(ship: Path, packed_as: GitArchiveFormat) -> None:
    program, link = store_object(ship, "blob", b"#!/bin/sh\n"), store_object(ship, "blob", b"../README.md")
    rows = f"100755 blob {program}\trun\n120000 blob {link}\tlink\n160000 commit {'1' * 40}\tmodule\n"
    tree = git(ship, "mktree", "--missing", input=rows.encode())
    commit = object_id(git(ship, "commit-tree", "-m", "kinds", tree))

    packed = b"".join(rewritten(ship, commit, packed_as))
    by_git = b"".join(plain(ship, commit, packed_as))

    assert modes(packed) == modes(by_git)
    assert modes(packed)["ship-main/run"][1] & 0o100


def modes(content: bytes) -> dict[str, tuple[str, int]]:
    """Kind, time and mode of each member; git leaves those of folders in a zip empty."""
    if zipfile.is_zipfile(io.BytesIO(content)):
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            files = [info for info in packed.infolist() if not info.is_dir()]
        return {info.filename: (str(info.date_time), info.external_attr >> 16 & 0o170100) for info in files}
    with tarfile.open(fileobj=io.BytesIO(content)) as tar:
        return {info.name: (f"{info.type!r} {info.mtime} {info.linkname}", info.mode) for info in tar}


@pytest.mark.parametrize("packed_as", GitArchiveFormat)
def test_a_file_with_another_content_is_whole_in_the_archive(ship: Path, packed_as: GitArchiveFormat) -> None:
    content = hashlib.shake_128(b"large").digest(700_001)
    replaced = {b"README.md": Replacement(len(content), lambda: iter([content[:5], content[5:]]))}

    made = archive_replacing(ship, tip_of(ship, "main"), packed_as=packed_as, prefix="ship-main", replaced=replaced)

    assert unpacked(b"".join(made)) == {**UNPACKED, "README.md": content}


def test_what_goes_wrong_in_the_middle_ends_the_archive(ship: Path) -> None:
    def broken() -> Iterator[bytes]:
        yield b"half"
        raise TooLargeToRead("broken")

    made = archive_replacing(
        ship,
        tip_of(ship, "main"),
        packed_as=GitArchiveFormat.TAR,
        prefix="x",
        replaced={b"README.md": Replacement(10, broken)},
    )

    with pytest.raises(TooLargeToRead):
        list(made)


def test_an_archive_of_nothing_is_a_failure_and_no_empty_file(ship: Path) -> None:
    with pytest.raises(Unreadable):
        list(archive(ship, object_id("1" * 40), packed_as=GitArchiveFormat.ZIP, prefix="x"))


def test_the_files_of_an_archive_are_told_before_it_begins(ship: Path) -> None:
    found = files_to_archive(open_repository(ship), object_id(git(ship, "rev-parse", "main^{tree}")))

    assert {file.path.decode(): file.size_bytes for file in found} == {
        name: len(content) for name, content in FILES.items()
    }


def test_more_than_an_archive_may_hold_is_refused(ship: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "LARGEST_ARCHIVE_BYTES", 20)

    with pytest.raises(ArchiveTooLarge, match="20"):
        files_to_archive(open_repository(ship), object_id(git(ship, "rev-parse", "main^{tree}")))


@pytest.mark.parametrize("name", ["..", ".", ".git", ".GIT", "git~1", ".g\u200cit", "..\\..\\evil", ".git. ", "a\\"])
def test_a_path_that_leads_elsewhere_is_refused(tmp_path: Path, name: str) -> None:
    git_dir = init_bare(tmp_path / "hostile.git")
    blob = store_object(git_dir, "blob", b"x")
    inner = store_object(git_dir, "tree", b"100644 %b\0%b" % (name.encode(), bytes.fromhex(blob)))
    tree = store_object(git_dir, "tree", b"40000 folder\0" + bytes.fromhex(inner))

    with pytest.raises(HostilePath):
        files_to_archive(open_repository(git_dir), tree)


@pytest.mark.parametrize("name", [".github", ".gitignore", "图标\u3000", "digit", "a..b", "..a", "b...", "Icon\r"])
def test_a_name_that_only_looks_odd_is_not_refused(tmp_path: Path, name: str) -> None:
    git_dir = init_bare(tmp_path / "odd.git")
    blob = store_object(git_dir, "blob", b"x")
    tree = store_object(git_dir, "tree", b"100644 %b\0%b" % (name.encode(), bytes.fromhex(blob)))

    assert len(files_to_archive(open_repository(git_dir), tree)) == 1


def test_a_file_below_a_link_of_the_same_name_is_refused(tmp_path: Path) -> None:
    git_dir = init_bare(tmp_path / "hostile.git")
    blob = bytes.fromhex(store_object(git_dir, "blob", b"/etc"))
    inner = bytes.fromhex(store_object(git_dir, "tree", b"100644 passwd\0" + blob))
    tree = store_object(git_dir, "tree", b"40000 Config\0" + inner + b"120000 config\0" + blob)

    with pytest.raises(HostilePath):
        files_to_archive(open_repository(git_dir), tree)


def test_a_blob_streams_whole_and_stops_when_nobody_reads_on(tmp_path: Path) -> None:
    git_dir = init_bare(tmp_path / "large.git")
    content = hashlib.shake_128(b"large").digest(3_000_000)
    blob = store_object(git_dir, "blob", content)

    pieces = stream_blob(git_dir, blob)
    first = next(pieces)
    pieces.close()

    assert content.startswith(first)
    assert b"".join(stream_blob(git_dir, blob)) == content
