"""Bare repositories on this machine that follow those in a bucket: each is whole at the generation that it names.

A folder's refs are all in packed-refs, which one rename replaces, and its packs are there before. The file that names
the generation is written last and synced, as all that came before it was: what it says holds after a power cut too.
"""

import os
import shutil
import time
import uuid
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from matou.db.bucket_repositories import BucketRef, BucketState
from matou.errors import TryLater
from matou.fs import flocked, sync_folder, write_atomically
from matou.git.lock_files import LockFile, publish_file
from matou.git.refs.packed_refs import HEADER, entry_of
from matou.git.repository import SHALLOW_FILE, create_bare
from matou.model.names import ObjectId

GENERATION_FILE: Final = "matou-generation"
LONGEST_WAIT: Final = timedelta(seconds=60)
UNUSED_AFTER: Final = timedelta(hours=1)
"""Longer than an answer takes to be made. Who takes longer holds the folder: see `in_use`."""

_POLL_SECONDS: Final = 0.02


Stamp = tuple[int, int]
"""Of the file that names a generation: another one where somebody has written it since, or taken it away."""


class StillFetching(TryLater):
    """The repository is being brought from the bucket, and that takes long; it goes on."""


class RepositoryCache:
    """The folders of one machine; for all its threads and processes.

    Args:
        root: where they lie; made when first needed.
        blobs: where the archive's blobs lie that this machine has; they count among what it keeps. None where all stay.
        staging: a folder on the same file system, from which what is thrown away is removed.
    """

    def __init__(self, root: Path, *, blobs: Path | None, staging: Path, now: Callable[[], datetime]) -> None:
        self.root = root
        self._blobs = blobs
        self._now = now
        self._staging = staging

    def git_dir(self, storage_key: str) -> Path:
        """Where it is or would be."""
        return self.root / storage_key[:2] / f"{storage_key}.git"

    def generation(self, storage_key: str) -> int | None:
        """At which the folder is; None where it is not there, or not whole."""
        with suppress(FileNotFoundError, NotADirectoryError, ValueError):
            return int((self.git_dir(storage_key) / GENERATION_FILE).read_bytes())
        return None

    def stamp_of(self, storage_key: str) -> Stamp | None:
        """None where the folder is not there, or not whole."""
        return read_stamp(f"{self.git_dir(storage_key)}/{GENERATION_FILE}")

    @contextmanager
    def changing(self, storage_key: str) -> Iterator[None]:
        """Alone, of all who would change the folder. Raises StillFetching where others take too long."""
        lock = self._lock(storage_key)
        lock.parent.mkdir(parents=True, exist_ok=True)
        with ExitStack() as held:
            _take(held, lock)
            os.utime(lock)
            yield

    def note_use(self, storage_key: str) -> None:
        """For the next hour it is not taken away."""
        with suppress(FileNotFoundError):
            os.utime(self._lock(storage_key))

    @contextmanager
    def in_use(self, storage_key: str) -> Iterator[None]:
        """Whatever is in the folder stays, for as long as this lasts."""
        with flocked(self.git_dir(storage_key), shared=True):
            yield

    def begin(self, storage_key: str, *, object_format: str) -> Path:
        """An empty one where there is none."""
        git_dir = self.git_dir(storage_key)
        if not (git_dir / "HEAD").exists():
            create_bare(git_dir, object_format=object_format)
        return git_dir

    def publish(self, storage_key: str, state: BucketState) -> None:
        """Let its refs be those of a state whose packs are there."""
        git_dir = self.git_dir(storage_key)
        publish_state(git_dir, state)
        self.stamp(storage_key, state.generation)
        self._drop_packs_but(git_dir, {file.name for file in state.files})

    def publish_head(self, storage_key: str, head: bytes) -> None:
        _publish_if_other(self.git_dir(storage_key) / "HEAD", head)

    def stamp(self, storage_key: str, generation: int) -> None:
        """Say, for good, that it is whole at this generation."""
        git_dir = self.git_dir(storage_key)
        sync_folder(git_dir)
        write_atomically(git_dir / GENERATION_FILE, b"%d\n" % generation)

    def doubt(self, storage_key: str) -> None:
        """Whoever asks next has all of it looked at again."""
        (self.git_dir(storage_key) / GENERATION_FILE).unlink(missing_ok=True)

    def adopt(self, storage_key: str, git_dir: Path, state: BucketState) -> None:
        """Make a folder that has all that the state names, and more perhaps, the one of this key."""
        target = self.git_dir(storage_key)
        with self.changing(storage_key):
            os.rename(git_dir, target)  # noqa: PTH104 - as `git_dir` is ours no longer
            self.publish(storage_key, state)

    def shrink(self, most_bytes: int) -> int:
        """Take away what was not used for the longest time until the rest is no larger; say how many bytes that freed.

        What is in use stays, and what was used within the last hour, even where that is more.
        """
        oldest = (self._now() - UNUSED_AFTER).timestamp()
        found = sorted(self._found())
        total, freed = sum(size for _, size, _ in found), 0
        for used_at, size, path in found:
            if total - freed <= most_bytes or used_at > oldest:
                break
            if self._removed(path, oldest):
                freed += size
        return freed

    def _found(self) -> Iterator[tuple[float, int, Path]]:
        """Of each: when it was used last, its bytes, and where it is; of a repository that is its lock."""
        for blob in self._blobs.glob("??/??/*") if self._blobs is not None else ():
            with suppress(FileNotFoundError):
                status = blob.stat()
                yield status.st_mtime, status.st_size, blob
        for lock in self.root.glob("??/*.lock"):
            git_dir = lock.with_suffix(".git")
            if git_dir.is_dir():
                with suppress(FileNotFoundError):
                    yield lock.stat().st_mtime, _size_of_packs(git_dir), lock

    def _removed(self, path: Path, oldest: float) -> bool:
        if path.suffix == ".lock":
            return self._removed_repository(path, oldest)
        path.unlink(missing_ok=True)
        return True

    def _removed_repository(self, lock: Path, oldest: float) -> bool:
        git_dir = lock.with_suffix(".git")
        trash = self._staging / f"deleted-{uuid.uuid4().hex}.git"
        with suppress(BlockingIOError, FileNotFoundError), flocked(lock, waits=False), flocked(git_dir, waits=False):
            generation = self.generation(lock.stem)
            (git_dir / GENERATION_FILE).unlink(missing_ok=True)
            # Who begins to use it says so first and looks for that file then: one of the two sees the other.
            if lock.stat().st_mtime > oldest:
                if generation is not None:
                    self.stamp(lock.stem, generation)
                return False
            git_dir.rename(trash)
            shutil.rmtree(trash, ignore_errors=True)
            return True
        return False

    def _lock(self, storage_key: str) -> Path:
        return self.git_dir(storage_key).with_suffix(".lock")

    def _drop_packs_but(self, git_dir: Path, names: Collection[str]) -> None:
        """Packs that the repository needs no more, where nobody reads them; else the next time."""
        folder, oldest = git_dir / "objects/pack", (self._now() - UNUSED_AFTER).timestamp()
        unlisted = [path for path in folder.glob("pack-*") if path.name not in names]
        old = [path for path in unlisted if path.stat().st_mtime < oldest]
        if not old:
            return
        with suppress(BlockingIOError), flocked(git_dir, waits=False):
            # A pack is there for others for as long as its index is.
            for path in sorted(old, key=lambda path: path.suffix != ".idx"):
                path.unlink(missing_ok=True)


