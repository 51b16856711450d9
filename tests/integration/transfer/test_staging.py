"""New mirrors are seen in their places only when all of them is durable, and a run that dies early has placed some."""

from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from matou import fs
from matou.archive.layout import Archive
from matou.fs import WriteFailed
from matou.transfer.backup import staging
from matou.transfer.backup.staging import MOST_WAITING_BYTES, MirrorPublisher, StagedMirror


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return Archive.create(tmp_path / "archive", now=datetime(2026, 11, 22, tzinfo=UTC), identifier=UUID(int=1))


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many mirrors were in their places at each sync."""
    seen: list[int] = []
    real = fs.syncfs

    def syncfs(folder: Path, *, descriptor: int) -> None:
        seen.append(len(list((folder.parent / "repositories").glob("team/*"))))
        real(folder, descriptor=descriptor)

    monkeypatch.setattr(staging, "syncfs", syncfs)
    monkeypatch.setattr(staging, "syncfs_reports_errors", lambda: True)
    return seen


def staged_mirror(
    archive: Archive, number: int, *, size_bytes: int = 1, corrupt_dir: Path | None = None
) -> StagedMirror:
    staged = archive.staging / f"mirror-{number}"
    staged.mkdir()
    return StagedMirror(staged, archive.repositories / "team" / f"{number}.git", size_bytes, corrupt_dir)


def placed(archive: Archive) -> int:
    return len(list(archive.repositories.glob("team/*")))


def test_the_first_is_placed_at_once_and_then_ever_more_together(archive: Archive, synced: list[int]) -> None:
    publisher = MirrorPublisher(archive)
    there = []
    for number in range(100):
        publisher.publish_soon(staged_mirror(archive, number))
        there.append(placed(archive))
    publisher.publish_all()

    assert sorted(set(there)) == [1, 3, 7, 15, 31, 63, 95]
    assert placed(archive) == 100
    assert synced == [0, 1, 3, 7, 15, 31, 63, 95]


def test_large_ones_do_not_wait(archive: Archive, synced: list[int]) -> None:
    publisher = MirrorPublisher(archive)
    for number in range(4):
        publisher.publish_soon(staged_mirror(archive, number, size_bytes=MOST_WAITING_BYTES))

    assert (placed(archive), synced) == (4, [0, 1, 2, 3])


def test_where_a_sync_does_not_tell_of_every_fault_none_waits_and_none_is_made(
    archive: Archive, synced: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(staging, "syncfs_reports_errors", lambda: False)
    publisher = MirrorPublisher(archive)
    for number in range(4):
        publisher.publish_soon(staged_mirror(archive, number))

    assert (publisher.syncs, placed(archive), synced) == (False, 4, [])


def test_nothing_is_placed_where_the_sync_fails(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(folder: Path, *, descriptor: int) -> None:
        raise WriteFailed("no")

    monkeypatch.setattr(staging, "syncfs", fail)
    monkeypatch.setattr(staging, "syncfs_reports_errors", lambda: True)

    with pytest.raises(WriteFailed):
        MirrorPublisher(archive).publish_soon(staged_mirror(archive, 1))

    assert placed(archive) == 0


def test_a_place_that_was_taken_meanwhile_is_named(archive: Archive) -> None:
    one = staged_mirror(archive, 1)
    (one.git_dir / "objects").mkdir(parents=True)

    with pytest.raises(WriteFailed, match=r"1\.git"):
        MirrorPublisher(archive).publish_soon(one)


def test_a_wreck_goes_once_what_replaces_it_has_come(archive: Archive) -> None:
    corrupt_dir = archive.staging / "corrupt_dir"
    corrupt_dir.mkdir()

    MirrorPublisher(archive).publish_soon(staged_mirror(archive, 1, corrupt_dir=corrupt_dir))

    assert (placed(archive), corrupt_dir.exists()) == (1, False)
