"""Loose objects that become a pack while others read and write: none is ever missing."""

import subprocess
import threading
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from matou.git.odb import loose_objects
from matou.git.odb.loose_objects import NOTHING, estimate_loose_objects, pack_loose_objects
from matou.git.odb.objects import open_repository, read_content
from matou.git.odb.quarantine import ObjectKind, OtherObjectFormat, Quarantine
from matou.git.process.run import GitFailed
from matou.git.repository import size_bytes
from matou.model.names import ObjectId
from support.git_repositories import git, init_bare, make_repository, refs_of, store_object

COUNT = 600


def write_blobs(git_dir: Path, numbers: range) -> list[ObjectId]:
    with Quarantine(git_dir) as quarantine:
        names = [quarantine.write_object(ObjectKind.BLOB, b"content %d\n" % number) for number in numbers]
        quarantine.keep()
    return names


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A pack, a branch, a kept ref, and many loose objects that nothing names."""
    git_dir = make_repository(tmp_path / "ship.git", commits=5)
    loose = store_object(git_dir, "blob", b"kept\n")
    git(git_dir, "update-ref", "refs/matou/kept/1/x", loose)
    write_blobs(git_dir, range(COUNT))
    return git_dir


def loose_files(git_dir: Path) -> list[Path]:
    return sorted((git_dir / "objects").glob("??/*"))


def all_objects(git_dir: Path) -> set[str]:
    return set(git(git_dir, "cat-file", "--batch-all-objects", "--batch-check=%(objectname)", "--unordered").split())


def files_of(git_dir: Path) -> list[Path]:
    return sorted(path for path in git_dir.rglob("*") if path.is_file())


def test_every_loose_object_is_packed_whether_something_names_it_or_not(bare: Path) -> None:
    before, refs, size, loose = all_objects(bare), refs_of(bare), size_bytes(bare), len(loose_files(bare))

    packed = pack_loose_objects(bare)

    assert (packed.count, loose_files(bare)) == (loose, [])
    assert (all_objects(bare), refs_of(bare)) == (before, refs)
    assert size_bytes(bare) == size + packed.added_bytes
    assert [path.name for path in (bare / "objects").iterdir() if path.name.startswith("tmp")] == []
    git(bare, "fsck", "--full", "--strict")


def test_a_bounded_number_is_packed_at_once(bare: Path) -> None:
    before, loose = all_objects(bare), len(loose_files(bare))

    counts = []
    while count := pack_loose_objects(bare, most=250).count:
        counts.append(count)

    assert (sum(counts), max(counts)) == (loose, 250)
    assert all_objects(bare) == before


def test_nothing_happens_where_another_process_is_at_it(bare: Path) -> None:
    before = files_of(bare)
    with subprocess.Popen(["flock", bare / "objects", "cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdin is not None
        assert other.stdout is not None
        other.stdin.write(b"x")
        other.stdin.flush()
        other.stdout.read(1)

        packed = pack_loose_objects(bare)

        other.stdin.close()
    assert (packed, files_of(bare)) == (NOTHING, before)


def test_a_damaged_object_stops_it_and_every_file_is_where_it_was(bare: Path) -> None:
    damaged = loose_files(bare)[10]
    damaged.chmod(0o644)
    damaged.write_bytes(damaged.read_bytes()[:-6])
    before = files_of(bare)

    with pytest.raises(GitFailed):
        pack_loose_objects(bare)

    assert files_of(bare) == before


def test_a_repository_that_is_moved_meanwhile_leaves_the_one_in_its_place_alone(
    bare: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loose, really = len(loose_files(bare)), loose_objects._pack

    def pack_and_move(*arguments: object) -> object:
        made = really(*arguments)  # type: ignore[arg-type]
        bare.rename(bare.with_name("elsewhere.git"))
        init_bare(bare)
        return made

    monkeypatch.setattr(loose_objects, "_pack", pack_and_move)
    with pytest.raises(FileNotFoundError):
        pack_loose_objects(bare)

    assert all_objects(bare) == set()
    assert len(loose_files(bare.with_name("elsewhere.git"))) == loose


def test_a_repository_with_other_ids_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OtherObjectFormat):
        pack_loose_objects(init_bare(tmp_path / "new.git", object_format="sha256"))


def test_how_many_there_are_is_estimated(bare: Path, tmp_path: Path) -> None:
    assert 0.4 * COUNT < estimate_loose_objects(bare) < 2.5 * COUNT
    assert estimate_loose_objects(tmp_path / "nowhere") == 0


def test_nobody_misses_an_object_while_others_write_and_it_is_packed(bare: Path) -> None:
    known = [ObjectId(name) for name in all_objects(bare)]
    ended = threading.Event()

    def read_with_libgit2() -> int:
        for rounds, _ in enumerate(iter(ended.is_set, True)):
            repository = open_repository(bare)
            for name in known[:: rounds % 7 + 1]:
                read_content(repository, name)
        return rounds

    def read_with_git() -> int:
        words = ["git", f"--git-dir={bare}", "cat-file", "--batch"]
        with (
            subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child,
            closing(_ask(child)) as ask,
        ):
            next(ask)
            for rounds, _ in enumerate(iter(ended.is_set, True)):
                assert ask.send(known[rounds % len(known)])
        return rounds

    def write() -> list[ObjectId]:
        return [name for number in range(1000, 1400, 50) for name in write_blobs(bare, range(number, number + 50))]

    with ThreadPoolExecutor(4) as threads:
        readers = [threads.submit(read_with_libgit2), threads.submit(read_with_git)]
        writing = threads.submit(write)
        packs = 0
        while not writing.done():
            packs += pack_loose_objects(bare).count > 0
        ended.set()
        rounds = [reader.result() for reader in readers]

    pack_loose_objects(bare)
    assert packs > 1
    assert min(rounds) > 1
    assert {*known, *writing.result()} == all_objects(bare)
    git(bare, "fsck", "--full", "--strict")


def _ask(child: "subprocess.Popen[bytes]") -> Generator[bool, ObjectId, None]:
    """Send an id; gives whether git found that object."""
    assert child.stdin is not None
    assert child.stdout is not None
    name = yield True
    while True:
        child.stdin.write(name.encode() + b"\n")
        child.stdin.flush()
        _, kind, *size = child.stdout.readline().split()
        if kind != b"missing":
            child.stdout.read(int(size[0]) + 1)
        name = yield kind != b"missing"
