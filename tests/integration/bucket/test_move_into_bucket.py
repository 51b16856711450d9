"""An archive is moved from its folder into a bucket: all of it, whatever is killed when; meanwhile nobody writes."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from matou.archive.attachment import BucketInUse
from matou.archive.layout import Archive
from matou.db.archive_location import ArchiveMoving, LocationState, find_location, set_location
from matou.errors import Damaged, TryLater
from matou.forge.access import ALL_SCOPES, Identity
from matou.forge.accounts.users import create_user, find_user
from matou.forge.forge import Forge
from matou.forge.maintenance.bucket_packing import sweep
from matou.forge.maintenance.check import check
from matou.forge.repositories.repository_lists import find_repository
from matou.model.jobs import JobId
from matou.model.names import RepositoryPath
from matou.transfer.move.into_bucket import AlreadyMoved, give_up
from support.file_editor import FileEditor
from support.moved_archives import (
    Killed,
    MovedArchive,
    archive_to_move,
    born_here,
    files_of,
    now,
    state_of,
    states_of,
)


@pytest.fixture
def moved(database_place: Path | str, tmp_path: Path) -> Iterator[MovedArchive]:
    with archive_to_move(database_place, tmp_path) as moved:
        yield moved


@pytest.fixture
def on_sqlite(sqlite_file: Path, tmp_path: Path) -> Iterator[MovedArchive]:
    """For what does not depend on which database it is."""
    with archive_to_move(sqlite_file, tmp_path) as moved:
        yield moved


def editor_at(forge: Forge) -> FileEditor:
    anna = find_user(forge, "anna")
    assert anna is not None
    return FileEditor(forge, born_here(forge), Identity(anna, ALL_SCOPES))


def states_at(forge: Forge, names: list[str]) -> dict[str, tuple[dict[str, str], list[str], str]]:
    """The same as another machine has it from the bucket."""
    found = {}
    for name in names:
        path = name.partition("/")[2].removesuffix(".git")
        if name.startswith("metadata/"):
            found[name] = state_of(forge.archive.contents.git_dir(name) or Path())  # type: ignore[union-attr]
        else:
            found[name] = state_of(forge.git_dir(find_repository(forge, RepositoryPath.parse(path))))
    return found


def require_all(moved: MovedArchive, before: dict[str, tuple[dict[str, str], list[str], str]], name: str) -> Forge:
    forge = moved.machine(name)
    assert states_at(forge, list(before)) == before
    assert check(forge) == ()
    return forge


def test_another_machine_has_all_that_the_folder_had(moved: MovedArchive) -> None:
    before, files = states_of(moved.archive.root), files_of(moved.archive.root)

    report = moved.move()

    assert report.problems == []
    assert report.repositories == len(before)
    forge = require_all(moved, before, "other")
    brought = files_of(forge.archive.root)
    assert brought == {path: files[path] for path in brought}
    assert {path for path in files if path.endswith(".jsonl")} <= brought.keys()
    assert forge.archive.records(1).read_bytes() == files["runs/000001/records.jsonl.zst"]
    assert set(forge.archive.blobs.iterate()) == set(moved.archive.blobs.iterate())
    assert states_of(moved.archive.root) == before
    identity = json.loads((moved.archive.root / "archive.json").read_bytes())
    assert identity["features"] == ["bucket"]
    assert identity["id"] == str(moved.archive.identity.id)


def test_what_is_written_afterwards_is_in_the_bucket_and_nothing_of_a_mirror_is_swept(on_sqlite: MovedArchive) -> None:
    before = states_of(on_sqlite.archive.root)
    on_sqlite.move()
    one = on_sqlite.machine("one")
    editor_at(one).create("afterwards")
    assert one.bucket is not None

    sweep(replace(one.bucket, now=lambda: now().replace(year=now().year + 1)))

    assert "afterwards" in editor_at(on_sqlite.machine("other")).files()
    del before["repositories/harbour/ship.git"]
    require_all(on_sqlite, before, "third")


def test_killed_at_every_write_it_goes_on_and_loses_nothing(moved: MovedArchive) -> None:
    before = states_of(moved.archive.root)
    for allowed in range(200):
        moved.bucket.allowed = allowed
        try:
            moved.move()
        except Killed:
            assert Archive.open(moved.archive.root, in_bucket=True).root == moved.archive.root
            continue
        break

    moved.bucket.allowed = None
    assert Archive.open(moved.archive.root, in_bucket=True).identity.bucket is not None
    require_all(moved, before, "other")


def test_killed_at_every_transaction_it_goes_on_and_loses_nothing(on_sqlite: MovedArchive) -> None:
    before, database = states_of(on_sqlite.archive.root), on_sqlite.database
    for allowed in range(100):
        left = iter(range(allowed))

        def killed_later(_: object, left: Iterator[int] = left) -> None:
            if next(left, None) is None:
                raise Killed

        on_sqlite.database = replace(database, before_write=killed_later)
        try:
            on_sqlite.move()
        except Killed:
            continue
        break

    on_sqlite.database = database
    require_all(on_sqlite, before, "other")


def test_gone_on_with_nothing_is_sent_twice(on_sqlite: MovedArchive) -> None:
    on_sqlite.bucket.allowed = 35
    with pytest.raises(Killed):
        on_sqlite.move()
    on_sqlite.bucket.allowed, sent = None, on_sqlite.bucket.written[:]

    assert on_sqlite.move().problems == []

    assert any(key.startswith("blobs/") for key in sent)
    assert len(on_sqlite.bucket.written) == len(set(on_sqlite.bucket.written))
    assert sum(key.endswith(".idx") for key in on_sqlite.bucket.written) == len(
        list(on_sqlite.bucket.root.rglob("*.idx"))
    )


def test_while_it_is_moved_nobody_writes_and_everybody_reads(on_sqlite: MovedArchive) -> None:
    server = on_sqlite.server()
    editor = editor_at(server)
    on_sqlite.bucket.allowed = 10
    with pytest.raises(Killed):
        on_sqlite.move()
    before = states_of(on_sqlite.archive.root)

    with pytest.raises(ArchiveMoving) as refused:
        editor.create("too late")
    with pytest.raises(ArchiveMoving):
        create_user(server, "bob")
    with pytest.raises(ArchiveMoving):
        server.queue.retry(JobId(1))

    assert refused.value.wait is not None
    assert "born here" in editor.files()
    assert states_of(on_sqlite.archive.root) == before


def test_what_was_acknowledged_while_the_move_began_is_in_the_bucket(moved: MovedArchive) -> None:
    editor, written = editor_at(moved.server()), []

    def write() -> None:
        for number in range(10_000):
            try:
                editor.create(f"file{number}")
            except TryLater:
                return
            written.append(f"file{number}")

    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(write)
        while len(written) < 3 and not writing.done():
            pass
        moved.move()
        writing.result()

    assert set(written) <= editor_at(moved.machine("other")).files().keys()


def test_once_it_is_moved_the_server_of_before_only_reads(on_sqlite: MovedArchive) -> None:
    server = on_sqlite.server()
    editor = editor_at(server)
    on_sqlite.move()

    with pytest.raises(ArchiveMoving):
        editor.create("too late")
    assert "born here" in editor.files()


def test_a_move_is_given_up_and_begun_again_with_what_was_written_between(moved: MovedArchive) -> None:
    moved.bucket.allowed = 35
    with pytest.raises(Killed):
        moved.move()
    moved.bucket.allowed = None

    assert give_up(moved.archive, moved.database, now=now())
    assert not give_up(moved.archive, moved.database, now=now())
    editor_at(moved.server()).create("in between")
    before = states_of(moved.archive.root)
    moved.move()

    assert "in between" in editor_at(require_all(moved, before, "other")).files()
    with pytest.raises(AlreadyMoved):
        give_up(moved.archive, moved.database, now=now())


def test_a_mover_that_slept_through_being_given_up_writes_nothing_more(moved: MovedArchive) -> None:
    given_up: list[object] = []

    def give_up_now(stage: object, *_: object) -> None:
        if not given_up:
            given_up.append(stage)
            with moved.database.begin_write() as connection:
                set_location(connection, None)

    moved.stages = type("Once", (list,), {"append": lambda _, stage: give_up_now(stage)})()
    with pytest.raises(Exception, match="given up meanwhile"):
        moved.move()

    assert Archive.open(moved.archive.root).identity.features == ()
    editor_at(moved.server()).create("goes on")


def test_a_prefix_that_holds_something_else_is_not_taken(on_sqlite: MovedArchive) -> None:
    on_sqlite.bucket.put("notes.txt", iter([b"mine"]))
    with pytest.raises(BucketInUse):
        on_sqlite.move()
    give_up(on_sqlite.archive, on_sqlite.database, now=now())
    editor_at(on_sqlite.server()).create("goes on")


def test_what_the_bucket_does_not_keep_as_it_was_is_damage_and_nothing_is_switched(on_sqlite: MovedArchive) -> None:
    put, spoiled = on_sqlite.bucket.put, list[str]()

    def spoil(key: str, source: object) -> int:
        size = put(key, source)  # type: ignore[arg-type]
        if key.endswith(".pack") and not spoiled:
            path = on_sqlite.bucket.path(key)
            spoiled.append(key)
            path.chmod(0o600)
            path.write_bytes(path.read_bytes()[:-1] + b"?")
        return size

    on_sqlite.bucket.put = spoil  # type: ignore[method-assign]
    report = on_sqlite.move()

    (problem,) = report.problems
    assert isinstance(problem.detail, Damaged)
    assert spoiled[0] in str(problem.detail)
    assert Archive.open(on_sqlite.archive.root).identity.features == ()
    assert on_sqlite.move().problems == []


def test_a_blob_that_is_another_one_in_the_bucket_is_damage_and_is_not_written_over(on_sqlite: MovedArchive) -> None:
    digest = next(on_sqlite.archive.blobs.iterate())
    on_sqlite.bucket.allowed = 1
    with pytest.raises(Killed):
        on_sqlite.move()
    on_sqlite.bucket.allowed = None
    on_sqlite.bucket.put(f"blobs/objects/{digest[:2]}/{digest[2:4]}/{digest}", iter([b"something else"]))

    report = on_sqlite.move()

    assert [problem.path for problem in report.problems] == [f"blobs/{digest}"]
    assert Archive.open(on_sqlite.archive.root).identity.features == ()


def test_a_damaged_pack_of_the_folder_is_told_and_nothing_is_switched(on_sqlite: MovedArchive) -> None:
    pack = next((on_sqlite.archive.root / "repositories/team/shop/api.git").rglob("*.pack"))
    pack.chmod(0o600)
    pack.write_bytes(pack.read_bytes()[:-1] + b"?")

    report = on_sqlite.move()

    assert [problem.path for problem in report.problems] == ["repositories/team/shop/api.git"]
    with on_sqlite.database.begin_read() as connection:
        location = find_location(connection)
    assert location is not None
    assert location.state is LocationState.TO_BUCKET
