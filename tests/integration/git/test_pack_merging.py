"""Many small packs become few, and whatever moment is the last one, every object can be read."""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pygit2
import pytest

from matou.fs import sync_folder
from matou.git.operations import pack_merging
from matou.git.operations.pack_merging import MOST_PACKS, merge_if_many_packs, merge_small_packs, object_count
from matou.git.process.run import GitFailed
from matou.git.repository import create_bare, packs, remove_leftovers
from support.git_repositories import git
from support.many_packs import packed


def all_objects(git_dir: Path) -> list[str]:
    """As git reads each of them."""
    words = ("cat-file", "--batch-all-objects", "--batch-check")
    return sorted(set(git(git_dir, *words).splitlines()))


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    git_dir = tmp_path_factory.mktemp("many") / "repository.git"
    create_bare(git_dir)
    packed(git_dir, MOST_PACKS + 1)
    return git_dir


@pytest.fixture
def git_dir(many: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(many, tmp_path / "repository.git"))


def test_no_object_is_left_out_named_or_not(git_dir: Path) -> None:
    before = all_objects(git_dir)

    freed = merge_small_packs(git_dir)

    assert all_objects(git_dir) == before
    assert len(packs(git_dir)) == 1
    assert freed > 0
    git(git_dir, "fsck", "--full", "--strict")


def test_what_is_large_is_left_where_it_is(git_dir: Path) -> None:
    merge_small_packs(git_dir)
    [large] = packs(git_dir)
    written = large.stat().st_ino
    packed(git_dir, 5, first=100)

    merge_small_packs(git_dir)

    assert large.stat().st_ino == written
    assert len(packs(git_dir)) == 2


def test_after_any_number_of_pushes_each_pack_has_twice_what_all_smaller_ones_have(git_dir: Path) -> None:
    for number in range(100, 112):
        packed(git_dir, 1, first=number)
        merge_small_packs(git_dir)

        counts = sorted(object_count(pack) for pack in packs(git_dir))
        assert all(count >= 2 * sum(counts[:place]) for place, count in enumerate(counts) if place)
    assert len(packs(git_dir)) < 6


def test_few_packs_are_left_alone(tmp_path: Path) -> None:
    create_bare(tmp_path / "few.git")
    packed(tmp_path / "few.git", 3)
    before = packs(tmp_path / "few.git")

    merge_if_many_packs(tmp_path / "few.git")

    assert packs(tmp_path / "few.git") == before


@pytest.mark.parametrize("suffix", [".keep", ".mtimes", ".promisor"])
def test_a_pack_that_is_not_like_others_stays_by_itself(git_dir: Path, suffix: str) -> None:
    apart = min(packs(git_dir))
    apart.with_suffix(suffix).touch()

    merge_small_packs(git_dir)

    assert apart in packs(git_dir)
    assert len(packs(git_dir)) == 2


def test_who_has_the_repository_open_finds_its_objects_afterwards(git_dir: Path) -> None:
    opened = pygit2.Repository(str(git_dir))
    first, *others = all_objects(git_dir)
    assert first.split()[0] in opened

    merge_small_packs(git_dir)

    assert all(opened[line.split()[0]].id for line in others)


def test_a_damaged_object_stops_it_and_nothing_goes(git_dir: Path) -> None:
    damaged = min(packs(git_dir))
    content = bytearray(damaged.read_bytes())
    content[len(content) // 2] ^= 0xFF
    damaged.chmod(0o644)
    damaged.write_bytes(content)
    before = sorted(path.name for path in damaged.parent.iterdir())

    with pytest.raises(GitFailed):
        merge_small_packs(git_dir)
    merge_if_many_packs(git_dir)

    assert sorted(path.name for path in damaged.parent.iterdir()) == before


class CutOffError(Exception):
    """Stands for the kill of the process."""


def cut_offs(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """Before each rename, sync and removal, one after another, until there is no further one."""
    for most in range(1000):
        left = most

        def counted(original: object) -> object:
            def call(*arguments: object, **options: object) -> object:
                nonlocal left
                if left == 0:
                    raise CutOffError
                left -= 1
                return original(*arguments, **options)  # type: ignore[operator]

            return call

        with monkeypatch.context() as patched:
            patched.setattr(Path, "replace", counted(Path.replace))
            patched.setattr(Path, "unlink", counted(Path.unlink))
            patched.setattr(pack_merging, "sync_folder", counted(sync_folder))
            yield patched
        if left:
            return


def test_wherever_it_is_cut_off_every_object_is_there_and_the_next_one_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git_dir = tmp_path / "cut.git"
    create_bare(git_dir)
    packed(git_dir, 4)
    expected, ends = all_objects(git_dir), 0
    for _ in cut_offs(monkeypatch):
        try:
            merge_small_packs(git_dir)
        except CutOffError:
            ends += 1
        assert all_objects(git_dir) == expected
        packed(git_dir, 1, first=ends + 10)
        expected = all_objects(git_dir)

    assert ends > 10
    merge_small_packs(git_dir)
    assert all_objects(git_dir) == expected
    remove_leftovers(git_dir, now=datetime.now(UTC) + timedelta(hours=2))
    assert all_objects(git_dir) == expected
    assert [path.suffix for path in (git_dir / "objects/pack").iterdir() if path.name.startswith("tmp_")] == []
