"""Many objects written as one pack: git reads it, and nothing of it is there before it is kept."""

import random
from pathlib import Path

import pytest

from matou.git.odb.pack_writer import PackWriter
from matou.git.odb.packs import PackIndex
from matou.git.odb.quarantine import ObjectKind
from matou.git.repository import packs
from support.git_repositories import git, git_bytes, init_bare

CONTENTS = [b"", b"x", b"a" * 15, b"b" * 16, b"c" * 2047, b"d" * 2048, random.Random(3).randbytes(300_000)]


@pytest.fixture
def git_dir(tmp_path: Path) -> Path:
    return init_bare(tmp_path / "r.git")


def test_git_reads_what_was_written_and_names_it_the_same(git_dir: Path) -> None:
    with PackWriter(git_dir) as writer:
        names = [writer.write_object(ObjectKind.BLOB, content) for content in CONTENTS]
        added_bytes = writer.keep()

    assert [git_bytes(git_dir, "cat-file", "blob", name) for name in names] == CONTENTS
    (pack,) = packs(git_dir)
    git(git_dir, "index-pack", "--strict", "--verify", str(pack))
    git(git_dir, "fsck", "--full", "--strict")
    assert added_bytes == pack.stat().st_size + pack.with_suffix(".idx").stat().st_size


def test_our_own_reader_reads_its_index(git_dir: Path) -> None:
    with PackWriter(git_dir) as writer:
        names = {writer.write_object(ObjectKind.BLOB, str(number).encode()) for number in range(1000)}
        writer.keep()
    (pack,) = packs(git_dir)

    index = PackIndex(pack)

    assert set(index) == names
    assert list(index) == sorted(names)
    index.close()


def test_an_object_is_read_back_before_it_is_kept(git_dir: Path) -> None:
    with PackWriter(git_dir) as writer:
        first, second = (writer.write_object(ObjectKind.BLOB, content) for content in (b"first", CONTENTS[-1]))

        assert writer.read(second) == CONTENTS[-1]
        assert writer.read(first) == b"first"
        third = writer.write_object(ObjectKind.BLOB, b"third")
        assert writer.read(third) == b"third"
        assert writer.read(third.replace(third[0], "f" if third[0] != "f" else "0")) is None  # type: ignore[arg-type]
        writer.keep()
    git(git_dir, "fsck", "--full")


@pytest.mark.parametrize("forgotten", [{0}, {3}, {6}, {0, 1, 2}, {1, 4}])
def test_what_was_forgotten_is_not_in_the_pack(git_dir: Path, forgotten: set[int]) -> None:
    with PackWriter(git_dir) as writer:
        names = [writer.write_object(ObjectKind.BLOB, content) for content in CONTENTS]
        for number in forgotten:
            writer.forget(names[number])
        writer.keep()
    (pack,) = packs(git_dir)

    git(git_dir, "index-pack", "--strict", "--verify", str(pack))
    index = PackIndex(pack)
    assert set(index) == {name for number, name in enumerate(names) if number not in forgotten}
    index.close()


def test_what_was_forgotten_can_be_written_again(git_dir: Path) -> None:
    with PackWriter(git_dir) as writer:
        name = writer.write_object(ObjectKind.BLOB, b"again")
        writer.forget(name)
        writer.write_object(ObjectKind.BLOB, b"other")
        assert writer.write_object(ObjectKind.BLOB, b"again") == name
        writer.keep()

    assert git_bytes(git_dir, "cat-file", "blob", name) == b"again"


def test_an_object_is_in_the_pack_once(git_dir: Path) -> None:
    with PackWriter(git_dir) as writer:
        for _ in range(3):
            writer.write_object(ObjectKind.BLOB, b"the same")
        assert len(writer) == 1
        writer.keep()

    assert git(git_dir, "count-objects", "-v").splitlines()[2] == "in-pack: 1"


@pytest.mark.parametrize("writes", [0, 5])
def test_nothing_is_left_of_what_was_not_kept(git_dir: Path, writes: int) -> None:
    before = sorted(git_dir.rglob("*"))

    with PackWriter(git_dir) as writer:
        for number in range(writes):
            writer.write_object(ObjectKind.BLOB, b"%d" % number)

    assert sorted(git_dir.rglob("*")) == before


def test_an_empty_pack_is_no_pack(git_dir: Path) -> None:
    with PackWriter(git_dir) as writer:
        assert writer.keep() == 0

    assert packs(git_dir) == frozenset()
