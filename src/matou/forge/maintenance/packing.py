"""Upkeep of repositories that people write to: many loose objects become one pack, many packs few, in the background.

A push brings a pack; a file that is written by API brings a handful of loose objects, each in a file of its own.
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from typing import Final

import structlog

from matou.db import repositories
from matou.db.repositories import Repository, RepositoryId
from matou.errors import MatouError
from matou.forge.forge import Forge
from matou.forge.jobs import Jobs, StillComputing
from matou.git.odb.loose_objects import MOST_AT_ONCE, estimate_loose_objects, pack_loose_objects
from matou.git.operations.pack_merging import has_many_packs, merge_small_packs
from matou.git.process.run import Limits

MANY: Final = 4096
MERGING_LIMITS: Final = Limits(wall=timedelta(minutes=30))
NOT_AGAIN_WITHIN: Final = timedelta(hours=1)

log = structlog.get_logger(__name__)


class Packing(Jobs):
    """One repository at a time; one that failed is left alone for a while."""

    def __init__(self) -> None:
        super().__init__(at_once=1)
        self._failed: dict[RepositoryId, datetime] = {}

    def pack(self, repository: RepositoryId, work: Callable[[], None], now: datetime) -> None:
        """Begin, unless it is under way already, or failed a short while ago."""
        self._failed = {each: at for each, at in self._failed.items() if now - at < NOT_AGAIN_WITHIN}
        if repository not in self._failed:
            with suppress(StillComputing):
                self.begin(repository, work)

    def failed(self, repository: RepositoryId, now: datetime) -> None:
        self._failed[repository] = now


def pack_if_many(forge: Forge, repository: Repository) -> None:
    """After a write: begin to pack what lies in many files. It costs a look into two folders."""
    git_dir = forge.git_dir(repository)
    if estimate_loose_objects(git_dir) >= MANY or has_many_packs(git_dir):
        work = partial(pack_repository, forge, repository)
        forge.memory(Packing).pack(repository.id, work, forge.now())


def pack_repository(forge: Forge, repository: Repository) -> None:
    """Pack all loose objects, a bounded number at a time, and merge packs. Nothing depends on it: faults are logged."""
    try:
        while _pack_some(forge, repository) == MOST_AT_ONCE:
            pass
        _merge_packs(forge, repository)
    except (MatouError, OSError) as error:
        forge.memory(Packing).failed(repository.id, forge.now())
        log.warning("loose_objects_not_packed", repository=str(repository.path), error=str(error))


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
