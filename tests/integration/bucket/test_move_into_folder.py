"""An archive in a bucket becomes one in a folder again: all of it, whatever is killed when, and plain git reads it."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from matou.archive.cached_blobs import DamagedInBucket
from matou.archive.layout import FORGETTING, Archive, FolderInUse
from matou.db.archive_location import ArchiveMoving, LocationState, written_at
from matou.errors import MatouError
from matou.forge.access import ALL_SCOPES, Identity
from matou.forge.accounts.users import find_user
from matou.forge.forge import Forge
from matou.transfer.move.into_bucket import give_up
from matou.transfer.move.into_folder import move_into_folder
from matou.transfer.move.report import MoveReport
from matou.transfer.move.run import MoveOptions
from matou.transfer.verify.command import verify
from support.file_editor import FileEditor
from support.moved_archives import Killed, MovedArchive, archive_to_move, born_here, files_of, now, states_of


@pytest.fixture
def moved(database_place: Path | str, tmp_path: Path) -> Iterator[MovedArchive]:
    with archive_to_move(database_place, tmp_path) as moved:
        yield moved


@pytest.fixture
def on_sqlite(sqlite_file: Path, tmp_path: Path) -> Iterator[MovedArchive]:
    """For what does not depend on which database it is."""
    with archive_to_move(sqlite_file, tmp_path) as moved:
        yield moved


def back(moved: MovedArchive, machine: Forge, target: Path) -> MoveReport:
    assert machine.archive.contents is not None
    contents = replace(machine.archive.contents, database=moved.database)
    options = MoveOptions(1, now, lambda *_: None)
    return move_into_folder(machine.archive, contents, target, options, own_database=None)


def editor_at(forge: Forge) -> FileEditor:
    anna = find_user(forge, "anna")
    assert anna is not None
    return FileEditor(forge, born_here(forge), Identity(anna, ALL_SCOPES))


def server_at(moved: MovedArchive, target: Path) -> Forge:
    return Forge(written_at(moved.database, LocationState.FOLDER), Archive.open(target), now)


def test_there_and_back_it_is_what_it_was(moved: MovedArchive, tmp_path: Path) -> None:
    before, files, target = states_of(moved.archive.root), files_of(moved.archive.root), tmp_path / "back"
    moved.move()
    machine = moved.machine("one")

    report = back(moved, machine, target)

    assert report.problems == []
    assert states_of(target) == before
    assert files_of(target) == {path: content for path, content in files.items() if not path.endswith(".partial")}
    assert set(Archive.open(target).blobs.iterate()) == set(moved.archive.blobs.iterate())
    identity = json.loads((target / "archive.json").read_bytes())
    assert (identity["features"], "bucket" in identity) == ([], False)
    assert (target / "repositories/team/shop/api.git/matou-mirror").exists()
    whole = verify(Archive.open(target), everything=True, jobs=1, now=now(), progress=lambda *_: None)
    assert whole.problems == ()
    assert back(moved, machine, target).was_moved


def test_afterwards_people_write_in_the_folder_and_the_bucket_only_reads(
    on_sqlite: MovedArchive, tmp_path: Path
) -> None:
    on_sqlite.move()
    machine, target = on_sqlite.machine("one"), tmp_path / "back"
    editor_at(machine).create("in the bucket")

    back(on_sqlite, machine, target)

    with pytest.raises(ArchiveMoving):
        editor_at(machine).create("too late")
    editor = editor_at(server_at(on_sqlite, target))
    editor.create("in the folder")
    assert {"born here", "in the bucket", "in the folder"} <= editor.files().keys()
    assert "in the bucket" in editor_at(machine).files()


def test_cut_off_at_every_object_it_goes_on_and_nobody_writes_meanwhile(moved: MovedArchive, tmp_path: Path) -> None:
    before, target = states_of(moved.archive.root), tmp_path / "back"
    moved.move()
    machine, opened = moved.machine("one"), moved.bucket.open
    for allowed in range(100):
        left = iter(range(allowed))

        def killed_later(key: str, left: Iterator[int] = left) -> object:
            if next(left, None) is None:
                raise Killed
            return opened(key)

        moved.bucket.open = killed_later  # type: ignore[method-assign, assignment]
        try:
            back(moved, machine, target)
        except Killed:
            assert not (target / "archive.json").exists()
            with pytest.raises(ArchiveMoving):
                machine.queue.enqueue(None)  # type: ignore[arg-type]
            continue
        break

    assert states_of(target) == before
    assert Archive.open(target).identity.id == moved.archive.identity.id


def test_what_was_forgotten_is_heeded_wherever_it_is_moved_from(on_sqlite: MovedArchive, tmp_path: Path) -> None:
    on_sqlite.archive.requiring(FORGETTING)
    on_sqlite.move()

    back(on_sqlite, on_sqlite.machine("one"), tmp_path / "back")

    assert Archive.open(tmp_path / "back").identity.features == (FORGETTING,)


def test_given_up_the_bucket_can_be_written_to_again(on_sqlite: MovedArchive, tmp_path: Path) -> None:
    on_sqlite.move()
    machine = on_sqlite.machine("one")
    on_sqlite.bucket.is_away = True
    with pytest.raises(MatouError):
        back(on_sqlite, machine, tmp_path / "back")
    on_sqlite.bucket.is_away = False

    assert give_up(machine.archive, on_sqlite.database, now=now())

    editor_at(machine).create("goes on")
    back(on_sqlite, machine, tmp_path / "back")
    assert "goes on" in editor_at(server_at(on_sqlite, tmp_path / "back")).files()


@pytest.mark.parametrize("kind", ["*.pack", "places.jsonl", "blobs/objects/*/*/*"])
def test_what_is_not_what_was_put_there_is_damage_and_nothing_is_switched(
    on_sqlite: MovedArchive, tmp_path: Path, kind: str
) -> None:
    on_sqlite.move()
    machine = on_sqlite.machine("one")
    path = next(path for path in on_sqlite.bucket.root.rglob(kind) if path.is_file() and path.stat().st_size)
    path.chmod(0o600)
    path.write_bytes(path.read_bytes()[:-1] + b"?")

    with pytest.raises(DamagedInBucket, match="in the bucket"):
        back(on_sqlite, machine, tmp_path / "back")

    assert not (tmp_path / "back/archive.json").exists()


def test_a_folder_that_holds_something_else_is_not_taken(on_sqlite: MovedArchive, tmp_path: Path) -> None:
    on_sqlite.move()
    machine = on_sqlite.machine("one")
    (tmp_path / "back").mkdir()
    (tmp_path / "back/notes.txt").write_text("mine")

    with pytest.raises(FolderInUse):
        back(on_sqlite, machine, tmp_path / "back")
    editor_at(machine).create("goes on")
