"""What an archive takes: each file counted once, what only kept refs hold exactly, shared LFS objects said."""

import os
from pathlib import Path

import pytest

from matou.archive.layout import Archive
from matou.transfer.common.filters import NothingMatches
from matou.transfer.room.usage import ArchiveUsage, measure
from support.archive_fixture import unpack
from support.scripted_source import ScriptedSource, back_up, commit, git, mirror, open_archive

ARCHIVES = Path(__file__).parents[2] / "data" / "archives"
LARGE = os.urandom(50_000)


def bytes_below(folder: Path) -> int:
    return sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file())


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    """Two repositories with the same LFS object; of one a large commit was overwritten at the source."""
    source = ScriptedSource(tmp_path / "source")
    shop = source.project("shop")
    pointer = source.keep_lfs(b"l" * 3000)
    for name in ("api", "web"):
        commit(source.repository(name, shop), "refs/heads/main", {"logo.png": pointer})
    archive = open_archive(tmp_path / "archive")
    commit(source.git_dir("100"), "refs/heads/main", {"large.bin": LARGE})
    back_up(source, archive)
    git(source.git_dir("100"), "update-ref", "refs/heads/main", "refs/heads/main~1")
    back_up(source, archive)
    return archive


def usage_of(archive: Archive) -> ArchiveUsage:
    return measure(archive, jobs=2)


def test_every_file_of_an_archive_counts_and_none_twice(archive: Archive) -> None:
    usage = usage_of(archive)

    assert usage.total == bytes_below(archive.root)
    assert usage.git == bytes_below(archive.repositories) == sum(one.git for one in usage.repositories)
    assert usage.blobs == bytes_below(archive.root / "blobs")
    assert usage.records + usage.manifests < bytes_below(archive.runs)


def test_what_only_kept_refs_lead_to_is_told_exactly(archive: Archive) -> None:
    """Git counts it another way: all objects in packs, less those that the other refs lead to."""
    git_dir = mirror(archive, "100", run=1)
    everything = git(git_dir, "rev-list", "--objects", "--disk-usage", "--all")
    others = git(git_dir, "rev-list", "--objects", "--disk-usage", "refs/heads/main")

    kept = {one.path: one.kept for one in usage_of(archive).repositories}

    assert kept == {"team/shop/api": int(everything) - int(others), "team/shop/web": 0}
    assert int(everything) - int(others) > len(LARGE)


def test_an_lfs_object_of_two_repositories_counts_for_both_and_once_in_the_archive(archive: Archive) -> None:
    usage = usage_of(archive)

    assert [one.lfs for one in usage.repositories] == [3000, 3000]
    assert usage.shared == 3000


def test_a_namespace_has_what_is_below_it_and_what_lies_around_itself(tmp_path: Path) -> None:
    usage = usage_of(Archive.open(unpack(ARCHIVES / "format-2-metadata.tar.gz", tmp_path)))
    shop = next(one for one in usage.namespaces if one.path == "team/shop")

    inside = [one for one in usage.repositories if one.path == "team/shop" or one.path.startswith("team/shop/")]
    assert shop.total == sum(one.total for one in inside)
    assert shop.metadata == usage.metadata == bytes_below(tmp_path / "archive/metadata")
    assert shop.files > 0


def test_one_path_is_it_and_what_is_below_it_and_never_its_neighbour(archive: Archive) -> None:
    usage = usage_of(archive)

    assert [one.path for one in usage.below("team/shop/api.git")[0]] == ["team/shop/api"]
    assert [one.path for one in usage.below("team/")[0]] == ["team/shop/api", "team/shop/web"]
    assert [one.path for one in usage.below("shop/web")[0]] == ["team/shop/web"]
    assert [one.path for one in usage.below("shop")[0]] == ["team/shop/api", "team/shop/web"]
    for wanted in ("team/sho", "hop", ""):
        with pytest.raises(NothingMatches):
            usage.below(wanted)


def test_a_repository_whose_kept_refs_git_cannot_follow_is_measured_and_named(archive: Archive) -> None:
    for pack in mirror(archive, "100", run=1).glob("objects/pack/*.pack"):
        pack.chmod(0o644)
        pack.write_bytes(b"damaged")

    usage = usage_of(archive)

    assert [one.kept for one in usage.repositories] == [None, 0]
    assert list(usage.faults) == ["team/shop/api"]
    assert usage.namespaces[0].kept is None
