"""Puts the folder of a repository in its place and takes it away again, in step with its row.

The folder comes first and the row last; the row goes first and the folder last. Between the two a note says what is
being done, so that `unfinished_moves` can end what a crash cut off.
"""

import contextlib
import errno
import shutil
import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from matou.archive.layout import Archive
from matou.db.engine import OutcomeUnknown, UniqueViolation
from matou.db.repositories import RepositoryId
from matou.errors import NotFound
from matou.fs import NO_ROOM, DiskFull, WriteFailed, flocked, make_folders, sync_folder, write_atomically
from matou.git.repository import create_bare
from matou.model.decodable import decodable
from matou.model.names import RepositoryPath

STAGED_PREFIX = "repository-"
DELETED_PREFIX = "deleted-"
NOTE_PREFIX = "move-"
NOTE_FILE = "note.json"
A_MOMENT = timedelta(minutes=1)


class FolderGone(NotFound):
    """A repository's folder is not where its row said."""


class MoveUnfinished(WriteFailed):
    """A folder is not, or not for certain, where its row says; the note stays, so that `unfinished_moves` ends it."""


class DiskFullDuringMove(MoveUnfinished, DiskFull):
    """As MoveUnfinished, for want of room; the row was not changed, and what it says is done."""


class MoveNote(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one folder is being moved for.

    Attributes:
        inode: of the folder. Nothing else that may come to lie in those places is ours to touch.
        places: where it may be, relative to the archive.
        repository_id: whose it is; None where its row is yet to be written.
        path: where that row is to stand; None where the row is to go.
    """

    inode: int
    places: tuple[str, ...]
    repository_id: int | None
    path: str | None


@contextlib.contextmanager
def staged_repository(archive: Archive) -> Iterator[Path]:
    """An empty bare repository in the staging folder; gone at the end unless it was moved."""
    git_dir = archive.staging / f"{STAGED_PREFIX}{uuid.uuid4().hex}.git"
    git_dir.mkdir()
    with flocked(git_dir, waits=False):
        try:
            create_bare(git_dir)
            yield git_dir
        finally:
            shutil.rmtree(git_dir, ignore_errors=True)


def remove_abandoned(archive: Archive, now: datetime) -> None:
    """Remove what processes that died were making, or removing, in the staging folder."""
    for prefix in (STAGED_PREFIX, DELETED_PREFIX):
        for folder in archive.staging.glob(prefix + "*.git"):
            with contextlib.suppress(FileNotFoundError, BlockingIOError), flocked(folder, waits=False):
                # Whoever made it a moment ago may not hold it yet.
                if now.timestamp() - folder.stat().st_mtime > A_MOMENT.total_seconds():
                    shutil.rmtree(folder, ignore_errors=True)
    for folder in archive.staging.glob(NOTE_PREFIX + "*"):
        with contextlib.suppress(FileNotFoundError, BlockingIOError), flocked(folder, waits=False):
            # Its writer was killed before anything was moved.
            is_old = now.timestamp() - folder.stat().st_mtime > A_MOMENT.total_seconds()
            if is_old and not (folder / NOTE_FILE).exists():
                shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def moved(
    archive: Archive, origin: Path, path: RepositoryPath, repository_id: RepositoryId | None = None
) -> Iterator[None]:
    """Put a folder where `path` says for the block, which writes its row; if that fails it goes back.

    Args:
        origin: the folder; nothing happens to one that lies there already.
        repository_id: of the row that the block changes; None where it makes one.

    Raises:
        UniqueViolation: a folder that no row names is in the way: a backup that runs now, or a crash, left it.
        FolderGone: somebody else has moved it.
        MoveUnfinished, DiskFullDuringMove: the disk failed, or is full; the folder may be in either place.
    """
    folder = archive.repository(path)
    if folder == origin:
        yield
        return
    if not origin.exists():
        raise FolderGone("the folder {place} is not there", place=origin)
    make_folders(folder.parent, below=archive.root)
    with _noted(archive, origin, (origin, folder), repository_id, path):
        with _translate_disk_full(folder), _translate_disk_failure(folder):
            _move(origin, folder)
        try:
            yield
        except OutcomeUnknown:
            # The row may say either; `unfinished_moves` puts the folder where it does.
            raise
        except BaseException:
            with _translate_disk_full(origin), _translate_disk_failure(origin):
                _move(folder, origin)
            raise


@contextlib.contextmanager
def removed(archive: Archive, path: RepositoryPath, repository_id: RepositoryId) -> Iterator[None]:
    """Take a folder away after the block, which deletes its row; if that fails it stays.

    Raises:
        MoveUnfinished: the disk failed once the row was gone.
    """
    folder = archive.repository(path)
    trash = archive.staging / f"{DELETED_PREFIX}{uuid.uuid4().hex}.git"
    if not folder.exists():
        yield
        return
    with _noted(archive, folder, (folder, trash), repository_id, None):
        yield
        # Out of everybody's sight in one step: what comes to stand here next is another repository's.
        with _translate_disk_failure(folder), contextlib.suppress(FileNotFoundError):
            folder.rename(trash)
            sync_folder(folder.parent)
        shutil.rmtree(trash, ignore_errors=True)


def notes(archive: Archive) -> Iterator[tuple[Path, MoveNote]]:
    """The notes that nobody is at work on any more, each held for as long as the caller looks at it."""
    for folder in sorted(archive.staging.glob(NOTE_PREFIX + "*")):
        with contextlib.suppress(FileNotFoundError, BlockingIOError), flocked(folder, waits=False):
            yield folder, msgspec.json.decode((folder / NOTE_FILE).read_bytes(), type=decodable(MoveNote))


@contextlib.contextmanager
def _noted(
    archive: Archive,
    origin: Path,
    paths: tuple[Path, ...],
    repository_id: RepositoryId | None,
    path: RepositoryPath | None,
) -> Iterator[None]:
    note = MoveNote(
        inode=origin.stat().st_ino,
        places=tuple(str(place.relative_to(archive.root)) for place in paths),
        repository_id=repository_id,
        path=None if path is None else str(path),
    )
    # A folder, and not a file: files are swept out of the staging folder by whoever cleans it.
    folder = archive.staging / f"{NOTE_PREFIX}{uuid.uuid4().hex}"
    folder.mkdir()
    with flocked(folder, waits=False):
        try:
            write_atomically(folder / NOTE_FILE, msgspec.json.encode(note))
            sync_folder(archive.staging)
            yield
        except (OutcomeUnknown, MoveUnfinished):
            raise
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        shutil.rmtree(folder, ignore_errors=True)


def _move(origin: Path, target: Path) -> None:
    """Unlike a plain rename this one never replaces an empty folder."""
    if target.exists():
        raise _path_occupied(target)
    try:
        origin.rename(target)
    except OSError as error:
        # Somebody else's rename came between.
        if error.errno in (errno.ENOTEMPTY, errno.EEXIST):
            raise _path_occupied(target) from error
        raise
    sync_folder(target.parent)
    sync_folder(origin.parent)


@contextlib.contextmanager
def _translate_disk_failure(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, WriteFailed) as error:
        raise MoveUnfinished("the folder {place} could not be moved for certain", place=path) from error


@contextlib.contextmanager
def _translate_disk_full(path: Path) -> Iterator[None]:
    try:
        yield
    except MoveUnfinished as failure:
        cause = failure.__cause__
        if isinstance(cause, DiskFull) or (isinstance(cause, OSError) and cause.errno in NO_ROOM):
            raise DiskFullDuringMove("there is no room to move the folder {place}", place=path) from cause
        raise


def _path_occupied(path: Path) -> UniqueViolation:
    return UniqueViolation(
        "the folder {place} is there already", place=path, advice="`matou check` tells of folders without a row."
    )
