"""Upkeep of repositories that are written to by API: many loose objects become one pack, in the background.

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

MANY: Final = 4096
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
    """After a write: begin to pack the loose objects if there are many of them. It costs a look into one folder."""
    if estimate_loose_objects(forge.git_dir(repository)) >= MANY:
        work = partial(pack_repository, forge, repository)
        forge.memory(Packing).pack(repository.id, work, forge.now())


def pack_repository(forge: Forge, repository: Repository) -> None:
    """Pack all loose objects, a bounded number at a time. Nothing depends on it: what fails is logged."""
    try:
        while _pack_some(forge, repository) == MOST_AT_ONCE:
            pass
    except (MatouError, OSError) as error:
        forge.memory(Packing).failed(repository.id, forge.now())
        log.warning("loose_objects_not_packed", repository=str(repository.path), error=str(error))


def _pack_some(forge: Forge, repository: Repository) -> int:
    packed = pack_loose_objects(forge.git_dir(repository))
    if packed.count:
        with forge.database.begin_write() as connection:
            row = repositories.lock_repository(connection, repository.id)
            if row is not None:
                size_bytes = max(0, row.size_bytes + packed.added_bytes)
                repositories.change(connection, repository.id, size_bytes=size_bytes)
        log.info("loose_objects_packed", repository=str(repository.path), objects=packed.count)
    return packed.count
