"""The headers of a pack's entries tell what git tells of its objects."""

import random
from pathlib import Path

import pytest

from matou.errors import Damaged
from matou.git.odb.packs import PackEntries, PackIndex
from matou.git.repository import packs
from support.git_repositories import annotated_tag, commit_file, git, make_repository


def make_varied(path: Path, *, object_format: str = "sha1") -> Path:
    """Files that grow and shrink, short and long, so that git stores many of them as deltas of each other."""
    chosen = random.Random(7)
    repository = make_repository(path, object_format=object_format)
    for number in range(40):
        size = chosen.choice((3, 109, 110, 500, 1024, 1025, 20_000))
        content = (b"%d line of %d\n" % (number % 3, number // 10) * (size // 10 + 1))[:size]
        commit_file(repository, "main", f"folder{number % 3}/file{number % 5}", content)
    annotated_tag(repository, "v1", "main")
    return repository


def repacked(repository: Path, *options: str) -> Path:
    git(repository, "repack", "-adfq", "--depth=50", *options)
    (pack,) = packs(repository)
    return pack


def blobs_by_git(repository: Path, smallest: int, largest: int) -> set[str]:
    form = "--batch-check=%(objectname) %(objecttype) %(objectsize)"
    rows = (line.split() for line in git(repository, "cat-file", "--batch-all-objects", form).splitlines())
    return {oid for oid, kind, size in rows if kind == "blob" and smallest <= int(size) <= largest}


def has_deltas(repository: Path) -> bool:
    return "1" in git(repository, "cat-file", "--batch-all-objects", "--batch-check=%(deltabase)").replace("0" * 40, "")


@pytest.mark.parametrize("object_format", ["sha1", "sha256"])
@pytest.mark.parametrize(("smallest", "largest"), [(110, 1024), (0, 2), (0, 100_000), (1025, 1025)])
def test_the_blobs_of_a_size_are_those_that_git_names(
    tmp_path: Path, object_format: str, smallest: int, largest: int
) -> None:
    repository = make_varied(tmp_path / "r.git", object_format=object_format)
    entries = PackEntries(repacked(repository), id_bytes=20 if object_format == "sha1" else 32)

    assert has_deltas(repository)
    assert set(entries.blobs_between(smallest, largest)) == blobs_by_git(repository, smallest, largest)


def test_no_blob_is_missed_where_deltas_name_their_bases(tmp_path: Path) -> None:
    repository = make_varied(tmp_path / "r.git")
    git(repository, "config", "repack.useDeltaBaseOffset", "false")

    found = set(PackEntries(repacked(repository)).blobs_between(110, 1024))

    assert has_deltas(repository)
    assert found >= blobs_by_git(repository, 110, 1024)


def test_offsets_beyond_two_gibibytes_are_read_from_their_own_table(tmp_path: Path) -> None:
    repository = make_varied(tmp_path / "r.git")
    pack = repacked(repository)
    git(repository, "index-pack", "--index-version=2,0x40", pack, "-o", tmp_path / "far.idx")
    near, far = PackIndex(pack), PackIndex(tmp_path / "far.pack")

    assert (tmp_path / "far.idx").stat().st_size > pack.with_suffix(".idx").stat().st_size
    assert far.offsets() == near.offsets()


@pytest.mark.parametrize("start", [12, 200, 2_000])
def test_a_pack_that_was_overwritten_is_damaged(tmp_path: Path, start: int) -> None:
    pack = repacked(make_varied(tmp_path / "r.git"))
    pack.chmod(0o644)
    content = bytearray(pack.read_bytes())
    content[start:] = bytes(len(content) - start)
    pack.write_bytes(content)

    with pytest.raises(Damaged):
        list(PackEntries(pack).blobs_between(0, 100_000))


def test_a_pack_that_was_cut_is_damaged(tmp_path: Path) -> None:
    pack = repacked(make_varied(tmp_path / "r.git"))
    pack.chmod(0o644)
    pack.write_bytes(pack.read_bytes()[:300])

    with pytest.raises(Damaged):
        list(PackEntries(pack).blobs_between(0, 100_000))
