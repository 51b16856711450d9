"""`matou archive move DIR NEWDIR`: an archive in a bucket becomes one in a folder, which plain git reads.

Everything is checked as it comes, by its size and SHA-256. Until the last step the archive is in the bucket; killed
anywhere, the next run goes on. The bucket is left as it is.
"""

import shutil
from contextlib import suppress
from datetime import UTC
from pathlib import Path
from typing import Final

import msgspec

from matou.archive import notice_state, schedule_state
from matou.archive.attachment import identity_of_bucket
from matou.archive.blobs import BlobStore, UnexpectedDigest, is_blob_key
from matou.archive.bucket_contents import BucketContents, require_inside
from matou.archive.bucket_folders import fetch_lacking, no_longer_there
from matou.archive.cached_blobs import PREFIX, DamagedInBucket
from matou.archive.layout import FIRST_AID_FILE, IDENTITY_FILE, Archive, FolderInUse, identity_in_folder
from matou.archive.lock import lock_archive
from matou.archive.privacy import SERVERS_FOLDER
from matou.archive.readme_text import FIRST_AID
from matou.archive.repository_cache import publish_state
from matou.db import bucket_folders
from matou.db.archive_location import ArchiveLocation, LocationState, find_location, forget_location, set_location
from matou.db.bucket_folders import BucketFolder
from matou.db.bucket_repositories import read_state
from matou.db.engine import Database
from matou.db.snapshot import snapshot_sqlite
from matou.errors import NotFound
from matou.fs import make_folders, sync_folder, syncfs, write_atomically
from matou.git.repository import create_bare
from matou.storage.files import FileStore
from matou.transfer.backup.mirror_saver import MARK
from matou.transfer.move.into_bucket import MOVING, AlreadyMoved
from matou.transfer.move.report import MoveReport, MoveStage
from matou.transfer.move.run import MoveOptions

_OF_THE_MACHINE: Final = (notice_state.STATE_FILE, schedule_state.STATE_FILE)


def move_into_folder(
    archive: Archive, contents: BucketContents, target: Path, options: MoveOptions, *, own_database: Path | None
) -> MoveReport:
    """Move, or go on.

    Args:
        archive: the folder of a machine, whose `contents` and bucket are open.
        contents: with the archive's database, opened without regard to moves.
        target: a folder that is not there, is empty, or holds what an earlier run has brought.
        own_database: the file of the database where it is in the machine's folder: then it goes along.

    Raises:
        ArchiveBusy: another move is at work on this machine.
        AlreadyMoved: it is somewhere else, or on its way there.
        FolderInUse: the folder holds something else.
        DamagedInBucket: the bucket has lost something, or it is not what was put there; nothing was switched.
    """
    database = contents.database
    with lock_archive(archive.root, now=options.now()):
        _reserve(archive, target)
        if _marked(database, str(target), options) is LocationState.FOLDER:
            return MoveReport(was_moved=True)
        identity = identity_of_bucket(contents.store, archive.identity.id)
        report = _ToFolder(archive, contents, target, options).brought()
        _publish(archive, target, identity, own_database)
        with database.begin_write() as connection:
            now = options.now().astimezone(UTC)
            set_location(connection, ArchiveLocation(LocationState.FOLDER, str(target), now))
        (target / MOVING).unlink(missing_ok=True)
        return report


def _reserve(archive: Archive, target: Path) -> None:
    """Raises FolderInUse."""
    target.mkdir(parents=True, exist_ok=True)
    mark = msgspec.json.encode({"archive": archive.identity.id})
    with suppress(FileNotFoundError):
        if (target / MOVING).read_bytes() == mark:
            return
    with suppress(NotFound):
        if Archive.open(target).identity.id == archive.identity.id:
            return
    used = next((path.name for path in target.iterdir() if not path.name.endswith(".partial")), None)
    if used is not None:
        raise FolderInUse("{root} holds {name} already", root=target, name=repr(used))
    write_atomically(target / MOVING, mark)


