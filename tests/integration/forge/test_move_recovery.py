"""A crash between the folder of a repository and its row: the next start puts right what it cut off."""

import errno
import itertools
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from matou.archive.layout import Archive
from matou.db import repositories as rows
from matou.db.engine import UniqueViolation
from matou.db.repositories import Repository
from matou.errors import NotFound
from matou.forge.accounts.namespaces import create_organization
from matou.forge.accounts.users import create_user
from matou.forge.forge import Forge
from matou.forge.maintenance import move_recovery
from matou.forge.maintenance.check import check
from matou.forge.maintenance.move_recovery import finish_moves
from matou.forge.repositories.repository_dirs import NOTE_PREFIX, moved, staged_repository
from matou.forge.repositories.repository_lists import find_repository, find_repository_by_id
from matou.fs import DiskFull, WriteFailed
from matou.model.names import RepositoryPath
from matou.settings import Settings
from matou.wiring import open_forge
from support.clocks import Clock
from support.deciding import create_project, create_repository, delete_repository, rename_repository
from support.listed_rows import repositories_in

CRASH = """
import os, signal, sys
from pathlib import Path
from matou.db import repositories as rows
from matou.db.engine import UniqueViolation
from matou.forge.access import MayCreateIn, MayDelete, MayRename, granted_to_operator
from matou.forge.accounts.namespaces import find_namespace
from matou.forge.repositories.creation import create_repository
from matou.forge.repositories.repository_lists import find_repository
from matou.forge.repositories.repository_moves import delete_repository, rename_repository
from matou.model.names import NamespacePath, RepositoryPath
from matou.settings import Settings
from matou.wiring import open_forge

root, database, what, moment = sys.argv[1:]
settings = Settings.from_environment({"MATOU_DATABASE_URL": database})
with open_forge(Path(root), settings) as forge:
    die = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)
    there = None if what == "create" else find_repository(forge, RepositoryPath.parse("team/harbour/ship"))
    if moment == "before the row":
        for name in ("insert_repository", "move", "delete_repository"):
            setattr(rows, name, die)
    else:
        import shutil
        shutil.rmtree = die
    if what == "create":
        place = find_namespace(forge, NamespacePath.parse("team/harbour"))
        create_repository(forge, granted_to_operator(MayCreateIn, place), "ship", creator=None)
    elif what == "rename":
        rename_repository(forge, granted_to_operator(MayRename, there), "boat")
    else:
        delete_repository(forge, granted_to_operator(MayDelete, there))
"""


Crash = Callable[[str, str], None]


@pytest.fixture
def crash(archive: Archive, database_place: Path | str) -> Crash:
    """Do something in a process that is killed in the middle of it."""

    def crash(what: str, moment: str) -> None:
        url = f"sqlite:///{database_place}" if isinstance(database_place, Path) else database_place
        done = subprocess.run([sys.executable, "-c", CRASH, archive.root, url, what, moment], capture_output=True)
        assert done.returncode == -signal.SIGKILL, done.stderr.decode()

    return crash


@pytest.fixture
def ship(this_process: Forge) -> Callable[[], Repository]:
    def make() -> Repository:
        return create_repository(this_process, RepositoryPath.parse("team/harbour/ship"), creator=None)

    return make


@pytest.fixture(autouse=True)
def _namespaces(this_process: Forge) -> None:
    anna = create_user(this_process, "anna")
    create_project(this_process, create_organization(this_process, "team", owner=anna), "harbour", creator=anna)


def all_is_well(forge: Forge) -> bool:
    return check(forge) == () and list(forge.archive.staging.iterdir()) == []


def test_a_creation_that_was_cut_off_leaves_no_trace(this_process: Forge, crash: Crash) -> None:
    crash("create", "before the row")
    assert check(this_process) != ()

    assert finish_moves(this_process) == 1

    assert repositories_in(this_process, None) == ((), 0)
    assert all_is_well(this_process)
    create_repository(this_process, RepositoryPath.parse("team/harbour/ship"), creator=None)


def test_a_creation_whose_row_is_there_stays(this_process: Forge, crash: Crash) -> None:
    crash("create", "after the row")

    finish_moves(this_process)

    assert find_repository(this_process, RepositoryPath.parse("team/harbour/ship")).name == "ship"
    assert all_is_well(this_process)


def test_a_rename_that_was_cut_off_is_taken_back(
    this_process: Forge, ship: Callable[[], Repository], crash: Crash
) -> None:
    before = ship()
    crash("rename", "before the row")
    assert check(this_process) != ()

    assert finish_moves(this_process) == 1

    assert find_repository_by_id(this_process, before.id) == before
    assert (this_process.git_dir(before) / "HEAD").is_file()
    assert all_is_well(this_process)


