"""Ends what a crash cut off between the folder of a repository and its row. The row is right, whichever it is."""

import shutil
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import structlog

from matou.archive.layout import Archive
from matou.db import repositories
from matou.db.engine import DatabaseBusy, OutcomeUnknown
from matou.db.repositories import Repository, RepositoryId
from matou.forge.forge import Forge
from matou.forge.repositories.repository_dirs import DELETED_PREFIX, MoveNote, MoveUnfinished, notes, remove_abandoned
from matou.fs import WriteFailed, make_folders, sync_folder
from matou.model.names import RepositoryPath

log = structlog.get_logger()

_PAUSES_SECONDS = (0.0, 0.5, 1.0, 2.0, 4.0)
"""About what a database server takes to start again."""


@contextmanager
def recover_moves_on_error(forge: Forge) -> Iterator[None]:
    """Where nobody knows whether the block's row was written, or its folder moved, do as the database says.

    If it, or the disk, does not answer for long, the note of the move stays for the next start. Raises OutcomeUnknown
    or MoveUnfinished in any case.
    """
    try:
        yield
    except (OutcomeUnknown, MoveUnfinished):
        if not any(_finished_after(forge, pause) for pause in _PAUSES_SECONDS):
            log.warning("unfinished_move_left", advice="it ends when a server is started")
        raise


def _finished_after(forge: Forge, pause: float) -> bool:
    time.sleep(pause)
    try:
        finish_moves(forge)
    except (DatabaseBusy, OSError, WriteFailed) as error:
        log.warning("unfinished_move_tried", error=str(error))
        return False
    return True


def finish_moves(forge: Forge) -> int:
    """Put each folder where its row says, remove those whose row was never written or is gone; say how many there were.

    Only what a note of a process that died tells of is touched, and of that only the very folder that it moved; and
    what such a process was making in the staging folder.
    """
    count = 0
    for folder, note in notes(forge.archive):
        if _is_finished(forge, note):
            shutil.rmtree(folder)
            count += 1
    remove_abandoned(forge.archive, forge.now())
    return count


def _is_finished(forge: Forge, note: MoveNote) -> bool:
    root = forge.archive.root
    folder = next((root / folder for folder in note.places if _inode(root / folder) == note.inode), None)
    row = None if folder is None else _row(forge, note)
    target = None if row is None else forge.git_dir(row)
    if folder is None or folder == target:
        return True
    if target is not None and not target.exists():
        _put(folder, target, root)
    elif note.repository_id is not None and target is not None:
        # Somebody's folder is in the way of what a row names: not for us to choose, `check` tells of both.
        log.warning(
            "unfinished_move_blocked", place=str(folder.relative_to(root)), wanted=str(target.relative_to(root))
        )
        return False
    else:
        _remove(forge.archive, folder)
    log.warning("unfinished_move_ended", place=str(folder.relative_to(root)), kept=target is not None)
    return True


def _put(source: Path, target: Path, root: Path) -> None:
    make_folders(target.parent, below=root)
    source.rename(target)
    sync_folder(target.parent)
    sync_folder(source.parent)


def _row(forge: Forge, note: MoveNote) -> Repository | None:
    with forge.database.begin_read() as connection:
        if note.repository_id is not None:
            # Locked, so that one that is only now being committed is waited for.
            return repositories.lock_repository(connection, RepositoryId(note.repository_id))
        return repositories.find_repository_at(connection, RepositoryPath.parse(str(note.path)))


def _inode(path: Path) -> int | None:
    try:
        return path.lstat().st_ino
    except (FileNotFoundError, NotADirectoryError):
        return None


def _remove(archive: Archive, path: Path) -> None:
    trash = archive.staging / f"{DELETED_PREFIX}{uuid.uuid4().hex}.git"
    path.rename(trash)
    sync_folder(path.parent)
    shutil.rmtree(trash)