def _marked(database: Database, target: str, options: MoveOptions) -> LocationState:
    """From here on nobody writes to the bucket's archive. Raises AlreadyMoved."""
    with database.begin_write() as connection:
        present = find_location(connection)
        if present is not None and present.state is not LocationState.BUCKET:
            if present.target != target:
                raise AlreadyMoved(
                    "the archive is in {target}, or on its way there",
                    target=present.target,
                    advice="Name that to go on, or give it up: matou archive move DIR --cancel",
                )
            return present.state
        begun = ArchiveLocation(LocationState.TO_FOLDER, target, options.now().astimezone(UTC))
        set_location(connection, begun)
        return begun.state


class _ToFolder:
    """All that the bucket holds, on its way."""

    def __init__(self, archive: Archive, contents: BucketContents, target: Path, options: MoveOptions) -> None:
        self._archive = archive
        self._contents = contents
        self._target = target
        self._options = options
        self._blobs = BlobStore(FileStore(target / "blobs/objects", staging=target / "staging"))
        self._report = MoveReport()

    def brought(self) -> MoveReport:
        for name in ("repositories", "blobs/objects", "runs", "staging"):
            make_folders(self._target / name, below=self._target)
        with self._contents.database.begin_read() as connection:
            folders = bucket_folders.list_all_folders(connection)
        self._options.each(MoveStage.REPOSITORIES, folders, self._bring_repository)
        listed = self._contents.store.sizes(PREFIX)
        blobs = tuple((key, size) for key, size in listed if is_blob_key(key.removeprefix(PREFIX)))
        self._options.each(MoveStage.BLOBS, blobs, self._bring_blob)
        in_target = BucketContents(self._contents.database, self._contents.store, self._contents.cache, self._target)
        in_target.bring_files(with_records=True)
        self._report.note(files=len(in_target.files()))
        syncfs(self._target)
        return self._report

    def _bring_repository(self, folder: BucketFolder) -> None:
        with self._contents.database.begin_read() as connection:
            state = read_state(connection, folder.storage_key)
        if state is None:
            raise no_longer_there()
        git_dir = self._target / require_inside(folder.path)
        make_folders(git_dir.parent, below=self._target, durably=False)
        create_bare(git_dir, object_format=state.object_format)
        fetch_lacking(self._contents.store, folder.storage_key, state.files, git_dir)
        publish_state(git_dir, state)
        if folder.is_mirror:
            (git_dir / MARK).touch()
        self._report.note(repositories=1)

    def _bring_blob(self, listed: tuple[str, int]) -> None:
        key, size = listed
        digest = key.rpartition("/")[2]
        if not self._blobs.has(digest) or self._blobs.size(digest) != size:
            try:
                with self._contents.store.open(key) as source:
                    self._blobs.put_stream(source, expected=digest)
            except UnexpectedDigest as error:
                raise DamagedInBucket("{key} in the bucket has another digest than its name says", key=key) from error
        self._report.note(blobs=1, written_bytes=size)


def _publish(archive: Archive, target: Path, identity: bytes, own_database: Path | None) -> None:
    """The folder becomes an archive, with its database before that."""
    for name in _OF_THE_MACHINE:
        if (archive.root / name).is_file():
            write_atomically(target / name, (archive.root / name).read_bytes())
    if (archive.root / SERVERS_FOLDER).is_dir():
        shutil.copytree(archive.root / SERVERS_FOLDER, target / SERVERS_FOLDER, dirs_exist_ok=True)
    if own_database is not None:
        _take_along(own_database, target)
    write_atomically(target / FIRST_AID_FILE, FIRST_AID.encode())
    syncfs(target)
    write_atomically(target / IDENTITY_FILE, identity_in_folder(identity))


def _take_along(database: Path, target: Path) -> None:
    partial = target / "matou.db.partial"
    partial.unlink(missing_ok=True)
    snapshot_sqlite(database, partial)
    forget_location(partial)
    partial.replace(target / "matou.db")
    sync_folder(target)
