"""New mirrors on their way from the staging folder to their places: whole and durable first, then seen."""

import os
import shutil
import threading
import weakref
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from matou.archive.layout import Archive
from matou.fs import make_folders, syncfs, syncfs_reports_errors, translate_os_errors

STAGED_PREFIX: Final = "mirror-"
MOST_WAITING: Final = 32
MOST_WAITING_BYTES: Final = 16 * 1024 * 1024
"""A run that is killed has fetched what waits in vain."""


@dataclass(frozen=True, slots=True)
class StagedMirror:
    """A mirror that is whole and that nobody sees yet.

    Attributes:
        staged: where it is.
        git_dir: where it belongs.
        corrupt_dir: what stood there, and goes once this has come.
    """

    staged: Path
    git_dir: Path
    size_bytes: int
    corrupt_dir: Path | None


@dataclass
class MirrorPublisher:
    """Moves mirrors, and metadata repositories, to their places. May be used by several threads.

    One sync of the file system stands for those of all their files. It is made after the first mirror, after two more,
    after four more, and so on up to MOST_WAITING: so a run that is killed early has not worked in vain either.

    Attributes:
        before: makes durable what those that come to their places follow from.
    """

    archive: Archive
    before: Callable[[], None] = lambda: None
    _most_waiting: int = 1
    _waiting: list[StagedMirror] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _publishing: threading.Lock = field(default_factory=threading.Lock)
    _descriptor: int = field(init=False)

    def __post_init__(self) -> None:
        self._descriptor = os.open(self.archive.staging, os.O_RDONLY | os.O_CLOEXEC)
        weakref.finalize(self, os.close, self._descriptor)

    @property
    def syncs(self) -> bool:
        """Whether a mirror may come without its files being synced."""
        return syncfs_reports_errors()

    def publish_soon(self, staged_mirror: StagedMirror) -> None:
        """Put a mirror into its place, now or with others that follow.

        Raises:
            WriteFailed: one of those that wait could not be put there.
        """
        with self._lock:
            self._waiting.append(staged_mirror)
            size_bytes = sum(one.size_bytes for one in self._waiting)
            is_full = len(self._waiting) >= self._most_waiting or size_bytes >= MOST_WAITING_BYTES
        if is_full or not self.syncs:
            self.publish_all()

    def publish_all(self) -> None:
        """Put all that wait into their places; those that another thread is at are there too, then.

        Raises:
            WriteFailed: one of them could not be put there.
        """
        with self._publishing:
            self._publish(self._taken())

    def _taken(self) -> list[StagedMirror]:
        with self._lock:
            batch, self._waiting = self._waiting, []
            self._most_waiting = min(MOST_WAITING, 2 * self._most_waiting)
        return batch

    def _publish(self, batch: list[StagedMirror]) -> None:
        if batch:
            self.before()
        if batch and self.syncs:
            syncfs(self.archive.staging, descriptor=self._descriptor)
        for staged_mirror in batch:
            make_folders(staged_mirror.git_dir.parent, below=self.archive.root, durably=False)
            with translate_os_errors(staged_mirror.git_dir):
                staged_mirror.staged.rename(staged_mirror.git_dir)
            if staged_mirror.corrupt_dir is not None:
                shutil.rmtree(staged_mirror.corrupt_dir, ignore_errors=True)


def clear_staging(archive: Archive) -> None:
    """Remove mirrors and blobs that were being made. The caller holds the archive's lock."""
    with translate_os_errors(archive.staging):
        for path in archive.staging.glob(f"{STAGED_PREFIX}*"):
            shutil.rmtree(path)
        archive.files.clear_staging()
