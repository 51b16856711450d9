"""What every use case of the hosting server is given: the database, the archive, the clock, and short memories."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TypeVar, cast

from matou.archive.blob_links import BlobLinks
from matou.archive.cache import attempts_file
from matou.archive.layout import Archive
from matou.db.engine import Database
from matou.db.login_attempts import open_attempts
from matou.db.repositories import Repository
from matou.forge.caches import PasswordCache, QueryCache, RefListingCache
from matou.forge.login_throttle import LoginThrottle
from matou.forge.repositories.bucket_repositories import BucketRepositories
from matou.jobs.opening import open_queue
from matou.jobs.queue import JobQueue
from matou.settings import Network

Memory = TypeVar("Memory")


@dataclass(frozen=True)
class Forge:
    """One hosting server's state; safe to share between threads.

    Attributes:
        now: the clock; aware times in UTC.
        loopback: whether it can be reached from this machine only.
        anonymous_reads_backups: the operator said that whoever reaches it may read what was backed up. See
            `access.backups_are_open`.
        imports_may_reach_private: the operator said that whoever may create a repository may have the server fetch
            one from inside the operator's network.
        network: how this machine reaches others.
        queue: where what nobody waits for is done from, by this process or another.
        checks_pushes_strictly: what old tools wrote is refused, though it does no harm.
        bucket: where the repositories are, if that is not in the archive's folder.
        blob_links: give what people may read from the bucket itself; None where the server sends it.
    """

    database: Database
    archive: Archive
    now: Callable[[], datetime]
    loopback: bool = False
    anonymous_reads_backups: bool = False
    imports_may_reach_private: bool = False
    network: Network = field(default_factory=Network, repr=False)
    checks_pushes_strictly: bool = False
    bucket: BucketRepositories | None = field(default=None, repr=False)
    blob_links: BlobLinks | None = field(default=None, repr=False)
    failures: LoginThrottle = field(init=False, repr=False)
    passwords: PasswordCache = field(default_factory=PasswordCache, repr=False)
    listings: RefListingCache = field(default_factory=RefListingCache, repr=False)
    answers: QueryCache = field(init=False, repr=False)
    queue: JobQueue = field(init=False, repr=False)
    _memories: dict[type, object] = field(default_factory=dict, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "answers", QueryCache(self.database))
        object.__setattr__(self, "queue", open_queue(self.database))
        opened = partial(open_attempts, self.database, attempts_file(self.archive))
        object.__setattr__(self, "failures", LoginThrottle(opened))

    def git_dir(self, repository: Repository) -> Path:
        """The bare repository's folder, as new as its row.

        Raises what `BucketRepositories.git_dir` raises, where the repositories are in a bucket.
        """
        return self.archive.repository(repository.path) if self.bucket is None else self.bucket.git_dir(repository)

    def git_dir_at_hand(self, repository: Repository) -> Path | None:
        """As `git_dir`, in the time that an event loop has; None where it might have to be fetched."""
        return self.archive.repository(repository.path) if self.bucket is None else self.bucket.at_hand(repository)

    def folder(self, repository: Repository) -> Path:
        """Where `git_dir` is, or would be: nothing is fetched."""
        return self.archive.repository(repository.path) if self.bucket is None else self.bucket.folder(repository)

    def in_use(self, repository: Repository) -> AbstractContextManager[None]:
        """Held by whoever works on the folder for longer than an answer takes: nothing of it is taken away."""
        return nullcontext() if self.bucket is None else self.bucket.in_use(repository)

    def memory(self, kind: type[Memory]) -> Memory:
        """What this server has in memory of one kind, made where it is first asked for; it may be forgotten with it."""
        memory = self._memories.get(kind)
        # Of two that are made at once one is kept, for everybody.
        return cast("Memory", self._memories.setdefault(kind, kind()) if memory is None else memory)

    def adopt(self, memory: object) -> None:
        """Have what another process of this server made, as what is in memory of its kind."""
        self._memories[type(memory)] = memory

    def memories(self) -> tuple[object, ...]:
        """All that there are now."""
        return tuple(self._memories.values())
