"""Packs of repositories in a bucket made fewer, and what no repository needs any more taken out of the bucket.

A new pack is in the bucket before the list changes, in one transaction; what it replaces is deleted a day later. Until
then a server that has not looked yet finds what it knows of.
"""

import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Final

import structlog

from matou.archive.bucket_packs import key_of_pack, pack_files
from matou.db import bucket_repositories as rows
from matou.db import repositories
from matou.db.bucket_repositories import BucketFile
from matou.db.repositories import Repository
from matou.errors import Damaged, MatouError, NotFound
from matou.forge.forge import Forge
from matou.forge.jobs import Jobs, StillComputing
from matou.forge.repositories.bucket_repositories import BucketRepositories, MovedElsewhere
from matou.git.odb.incoming_pack import IncomingPack
from matou.git.odb.packs import PackIndex, ids_not_in
from matou.git.operations.pack_merging import has_many_packs, object_count, small_packs
from matou.git.process.run import run_git
from matou.git.process.sandbox import Limits
from matou.model.names import ObjectId

DELETED_AFTER: Final = timedelta(days=1)
SWEPT_EVERY: Final = timedelta(hours=1)

_LIMITS: Final = Limits(memory_bytes=4 * 1024**3, cpu=timedelta(hours=2), wall=timedelta(hours=4))
_SETTINGS: Final = (("pack.writeReverseIndex", "true"),)

log = structlog.get_logger()


class BucketPacking(Jobs):
    """One repository at a time."""

    def __init__(self) -> None:
        super().__init__(at_once=1)
        self._lock = threading.Lock()
        self._swept_at: datetime | None = None

    def is_sweep_due(self, now: datetime) -> bool:
        """Whether the last one was long ago; who is told so does it."""
        with self._lock:
            is_due = self._swept_at is None or now - self._swept_at > SWEPT_EVERY
            self._swept_at = now if is_due else self._swept_at
        return is_due


def tidy_bucket(forge: Forge, bucket: BucketRepositories, repository: Repository) -> None:
    """After a write: begin whatever is due, in the background."""
    jobs = forge.memory(BucketPacking)
    with suppress(StillComputing):
        if jobs.is_sweep_due(forge.now()):
            jobs.begin("sweep", partial(_logged, partial(sweep, bucket)))
        if has_many_packs(bucket.folder(repository)):
            jobs.begin(repository.id, partial(_logged, partial(repack, bucket, repository)))


def sweep(bucket: BucketRepositories) -> int:
    """Delete what nobody has needed for a day; say how many files that were. What a kill leaves the next one ends."""
    now = bucket.now()
    with bucket.database.begin_write() as connection:
        rows.retire_files_of_deleted(connection, now)
        unneeded = rows.begin_deletion(connection, now - DELETED_AFTER, now)
    for storage_key, file in unneeded:
        with suppress(NotFound):
            bucket.store.delete(key_of_pack(storage_key, file))
        with bucket.database.begin_write() as connection:
            rows.forget_file(connection, storage_key, file)
    return len(unneeded)


def repack(bucket: BucketRepositories, repository: Repository) -> bool:
    """Make one pack of the small ones; say whether there was anything to do.

    Raises:
        MovedElsewhere: another server has done so meanwhile.
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
        _swap(bucket, row, [file for file in listed if Path(file.name).stem in stems], files)
    log.info("bucket_repacked", repository=str(row.path), packs=len(small))
    return True


def _small(git_dir: Path, files: Sequence[BucketFile]) -> Sequence[Path]:
    """What is to become one pack, of those that are listed and are here."""
    listed = (git_dir / "objects/pack" / file.name for file in files if file.name.endswith(".pack"))
    return small_packs({pack: object_count(pack) for pack in listed if pack.exists()})


def _swap(
    bucket: BucketRepositories, repository: Repository, old: Sequence[BucketFile], new: Sequence[BucketFile]
) -> None:
    with bucket.database.begin_write() as connection:
        row, key = repositories.lock_repository(connection, repository.id), bucket.key_of(repository)
        if row is None or row.generation is None or not rows.retire_files(connection, key, old, bucket.now()):
            raise MovedElsewhere("the packs of {path} were changed meanwhile", path=repr(str(repository.path)))
        bucket.list_files(connection, key, new)
        repositories.change(connection, row.id, generation=row.generation + 1)


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


def _logged(work: Callable[[], object]) -> None:
    """Nothing depends on it."""
    try:
        work()
    except (MatouError, OSError) as error:
        log.warning("bucket_not_tidied", error=str(error))