def test_a_rename_whose_row_is_there_stays(this_process: Forge, ship: Callable[[], Repository], crash: Crash) -> None:
    before = ship()
    crash("rename", "after the row")

    finish_moves(this_process)

    assert find_repository_by_id(this_process, before.id).name == "boat"
    assert all_is_well(this_process)


def test_a_deletion_before_its_row_was_gone_did_not_happen(
    this_process: Forge, ship: Callable[[], Repository], crash: Crash
) -> None:
    before = ship()
    crash("delete", "before the row")

    finish_moves(this_process)

    assert find_repository_by_id(this_process, before.id) == before
    assert all_is_well(this_process)


def test_a_deletion_whose_row_is_gone_is_ended(
    this_process: Forge, ship: Callable[[], Repository], crash: Crash
) -> None:
    before = ship()
    crash("delete", "after the row")

    finish_moves(this_process)

    with pytest.raises(NotFound):
        find_repository_by_id(this_process, before.id)
    assert all_is_well(this_process)
    ship()


def test_only_the_folder_that_was_moved_is_touched(this_process: Forge, crash: Crash) -> None:
    """A backup may have made another one in the same place since."""
    crash("create", "before the row")
    place = this_process.archive.repository(RepositoryPath.parse("team/harbour/ship"))
    place.rename(place.with_name("elsewhere"))
    place.mkdir()
    (place / "HEAD").write_text("ref: refs/heads/theirs\n")

    finish_moves(this_process)

    assert (place / "HEAD").read_text() == "ref: refs/heads/theirs\n"


