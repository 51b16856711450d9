"""`matou archive move DIR s3://…`: everything goes up and is read again, then the archive is there and not here.

Until the last step the folder is the archive, and whoever serves it only reads; killed anywhere, the next run goes on.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from typing import Final

import msgspec

from matou.archive.attachment import LARGEST_IDENTITY_BYTES, BucketInUse
from matou.archive.layout import FORMAT, IDENTITY_FILE, IN_BUCKET, Archive, ArchiveBucket, read_identity
from matou.archive.lock import lock_archive, wait_for_writers
from matou.db import bucket_folders, repositories
from matou.db import bucket_repositories as rows
from matou.db.archive_location import ArchiveLocation, LocationState, find_location, set_location
from matou.db.engine import Connection, Database
from matou.errors import Conflict, Damaged, Invalid, NotFound, TryLater
from matou.fs import flocked, write_atomically
from matou.storage.base import Store
from matou.transfer.copy.archive_files import git_dirs_below
from matou.transfer.copy.paths import COPY_FOLDER, REPOSITORY_ROOTS
from matou.transfer.move.file_upload import upload_blobs, upload_files
from matou.transfer.move.finished_parts import FinishedParts
from matou.transfer.move.report import MoveReport, MoveStage
from matou.transfer.move.repository_upload import MovedFolder, upload_repository
from matou.transfer.move.run import MoveOptions, MoveRun

MOST_LOOKS: Final = 5
MOVING: Final = "moving.json"
"""Stands in a bucket into which an archive is being moved, and says which."""


class AlreadyMoved(Invalid):
    """The archive is somewhere else by now."""


class MigrationRunning(TryLater):
    """`matou migrate` is at it, and writes down what it does."""


class FolderLost(Damaged):
    """A repository has a row, and nothing lies where it says."""


def move_into_bucket(
    archive: Archive,
    database: Database,
    named: ArchiveBucket,
    store: Store,
    options: MoveOptions,
    *,
    before_switch: Callable[[], None] = lambda: None,
) -> MoveReport:
    """Move, or go on.

    Args:
        database: the archive's, opened without regard to moves.
        before_switch: called when the database says that all is there, and the folder does not yet; twice where it was
            cut off.

    Raises:
        ArchiveBusy: a backup or another move is at work, or somebody writes all the while.
        BucketInUse: something else lies under that prefix.
        AlreadyMoved: the database says that the archive is somewhere else.
    """
    with lock_archive(archive.root, now=options.now()):
        archive = Archive.open(archive.root, in_bucket=True)
        _require_movable(archive, named)
        if archive.identity.bucket is not None:
            _forget_mark(store)
            return MoveReport(was_moved=True)
        location = _marked(database, named, options.now())
        if location.state is LocationState.BUCKET:
            before_switch()
            _switch_folder(archive, named)
            return MoveReport(was_moved=True)
        _reserve(store, archive, named)
        wait_for_writers(archive.root)
        stored, finished = dict(store.sizes()), FinishedParts(archive, location.target)
        run = MoveRun(archive, database, store, location, options, stored, finished)
        _upload(run)
        if not run.report.problems:
            _publish(run, named)
        if not run.report.problems:
            before_switch()
            _switch_folder(archive, named)
            _forget_mark(store)
        return run.report


def give_up(archive: Archive, database: Database, *, now: datetime) -> bool:
    """Let people write to the archive where it still is; say whether there was a move to give up.

    Raises:
        ArchiveBusy: it is still under way.
        AlreadyMoved: it has ended.
    """
    with lock_archive(archive.root, now=now), database.begin_write() as connection:
        location, bucket = find_location(connection), archive.identity.bucket
        if location is None or location.state is (LocationState.FOLDER if bucket is None else LocationState.BUCKET):
            return False
        if location.state in (LocationState.FOLDER, LocationState.BUCKET):
            raise _already(location)
        before = None if bucket is None else ArchiveLocation(LocationState.BUCKET, bucket.address, now.astimezone(UTC))
        set_location(connection, before)
        return True


def _forget_mark(store: Store) -> None:
    with suppress(NotFound):
        store.delete(MOVING)


def _require_movable(archive: Archive, named: ArchiveBucket) -> None:
    present = archive.identity.bucket
    if present is not None and present.address != named.address:
        raise AlreadyMoved("{root} is in {target} already", root=archive.root, target=present.address)
    if (archive.root / COPY_FOLDER).exists():
        raise Invalid("{root} is a copy, and follows another archive", root=archive.root, advice="Move that one.")


def _marked(database: Database, named: ArchiveBucket, now: datetime) -> ArchiveLocation:
    """From here on nobody else writes. What an earlier run has marked stays as it is.

    Raises AlreadyMoved, or Conflict where it is on its way somewhere else.
    """
    with database.begin_write() as connection:
        present = find_location(connection)
        if present is not None and present.state is not LocationState.FOLDER:
            if present.target != named.address:
                raise _already(present) if present.state is LocationState.BUCKET else _elsewhere(present)
            return present
        begun = ArchiveLocation(LocationState.TO_BUCKET, named.address, now.astimezone(UTC))
        set_location(connection, begun)
        return find_location(connection) or begun


def _already(location: ArchiveLocation) -> AlreadyMoved:
    return AlreadyMoved("the archive has been moved to {target}", target=location.target)


def _elsewhere(location: ArchiveLocation) -> Conflict:
    return Conflict(
        "the archive is being moved to {target}",
        target=location.target,
        advice="Name that to go on, or give it up: matou archive move DIR --cancel",
    )


def _reserve(store: Store, archive: Archive, named: ArchiveBucket) -> None:
    """Nobody else takes the prefix. Raises BucketInUse."""
    mark = msgspec.json.encode({"archive": archive.identity.id})
    try:
        with store.open(MOVING) as file:
            if file.read(LARGEST_IDENTITY_BYTES) == mark:
                return
    except NotFound:
        pass
    stranger = next((key for key, _ in store.sizes()), None)
    if stranger is not None:
        raise _in_use(named, stranger)
    try:
        store.create(MOVING, mark)
    except Conflict:
        raise _in_use(named, MOVING) from None


def _in_use(named: ArchiveBucket, key: str) -> BucketInUse:
    return BucketInUse(
        "{bucket} holds {name} already",
        bucket=named.address,
        name=repr(key)[:200],
        advice="Nothing was moved. Name a prefix under which nothing is; matou archive move DIR --cancel lets people"
        " write to the folder again.",
    )


def _upload(run: MoveRun) -> None:
    """All that is there; what cannot be moved is a problem in the report and stops nothing else."""
    folders = tuple(_folders(run))
    run.each(MoveStage.REPOSITORIES, folders, lambda folder: folder.path, partial(_uploaded, run))
    with run.database.begin_write() as connection:
        run.require_ours(connection)
        bucket_folders.delete_folders_but(connection, {folder.path for folder in folders if not folder.is_hosted})
    upload_blobs(run)
    run.finished.flush()


def _uploaded(run: MoveRun, folder: MovedFolder) -> None:
    """Whoever packs puts the new pack there before the old ones go: it is looked at again where one went meanwhile."""
    for _ in range(MOST_LOOKS - 1):
        with suppress(FileNotFoundError):
            upload_repository(run, folder)
            return
    upload_repository(run, folder)


def _folders(run: MoveRun) -> Iterator[MovedFolder]:
    with run.database.begin_read() as connection:
        listed, _ = repositories.list_repositories(connection, None, recursive=True)
    by_folder = {run.archive.repository(row.path): row for row in listed}
    for root in REPOSITORY_ROOTS:
        for git_dir in git_dirs_below(run.root / root):
            path = git_dir.relative_to(run.root).as_posix()
            yield MovedFolder(path, git_dir, by_folder.pop(git_dir, None))
    for row in by_folder.values():
        lost = FolderLost("{path} is a repository of the server, and its folder is gone", path=repr(str(row.path)))
        run.report.add_problem(str(row.path), lost)


def _publish(run: MoveRun, named: ArchiveBucket) -> None:
    """The bucket says what it is, and the database that it holds the archive."""
    with _no_migration(run.archive):
        files = upload_files(run)
        if run.report.problems:
            return
        _create_identity(run.store, run.archive, named)
        with run.database.begin_write() as connection:
            run.require_ours(connection)
            _require_everything(connection)
            bucket_folders.replace_archive_files(connection, files)
            now = run.now().astimezone(UTC)
            set_location(connection, ArchiveLocation(LocationState.BUCKET, named.address, now))


def _require_everything(connection: Connection) -> None:
    """Raises TryLater where a repository came whose folder was not there when folders were looked for."""
    if None in rows.storage_keys(connection).values():
        raise TryLater("a repository was made while the archive was moved", advice="Run it again.")


@contextmanager
def _no_migration(archive: Archive) -> Iterator[None]:
    """Nobody writes down what he moves to a platform, for the block. Raises MigrationRunning."""
    with ExitStack() as held:
        for path in (archive.root / "migrations.jsonl", *archive.root.glob("migrations/**/*.jsonl")):
            if path.is_file():
                try:
                    held.enter_context(flocked(path, waits=False))
                except BlockingIOError:
                    raise MigrationRunning("a migration is under way", advice="Run it again after that.") from None
        yield


def _create_identity(store: Store, archive: Archive, named: ArchiveBucket) -> None:
    """As in the folder, and with the feature of buckets. Raises BucketInUse where another archive stands there."""
    content = json.loads((archive.root / IDENTITY_FILE).read_bytes())
    content |= {"format": FORMAT, "features": sorted({*archive.identity.features, IN_BUCKET})}
    try:
        store.create(IDENTITY_FILE, json.dumps(content, separators=(",", ":")).encode() + b"\n")
    except Conflict:
        with store.open(IDENTITY_FILE) as file:
            found = read_identity(archive.root / IDENTITY_FILE, file.read(LARGEST_IDENTITY_BYTES))
        if found.id != archive.identity.id:
            raise _in_use(named, IDENTITY_FILE) from None


def _switch_folder(archive: Archive, named: ArchiveBucket) -> None:
    path = archive.root / IDENTITY_FILE
    content = json.loads(path.read_bytes())
    content |= {
        "format": FORMAT,
        "features": sorted({*archive.identity.features, IN_BUCKET}),
        "bucket": msgspec.to_builtins(msgspec.structs.replace(named, has_original=True)),
    }
    write_atomically(path, json.dumps(content, separators=(",", ":")).encode() + b"\n")
