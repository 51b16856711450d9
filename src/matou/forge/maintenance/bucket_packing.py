"""Packs of repositories in a bucket made fewer, and what no repository needs any more taken out of the bucket.

A new pack is in the bucket before the list changes, in one transaction; what it replaces is deleted a day later. Until
then a server that has not looked yet finds what it knows of.
"""

import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import structlog

from matou.archive.bucket_packs import key_of_pack, pack_files
from matou.db import bucket_repositories as rows
from matou.db import repositories
from matou.db.bucket_repositories import BucketFile
from matou.db.engine import Connection
from matou.db.repositories import Repository
from matou.errors import Damaged, NotFound
from matou.forge.forge import Forge
from matou.forge.maintenance.upkeep import enqueue_if_possible, enqueue_now_and_then
from matou.forge.repositories.bucket_repositories import BucketRepositories, MovedElsewhere
from matou.git.odb.incoming_pack import IncomingPack
from matou.git.odb.packs import PackIndex, ids_not_in
from matou.git.operations.pack_merging import has_many_packs, object_count, small_packs
from matou.git.process.run import run_git
from matou.git.process.sandbox import Limits
from matou.model.jobs import JobPriority, NewJob, TaskName
from matou.model.names import ObjectId

DELETED_AFTER: Final = timedelta(days=1)
SWEPT_EVERY: Final = timedelta(hours=1)

_LIMITS: Final = Limits(memory_bytes=4 * 1024**3, cpu=timedelta(hours=2), wall=timedelta(hours=4))
_SETTINGS: Final = (("pack.writeReverseIndex", "true"),)

log = structlog.get_logger()


class RecentSweep:
    """When this process had the bucket swept last."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._swept_at: datetime | None = None

    def is_due(self, now: datetime) -> bool:
        """Whether that was long ago; who is told so has it done."""
        with self._lock:
            is_due = self._swept_at is None or now - self._swept_at > SWEPT_EVERY
            self._swept_at = now if is_due else self._swept_at
        return is_due


def tidy_bucket(forge: Forge, bucket: BucketRepositories, repository: Repository) -> None:
    """After a write: have done whatever is due, by this machine or another."""
    if forge.memory(RecentSweep).is_due(forge.now()):
        name = TaskName.SWEEP_BUCKET.value
        enqueue_if_possible(forge, NewJob(name, lock=name, key=name, priority=JobPriority.NIGHTLY))
    if has_many_packs(bucket.folder(repository)):
        enqueue_now_and_then(forge, TaskName.MERGE_BUCKET_PACKS, repository)


def sweep(bucket: BucketRepositories, *, check: Callable[[], None] = lambda: None) -> int:
    """Delete what nobody has needed for a day; say how many files that were. What a kill leaves the next one ends.

    Two may be at it: no key is used twice, so whoever comes late deletes what is gone.

    Args:
        check: raises what ends it, in between.
    """
    now = bucket.now()
    with bucket.database.begin_write() as connection:
        rows.retire_files_of_deleted(connection, now)
        unneeded = rows.begin_deletion(connection, now - DELETED_AFTER, now)
    for storage_key, file in unneeded:
        check()
        with suppress(NotFound):
            bucket.store.delete(key_of_pack(storage_key, file))
        with bucket.database.begin_write() as connection:
            rows.forget_file(connection, storage_key, file)
    return len(unneeded)


def repack(
    bucket: BucketRepositories,
    repository: Repository,
    *,
    publishing: Callable[[], AbstractContextManager[Connection]] | None = None,
) -> bool:
    """Make one pack of the small ones; say whether there was anything to do.

    Args:
        publishing: the transaction in which the list changes, which a job has while it is surely its worker's.

    Raises:
        MovedElsewhere: another server has done so meanwhile.
        LeaseLost: as `publishing` does; nothing was changed.
    """
    with bucket.database.begin_read() as connection:
        row = repositories.find_repository_by_id(connection, repository.id)
    if row is None:
        return False
    git_dir, key = bucket.git_dir(row), bucket.key_of(row)
    with bucket.database.begin_read() as connection:
        state = rows.read_state(connection, key)
    listed = () if state is None else state.files
    with bucket.in_use(row), IncomingPack(git_dir) as quarantine:
        small = _small(git_dir, listed)
        if len(small) < 2:
            return False
        files = bucket.upload(key, _packed_together(git_dir, quarantine.folder, small))
        stems = {pack.stem for pack in small}
        old = [file for file in listed if Path(file.name).stem in stems]
        with (publishing or bucket.database.begin_write)() as connection:
            _swap(connection, bucket, row, old, files)
    log.info("bucket_repacked", repository=str(row.path), packs=len(small))
    return True


def _small(git_dir: Path, files: Sequence[BucketFile]) -> Sequence[Path]:
    """What is to become one pack, of those that are listed and are here."""
    listed = (git_dir / "objects/pack" / file.name for file in files if file.name.endswith(".pack"))
    return small_packs({pack: object_count(pack) for pack in listed if pack.exists()})


def _swap(
    connection: Connection,
    bucket: BucketRepositories,
    repository: Repository,
    old: Sequence[BucketFile],
    new: Sequence[BucketFile],
) -> None:
    row, key = repositories.lock_repository(connection, repository.id), bucket.key_of(repository)
    if row is None or row.generation is None or not rows.retire_files(connection, key, old, bucket.now()):
        raise MovedElsewhere("the packs of {path} were changed meanwhile", path=repr(str(repository.path)))
    bucket.list_files(connection, key, new)
    added_bytes = sum(file.size_bytes for file in new) - sum(file.size_bytes for file in old)
    size = max(0, row.size_bytes + added_bytes)
    repositories.change(connection, row.id, generation=row.generation + 1, size_bytes=size)


def _packed_together(git_dir: Path, quarantine: Path, small: Sequence[Path]) -> Sequence[Path]:
    """A pack of all objects that these hold, named by a ref or not: who pushes now may count on any of them."""
    run_git(
        ("pack-objects", "--stdin-packs", "--delta-base-offset", "--quiet", str((quarantine / "pack/pack").absolute())),
        git_dir=git_dir,
        input="".join(f"{pack.name}\n" for pack in small).encode(),
        settings=_SETTINGS,
        limits=_LIMITS,
    )
    made = pack_files(quarantine)
    _require_all(small, made)
    return made


def _require_all(old: Sequence[Path], made: Sequence[Path]) -> None:
    """Raises Damaged where an object is in none of the new packs."""
    new = [path for path in made if path.suffix == ".pack"]
    for pack in old:
        missing = _ids_of(pack)
        for other in new:
            missing = ids_not_in(other, missing) if missing else missing
        if missing:
            raise Damaged("git left out {count} objects of {pack}", count=len(missing), pack=pack.name)


def _ids_of(pack: Path) -> frozenset[ObjectId]:
    index = PackIndex(pack, id_bytes=(len(pack.stem) - len("pack-")) // 2)
    try:
        return frozenset(index)
    finally:
        index.close()
