"""What an archive in a bucket holds besides what people push: mirrors, metadata repositories, runs, and other files.

Each is known by the path that it has in an archive that is a folder. A key never comes to mean other bytes.
"""

import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from matou.archive.bucket_folders import bring
from matou.archive.cached_blobs import DamagedInBucket
from matou.archive.repository_cache import RepositoryCache
from matou.db import bucket_folders as rows
from matou.db.bucket_folders import ArchiveFile, BucketFolder
from matou.db.bucket_repositories import bytes_by_storage_key, read_state
from matou.db.engine import Database
from matou.errors import Damaged, NotFound
from matou.fs import make_folders, sync_folder, translate_os_errors
from matou.storage.base import Store
from matou.storage.files import chunks_of

RUNS: Final = "runs/"
FILES: Final = "files/"

_RECORDS: Final = "/records.jsonl.zst"


@dataclass(frozen=True, slots=True)
class FolderSummary:
    """What is known of a bare repository without having it. `head`: the content of its file HEAD."""

    head: bytes
    size_bytes: int


@dataclass(frozen=True)
class BucketContents:
    """The contents as one machine has them.

    Attributes:
        root: the folder of the archive on this machine.
    """

    database: Database
    store: Store
    cache: RepositoryCache
    root: Path

    def git_dir(self, path: str) -> Path | None:
        """The folder of a bare repository, whole and here; None where there is no such path.

        Args:
            path: such as `metadata/team/project.git`.

        Raises what `archive.bucket_folders.bring` raises.
        """
        with self.database.begin_read() as connection:
            folder = rows.find_folder(connection, path)
        if folder is None:
            return None
        generation = self.cache.generation(folder.storage_key)
        if generation is None or generation < folder.generation:
            bring(self.database, self.store, self.cache, folder.storage_key, wanted=folder.generation)
        else:
            self.cache.note_use(folder.storage_key)
        return self.cache.git_dir(folder.storage_key)

    def describe(self, path: str) -> FolderSummary | None:
        """Nothing is fetched. None where there is no such path."""
        with self.database.begin_read() as connection:
            folder = rows.find_folder(connection, path)
        if folder is None:
            return None
        with self.database.begin_read() as connection:
            state = read_state(connection, folder.storage_key)
        if state is None:
            return None
        return FolderSummary(state.head, sum(file.size_bytes for file in state.files))

    def folders(self, prefix: str) -> tuple[BucketFolder, ...]:
        with self.database.begin_read() as connection:
            return tuple(rows.list_folders(connection, prefix))

    def all_folders(self) -> tuple[BucketFolder, ...]:
        """Of repositories that people made, too."""
        with self.database.begin_read() as connection:
            return rows.list_all_folders(connection)

    @contextmanager
    def in_use(self, folder: BucketFolder) -> Iterator[Path]:
        """Where it is, whole and here; nothing of it is taken away for as long as this lasts."""
        bring(self.database, self.store, self.cache, folder.storage_key, wanted=folder.generation)
        with self.cache.in_use(folder.storage_key):
            yield self.cache.git_dir(folder.storage_key)

    def sizes(self, root: str) -> dict[str, int]:
        """The bytes of every bare repository below `repositories` or `metadata`, by its path there without `.git`."""
        with self.database.begin_read() as connection:
            bytes_of = bytes_by_storage_key(connection)
            folders = rows.list_all_folders(connection)
        prefix = f"{root}/"
        return {
            folder.path.removeprefix(prefix).removesuffix(".git"): bytes_of.get(folder.storage_key, 0)
            for folder in folders
            if folder.path.startswith(prefix)
        }

    def files(self) -> tuple[ArchiveFile, ...]:
        """Raises Damaged where a row names no path inside an archive."""
        with self.database.begin_read() as connection:
            files = rows.list_archive_files(connection)
        for file in files:
            require_inside(file.path)
        return files

    def bring_files(self, *, with_records: bool = False) -> None:
        """Let the archive's folder here have the files of runs and the like; what platforms answered only if asked for.

        Raises:
            DamagedInBucket: the bucket has lost one, or it is not what was put there. Nothing of it was used.
        """
        for file in self.files():
            if (with_records or not file.path.endswith(_RECORDS)) and not self._has(file):
                self._bring(file)

    def bring_file(self, path: str) -> None:
        """One of them; nothing where there is none of that path."""
        for file in self.files():
            if file.path == path and not self._has(file):
                self._bring(file)

    def _has(self, file: ArchiveFile) -> bool:
        with suppress(FileNotFoundError, NotADirectoryError):
            return (self.root / file.path).stat().st_size == file.size_bytes
        return False

    def _bring(self, file: ArchiveFile) -> None:
        target = self.root / file.path
        make_folders(target.parent, below=self.root)
        partial = target.with_name(f".{target.name}.{os.getpid()}.partial")
        with translate_os_errors(target):
            try:
                with partial.open("wb") as written:
                    require_stored(self.store, key_of_file(file), file.size_bytes, file.sha256, sink=written.write)
                    written.flush()
                    os.fsync(written.fileno())
                partial.replace(target)
            finally:
                partial.unlink(missing_ok=True)
        sync_folder(target.parent)


def require_inside(path: str) -> str:
    """The path, where it leads nowhere out of an archive's folder. Raises Damaged."""
    parts = path.split("/")
    if not path.isprintable() or "\\" in path or any(part in ("", ".", "..") for part in parts):
        raise Damaged("{path} is the path of nothing in an archive", path=repr(path)[:300])
    return path


def key_of_file(file: ArchiveFile) -> str:
    """What the file is called in the bucket: a run's is never another one; any other has its digest for a name."""
    return file.path if file.path.startswith(RUNS) else f"{FILES}{file.sha256}"


def require_stored(
    store: Store, key: str, size_bytes: int, sha256: str, *, sink: Callable[[bytes], object] = lambda _: None
) -> None:
    """Read an object to its end, and see that it is what was put there.

    Args:
        sink: given its bytes as they come, before anything is known of them.

    Raises:
        DamagedInBucket: it is not, or it is gone.
    """
    hashed, found = hashlib.sha256(), 0
    try:
        with store.open(key) as source:
            for chunk in _at_most(source, size_bytes):
                hashed.update(chunk)
                found += len(chunk)
                sink(chunk)
    except NotFound as error:
        raise DamagedInBucket("{key} is not in the bucket any more", key=key) from error
    if (found, hashed.hexdigest()) != (size_bytes, sha256):
        raise DamagedInBucket(
            "{key} in the bucket is not what was put there: {size} bytes of {expected}",
            key=key,
            size=found,
            expected=size_bytes,
            advice="Nothing of it was used. A server that has it whole goes on serving it; put it back from a copy.",
        )


def _at_most(source: BinaryIO, size_bytes: int) -> Iterator[bytes]:
    """Until more has come than there is to be: an object without an end fills no disk."""
    left = size_bytes
    for chunk in chunks_of(source):
        yield chunk
        left -= len(chunk)
        if left < 0:
            return
