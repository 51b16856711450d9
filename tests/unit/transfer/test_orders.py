"""Orders of a run: who is asked together, and what is made of a file that somebody else wrote."""

from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from matou.archive.layout import Archive
from matou.archive.lock import WorkersLeft, lock_archive, lock_for_reading
from matou.archive.working_lock import at_work
from matou.errors import Damaged
from matou.fs import flocked
from matou.transfer.backup.by_workers.orders import OrderFolder, WorkResult, gather_leftovers

NOW = datetime(2026, 12, 1, tzinfo=UTC)


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return Archive.create(tmp_path / "archive", now=NOW, identifier=UUID(int=1))


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"saved": 1}', b"\xff", b"[" * 100_000, b'{"requests": "x"}'])
def test_a_result_that_is_none_is_damage_and_nothing_else(archive: Archive, content: bytes) -> None:
    folder = OrderFolder(archive, 1)
    folder.path.mkdir()
    (folder.path / "result-1.json").write_bytes(content)

    with pytest.raises(Damaged):
        folder.result(1)


def test_a_result_is_there_whole(archive: Archive) -> None:
    folder = OrderFolder(archive, 1)
    folder.path.mkdir()

    folder.write_result(3, WorkResult(requests=2, left=("a\udcff",)))

    assert folder.numbers_with_result() == {3}
    assert folder.result(3) == WorkResult(requests=2, left=("a\udcff",))


def test_a_run_is_alive_as_long_as_its_process_holds_it(archive: Archive) -> None:
    folder = OrderFolder(archive, 1)
    before = folder.is_alive()
    folder.path.mkdir()
    with flocked(folder.alive, creates=True):
        meanwhile = folder.is_alive()

    assert (before, meanwhile, folder.is_alive()) == (False, True, False)


def test_nobody_takes_an_archive_to_which_a_worker_still_writes(archive: Archive) -> None:
    with lock_archive(archive.root, now=NOW):
        pass
    with at_work(archive.root), at_work(archive.root):
        for taking in (lock_archive(archive.root, now=NOW), lock_for_reading(archive.root)):
            with pytest.raises(WorkersLeft), taking:
                pass

    with lock_archive(archive.root, now=NOW) as lock:
        assert lock.previous_holder is None


def test_what_a_run_that_was_cut_off_left_is_cleared_away(archive: Archive) -> None:
    run = archive.begin_run()
    OrderFolder(archive, run).path.mkdir()

    gather_leftovers(archive)

    assert not list(archive.staging.glob("run-*"))
