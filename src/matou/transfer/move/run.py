"""What all parts of one move into a bucket share."""

import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from matou.archive.bucket_packs import key_of_pack
from matou.archive.layout import Archive
from matou.concurrency import Batch, WorkerPool
from matou.db.archive_location import ArchiveLocation, find_location
from matou.db.bucket_repositories import BucketFile
from matou.db.engine import Connection, Database
from matou.errors import Conflict, MatouError, TryLater
from matou.fs import WriteFailed
from matou.storage.base import Store
from matou.transfer.move.finished_parts import FinishedParts
from matou.transfer.move.report import MoveProgress, MoveReport, MoveStage

Item = TypeVar("Item")


class MoveCancelled(Conflict):
    """Somebody has given the move up, or begun another one."""


@dataclass(frozen=True, slots=True)
class MoveOptions:
    """How an archive is moved. `jobs`: how many parts at a time."""

    jobs: int
    now: Callable[[], datetime]
    progress: MoveProgress

    def each(self, stage: MoveStage, items: Sequence[Item], do: Callable[[Item], object]) -> None:
        """Do something to each, side by side, and tell how far that is. Raises the first error that any of them met."""
        done, lock = 0, threading.Lock()

        def one(item: Item) -> None:
            nonlocal done
            do(item)
            with lock:
                done += 1
                self.progress(stage, done, len(items))

        self.progress(stage, 0, len(items))
        WorkerPool().run(Batch(self.jobs, one, items))


@dataclass(frozen=True, slots=True)
class MoveRun:
    """One move, which goes on from where an earlier one was cut off.

    Attributes:
        database: of whoever moves, whom nothing keeps from writing.
        location: the mark by which everybody else is kept from it.
        stored: what is in the bucket, with the bytes of each, as it was when this run began.
        finished: what was read again, by this run or by those before.
    """

    archive: Archive
    database: Database
    store: Store
    location: ArchiveLocation
    options: MoveOptions
    stored: Mapping[str, int]
    finished: FinishedParts
    report: MoveReport = field(default_factory=MoveReport)

    @property
    def root(self) -> Path:
        return self.archive.root

    def now(self) -> datetime:
        return self.options.now()

    def each(
        self, stage: MoveStage, items: Sequence[Item], name: Callable[[Item], str], do: Callable[[Item], object]
    ) -> None:
        """Do something to each, side by side; what is wrong with one of them is a problem, and stops no other.

        Raises:
            TryLater, Conflict, WriteFailed: what keeps one of them keeps all the others.
        """

        def one(item: Item) -> None:
            try:
                do(item)
            except (TryLater, Conflict, WriteFailed):
                raise
            except MatouError as error:
                self.report.add_problem(name(item), error)
            except OSError as error:
                self.report.add_problem(name(item), MatouError("{reason}", reason=error))

        self.options.each(stage, items, one)

    def require_ours(self, connection: Connection) -> None:
        """For the rest of the transaction the archive is being moved, by us. Raises MoveCancelled."""
        if find_location(connection) != self.location:
            raise MoveCancelled(
                "the move was given up meanwhile, or another one has begun", advice="Nothing was changed."
            )

    def is_stored(self, key: str, file: BucketFile) -> bool:
        return self.stored.get(key) == file.size_bytes

    def has_all(self, storage_key: str, files: Collection[BucketFile]) -> bool:
        """Whether they were there when this run began."""
        return all(self.is_stored(key_of_pack(storage_key, file), file) for file in files)
