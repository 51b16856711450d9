"""Upkeep of repositories that people write to: many loose objects become one pack, many packs few, in the background.

A push brings a pack; a file that is written by API brings a handful of loose objects, each in a file of its own.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Final

import structlog

from matou.db import repositories
from matou.db.repositories import Repository
from matou.forge.forge import Forge
from matou.forge.maintenance.bucket_packing import tidy_bucket
from matou.forge.maintenance.upkeep import enqueue_now_and_then
from matou.git.odb.loose_objects import MOST_AT_ONCE, estimate_loose_objects, pack_loose_objects
from matou.git.operations.pack_merging import has_many_packs, merge_small_packs
from matou.git.process.run import Limits
from matou.model.jobs import TaskName

MANY: Final = 4096
MERGING_LIMITS: Final = Limits(wall=timedelta(minutes=30))

log = structlog.get_logger(__name__)


def pack_if_many(forge: Forge, repository: Repository) -> None:
    """After a write: have packed what lies in many files. It costs a look into two folders."""
    if forge.bucket is not None:
        tidy_bucket(forge, forge.bucket, repository)
        return
    git_dir = forge.git_dir(repository)
    if estimate_loose_objects(git_dir) >= MANY or has_many_packs(git_dir):
        enqueue_now_and_then(forge, TaskName.PACK_LOOSE_OBJECTS, repository)


def pack_repository(forge: Forge, repository: Repository, *, check: Callable[[], None] = lambda: None) -> None:
    """Pack all loose objects, a bounded number at a time, and merge packs; nothing depends on it.

    Args:
        check: raises what ends it, in between.
    """
    while _pack_some(forge, repository) == MOST_AT_ONCE:
        check()
    check()
    _merge_packs(forge, repository)


def _pack_some(forge: Forge, repository: Repository) -> int:
    packed = pack_loose_objects(forge.git_dir(repository))
    if packed.count:
        _count_bytes(forge, repository, packed.added_bytes)
        log.info("loose_objects_packed", repository=str(repository.path), objects=packed.count)
    return packed.count


def _merge_packs(forge: Forge, repository: Repository) -> None:
    """Raises GitFailed."""
    git_dir = forge.git_dir(repository)
    if has_many_packs(git_dir):
        freed_bytes = merge_small_packs(git_dir, limits=MERGING_LIMITS)
        _count_bytes(forge, repository, -freed_bytes)
        log.info("packs_merged", repository=str(repository.path), freed_bytes=freed_bytes)


def _count_bytes(forge: Forge, repository: Repository, added_bytes: int) -> None:
    with forge.database.begin_write() as connection:
        row = repositories.lock_repository(connection, repository.id)
        if row is not None:
            repositories.change(connection, repository.id, size_bytes=max(0, row.size_bytes + added_bytes))