def read_stamp(path: str) -> Stamp | None:
    """A Path for each request would cost as much as the look."""
    with suppress(FileNotFoundError, NotADirectoryError):
        status = os.stat(path)  # noqa: PTH116
        return status.st_ino, status.st_mtime_ns
    return None


def _take(held: ExitStack, lock: Path) -> None:
    deadline = time.monotonic() + LONGEST_WAIT.total_seconds()
    while True:
        try:
            held.enter_context(flocked(lock, waits=False, creates=True))
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise StillFetching("it is still being fetched from the bucket", wait=timedelta(seconds=10)) from None
        else:
            return
        time.sleep(_POLL_SECONDS)


def publish_state(git_dir: Path, state: BucketState) -> None:
    """Let a repository's refs, its HEAD, and where its history ends be those of a state whose packs are there."""
    if state.shallow:
        _publish_if_other(git_dir / SHALLOW_FILE, state.shallow)
    else:
        (git_dir / SHALLOW_FILE).unlink(missing_ok=True)
    with LockFile(git_dir / "packed-refs") as file:
        file.publish(packed_refs_of(state.refs))
    _publish_if_other(git_dir / "HEAD", state.head)


def _publish_if_other(path: Path, content: bytes) -> None:
    if not path.exists() or path.read_bytes() != content:
        publish_file(path, content)


def packed_refs_of(refs: Sequence[BucketRef]) -> bytes:
    ordered = sorted(refs, key=lambda ref: ref.name)
    return HEADER + b"".join(
        entry_of(ref.name, ObjectId(ref.target), None if ref.peeled is None else ObjectId(ref.peeled))
        for ref in ordered
    )


def _size_of_packs(git_dir: Path) -> int:
    return sum(path.stat().st_size for path in (git_dir / "objects/pack").iterdir())