def test_a_move_that_is_under_way_is_left_alone(
    this_process: Forge, other_process: Forge, ship: Callable[[], Repository], monkeypatch: pytest.MonkeyPatch
) -> None:
    before, really_move = ship(), rows.move
    finished: list[int] = []

    def move_while_another_starts(*arguments: object, **named: object) -> object:
        finished.append(finish_moves(other_process))
        return really_move(*arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(rows, "move", move_while_another_starts)

    renamed = rename_repository(this_process, before, "boat")

    assert finished == [0]
    assert (this_process.git_dir(renamed) / "HEAD").is_file()
    assert all_is_well(this_process)


def test_the_next_start_does_it(
    archive: Archive, this_process: Forge, crash: Crash, database_place: Path | str
) -> None:
    crash("create", "before the row")
    url = f"sqlite:///{database_place}" if isinstance(database_place, Path) else database_place

    with open_forge(archive.root, Settings.from_environment({"MATOU_DATABASE_URL": url})) as forge:
        assert check(forge) == ()


def test_whoever_saw_a_repository_before_it_moved_does_not_move_or_delete_what_stands_there_now(
    this_process: Forge, ship: Callable[[], Repository]
) -> None:
    before = ship()
    rename_repository(this_process, before, "boat")
    newcomer = ship()

    with pytest.raises(NotFound):
        rename_repository(this_process, before, "raft")
    with pytest.raises(NotFound):
        delete_repository(this_process, before)

    assert find_repository(this_process, newcomer.path) == newcomer
    assert all_is_well(this_process)


def test_what_a_process_that_died_was_making_is_removed(this_process: Forge, clock: Clock) -> None:
    long_ago = (clock() - timedelta(minutes=2)).timestamp()
    left = [this_process.archive.staging / name for name in ("repository-1.git", "deleted-1.git", "repository-2.git")]
    others = this_process.archive.staging / "run-000001-1"
    for folder in (*left, others):
        (folder / "objects").mkdir(parents=True)
        os.utime(folder, (long_ago, long_ago))
    os.utime(left[2], (clock().timestamp(), clock().timestamp()))

    finish_moves(this_process)

    assert [folder.exists() for folder in (*left, others)] == [False, False, True, True]


def test_what_a_process_is_making_stays(this_process: Forge, other_process: Forge, clock: Clock) -> None:
    with staged_repository(this_process.archive) as git_dir:
        os.utime(git_dir, (0, 0))

        finish_moves(other_process)

        assert (git_dir / "HEAD").is_file()


def test_of_two_who_look_at_a_free_place_at_once_one_gets_it(
    this_process: Forge, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both find nothing there; the second one's rename must not be a fault of ours."""
    path = RepositoryPath.parse("team/harbour/ship")
    archive = this_process.archive
    with staged_repository(archive) as first, staged_repository(archive) as second, moved(archive, first, path):
        monkeypatch.setattr(Path, "exists", lambda place: place == second)
        with pytest.raises(UniqueViolation), moved(archive, second, path):
            pass


def test_a_folder_that_somebody_is_moving_is_told_without_its_place(
    this_process: Forge, ship: Callable[[], Repository]
) -> None:
    before = ship()
    place = this_process.git_dir(before)
    place.rename(place.with_name("elsewhere"))

    with pytest.raises(NotFound) as failure:
        rename_repository(this_process, before, "boat")

    assert str(this_process.archive.root) not in str(failure.value)


def test_a_note_that_nobody_can_read_does_not_stop_the_others(this_process: Forge, crash: Crash) -> None:
    """A power cut may leave a folder whose note was never written."""
    empty = this_process.archive.staging / f"{NOTE_PREFIX}0000"
    empty.mkdir()
    crash("create", "before the row")

    assert finish_moves(this_process) == 1

    assert check(this_process) == ()


def test_a_note_that_was_never_written_goes_a_minute_later(this_process: Forge, clock: Clock) -> None:
    empty = this_process.archive.staging / f"{NOTE_PREFIX}0000"
    empty.mkdir()
    os.utime(empty, (clock().timestamp(), clock().timestamp()))
    finish_moves(this_process)
    assert empty.exists()

    os.utime(empty, (0, 0))
    finish_moves(this_process)

    assert not empty.exists()


Fault = Callable[..., None]


@pytest.fixture
def fault(monkeypatch: pytest.MonkeyPatch) -> Fault:
    """A disk that fails from the n-th call of a kind on, so many times."""

    def fault(owner: object, call: str, first: int, times: int, number: int = errno.EIO) -> None:
        really, made = getattr(owner, call), itertools.count(1)

        def call_or_fail(*arguments: object) -> object:
            if first <= next(made) < first + times:
                raise OSError(number, os.strerror(number))
            return really(*arguments)

        monkeypatch.setattr(owner, call, call_or_fail)

    return fault


@pytest.mark.parametrize("number", range(1, 6))
def test_a_rename_whose_sync_fails_did_not_happen_and_the_next_one_does(
    this_process: Forge, ship: Callable[[], Repository], fault: Fault, number: int
) -> None:
    before = ship()
    fault(os, "fsync", number, 1)

    with pytest.raises(WriteFailed):
        rename_repository(this_process, before, "boat")

    assert find_repository_by_id(this_process, before.id) == before
    assert all_is_well(this_process)
    assert rename_repository(this_process, before, "boat").name == "boat"
    assert all_is_well(this_process)


@pytest.mark.parametrize("fullness", [errno.ENOSPC, errno.EDQUOT])
@pytest.mark.parametrize(
    ("owner", "call", "first"), [*((os, "fsync", number) for number in range(1, 6)), (Path, "rename", 1)]
)
def test_a_rename_without_room_says_so_and_did_not_happen(
    this_process: Forge,
    ship: Callable[[], Repository],
    fault: Fault,
    owner: object,
    call: str,
    first: int,
    fullness: int,
) -> None:
    before = ship()
    fault(owner, call, first, 1, fullness)

    with pytest.raises(DiskFull):
        rename_repository(this_process, before, "boat")

    assert find_repository_by_id(this_process, before.id) == before
    assert all_is_well(this_process)
    assert rename_repository(this_process, before, "boat").name == "boat"


def test_a_rename_whose_row_finds_no_room_did_not_happen(
    this_process: Forge, ship: Callable[[], Repository], fault: Fault
) -> None:
    before = ship()
    fault(rows, "move", 1, 1, errno.ENOSPC)
    # Nor does the first way back.
    fault(Path, "rename", 2, 1, errno.ENOSPC)

    with pytest.raises(DiskFull):
        rename_repository(this_process, before, "boat")

    assert find_repository_by_id(this_process, before.id) == before
    assert all_is_well(this_process)


def test_a_creation_whose_folder_cannot_be_moved_leaves_no_trace(
    this_process: Forge, ship: Callable[[], Repository], fault: Fault
) -> None:
    fault(Path, "rename", 1, 1)

    with pytest.raises(WriteFailed):
        ship()

    assert repositories_in(this_process, None) == ((), 0)
    assert all_is_well(this_process)
    ship()


def test_a_deletion_whose_folder_cannot_be_moved_is_ended(
    this_process: Forge, ship: Callable[[], Repository], fault: Fault
) -> None:
    before = ship()
    fault(Path, "rename", 1, 1)

    with pytest.raises(WriteFailed):
        delete_repository(this_process, before)

    assert repositories_in(this_process, None) == ((), 0)
    assert all_is_well(this_process)
    ship()


def test_a_folder_that_cannot_be_moved_back_either_is_put_right_by_the_next_start(
    this_process: Forge, ship: Callable[[], Repository], fault: Fault, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = ship()
    monkeypatch.setattr(move_recovery, "_PAUSES_SECONDS", (0.0, 0.0))
    fault(os, "fsync", 4, 3)
    # The move itself works, none back does.
    fault(Path, "rename", 2, 3)
    with pytest.raises(WriteFailed):
        rename_repository(this_process, before, "boat")
    assert check(this_process) != ()
    monkeypatch.undo()

    assert finish_moves(this_process) == 1

    assert find_repository_by_id(this_process, before.id) == before
    assert all_is_well(this_process)
