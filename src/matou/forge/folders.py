"""Puts the folder of a repository in its place and takes it away again, in step with its row.

The folder comes first and the row last; the row goes first and the folder last. A crash leaves at worst a folder
without a row, which `check` finds.
"""

import contextlib
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

from matou.archive.layout import Archive
from matou.db.engine import AlreadyThere
from matou.git.repository import create_bare
from matou.model.names import RepositoryPath
from matou.storage.files import make_folders, sync_folder


@contextlib.contextmanager
def staged_repository(archive: Archive) -> Iterator[Path]:
    """An empty bare repository in the staging folder; gone at the end unless it was moved."""
    git_dir = archive.staging / f"repository-{uuid.uuid4().hex}.git"
    create_bare(git_dir)
    try:
        yield git_dir
    finally:
        shutil.rmtree(git_dir, ignore_errors=True)


@contextlib.contextmanager
def moved(archive: Archive, origin: Path, path: RepositoryPath) -> Iterator[None]:
    """Put a folder where `path` says for the block, which writes its row; if that fails it goes back.

    Raises:
        AlreadyThere: a folder that no row names is in the way: a backup that runs now, or a crash, left it.
    """
    place = archive.repository(path)
    make_folders(place.parent, below=archive.root)
    _move(origin, place)
    try:
        yield
    except BaseException:
        _move(place, origin)
        raise


def _move(origin: Path, place: Path) -> None:
    """Unlike a plain rename this one never replaces an empty folder."""
    if place.exists():
        raise AlreadyThere(
            "the folder {place} is there already", place=place, advice="`matou check` tells of folders without a row."
        )
    origin.rename(place)
    sync_folder(place.parent)
    sync_folder(origin.parent)


def remove_repository_folder(archive: Archive, path: RepositoryPath) -> None:
    """Take it out of everybody's sight in one step, then delete it. Nothing where there is none."""
    place = archive.repository(path)
    trash = archive.staging / f"deleted-{uuid.uuid4().hex}.git"
    try:
        place.rename(trash)
    except FileNotFoundError:
        return
    sync_folder(place.parent)
    shutil.rmtree(trash, ignore_errors=True)
