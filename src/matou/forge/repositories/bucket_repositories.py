"""Repositories in a bucket: their refs and the lists of their packs in the database, and folders here that follow.

A repository's row, which every request reads, names its generation: whoever opens the folder gets it at that one or a
later one. See docs/decisions/bucket-repositories.md.
"""

import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import structlog

from matou.archive.bucket_folders import bring, no_longer_there, put_files
from matou.archive.bucket_packs import pack_everything
from matou.archive.repository_cache import GENERATION_FILE, RepositoryCache, Stamp, read_stamp
from matou.db import bucket_repositories as rows
from matou.db import repositories
from matou.db.bucket_repositories import BucketFile, BucketRef, BucketState
from matou.db.engine import Connection, Database
from matou.db.repositories import Repository
from matou.errors import Conflict, Invalid, MatouError, TryLater
from matou.fs import syncfs
from matou.git.refs.listing import read_refs, write_refs
from matou.git.repository import SHALLOW_FILE, object_format_on_disk
from matou.storage.base import Store

log = structlog.get_logger()

LOOKED_AT_EVERY: Final = timedelta(minutes=10)
"""How long a folder counts as there without being looked at; whoever takes folders away leaves them far longer."""

RowCompleter = Callable[[Connection, Repository], Repository]
"""Writes the rest of a repository's rows, in the transaction that makes it."""


class MovedElsewhere(TryLater):
    """Somebody else has changed the repository, at another server perhaps, since it was looked at here."""


class NotForBuckets(Conflict):
    """A repository of a kind that buckets do not hold yet."""


class ForeignDatabase(Invalid):
    """The database is not the one that belongs to the bucket."""


@dataclass(frozen=True, slots=True)
class _Present:
    """A folder that was at this generation at this moment (monotonic); it is so while the stamp is the same."""

    git_dir: Path
    generation: int
    stamp: Stamp | None
    looked_at: float


class _Shrinking:
    """When the cache was looked through last."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last = float("-inf")

    def is_due(self) -> bool:
        """Whether that was a while ago; who is told so does it."""
        now = time.monotonic()
        with self._lock:
            if now - self._last < LOOKED_AT_EVERY.total_seconds():
                return False
            self._last = now
        return True


@dataclass(frozen=True)
class BucketRepositories:
    """All repositories of an archive in a bucket, as one machine has them."""

    database: Database
    store: Store
    cache: RepositoryCache
    now: Callable[[], datetime]
    most_bytes: int
    _present: dict[str, _Present] = field(default_factory=dict, repr=False)
    _shrinking: _Shrinking = field(default_factory=_Shrinking, repr=False)

    def require_own_database(self) -> None:
        """Raises ForeignDatabase where the bucket holds repositories that the database knows nothing of."""
        with self.database.begin_read() as connection:
            is_known = rows.has_any_file(connection)
        if not is_known and next(iter(self.store.sizes("repositories/")), None) is not None:
            raise ForeignDatabase(
                "the bucket holds repositories, and the database knows none of them",
                advice="Nothing was touched. Refs and accounts are in the archive's own database: name it in"
                " MATOU_DATABASE_URL, or put a copy of it back first.",
            )

    def key_of(self, repository: Repository) -> str:
        """Raises NotForBuckets for one that is in a folder: which machine's is not known."""
        if repository.storage_key is None:
            raise NotForBuckets("{path} is not in the bucket", path=repr(str(repository.path)))
        return repository.storage_key

    def folder(self, repository: Repository) -> Path:
        """Where it is on this machine, or would be."""
        return self.cache.git_dir(self.key_of(repository))

    def at_hand(self, repository: Repository) -> Path | None:
        """Its folder where that is known to be as new as the row; None where somebody would have to look."""
        present = self._present.get(self.key_of(repository))
        if present is None or present.stamp is None or present.generation < (repository.generation or 0):
            return None
        if time.monotonic() - present.looked_at > LOOKED_AT_EVERY.total_seconds():
            return None
        # Another process of this machine may have taken it away, or have come to doubt it.
        is_same = read_stamp(f"{present.git_dir}/{GENERATION_FILE}") == present.stamp
        return present.git_dir if is_same else None

    def git_dir(self, repository: Repository) -> Path:
        """Its folder at the row's generation or a later one, brought from the bucket if need be.

        Raises:
            NotFound: it was deleted meanwhile.
            TryLater: the bucket is away, or fetching takes long.
            DamagedInBucket: the bucket holds something else than was put there.
        """
        key = self.key_of(repository)
        at_hand = self.at_hand(repository)
        if at_hand is not None:
            return at_hand
        self.cache.note_use(key)
        stamp, generation = self.cache.stamp_of(key), self.cache.generation(key)
        if generation is None or generation < (repository.generation or 0):
            generation = bring(self.database, self.store, self.cache, key, wanted=repository.generation or 0)
            stamp = self.cache.stamp_of(key)
        self._present[key] = _Present(self.cache.git_dir(key), generation, stamp, time.monotonic())
        if self._shrinking.is_due():
            self.shrink()
        return self.cache.git_dir(key)

    def renew(self, repository: Repository) -> None:
        """Bring its folder to what it is by now."""
        with self.database.begin_read() as connection:
            row = repositories.find_repository_by_id(connection, repository.id)
        if row is None:
            raise no_longer_there()
        self.git_dir(row)

    @contextmanager
    def in_use(self, repository: Repository) -> Iterator[None]:
        """Nothing of its folder is taken away, for as long as this lasts."""
        with self.cache.in_use(self.key_of(repository)):
            yield

    def upload(self, storage_key: str, paths: Sequence[Path]) -> tuple[BucketFile, ...]:
        """Put files into the bucket; they belong to the repository once a transaction lists them."""
        return put_files(self.database, self.store, storage_key, paths, now=self.now())

    @contextmanager
    def publishing(self, git_dir: Path) -> Iterator[RowCompleter]:
        """Put a folder that nobody else knows into the bucket, for the block, which writes its row.

        Afterwards the folder is gone: it is this machine's, under another name.

        Raises:
            NotForBuckets: its history is cut off.
        """
        if (git_dir / SHALLOW_FILE).exists():
            raise NotForBuckets("its history is cut off, and an archive in a bucket takes none such yet")
        key = uuid.uuid4().hex
        files = self.upload(key, pack_everything(git_dir))
        state = _state_of(git_dir, files)

        def complete(connection: Connection, created: Repository) -> Repository:
            self.record_new(connection, created, key, state)
            found = repositories.find_repository_by_id(connection, created.id)
            return created if found is None else found

        yield complete
        try:
            syncfs(git_dir)
            self.cache.adopt(key, git_dir, state)
        except (MatouError, OSError) as error:
            # It is in the bucket, and will be brought from there.
            log.warning("new_repository_not_cached", storage_key=key, error=str(error))

    def record_new(self, connection: Connection, created: Repository, key: str, state: BucketState) -> None:
        """Write down a repository whose files were uploaded."""
        self.list_files(connection, key, state.files)
        rows.insert_state(connection, key, state)
        rows.put_into_bucket(connection, created.id, key)

    def record_head(self, connection: Connection, repository: Repository, head: bytes) -> Mapping[str, object]:
        """Let HEAD be this. Gives what changes in the repository's own row, which the caller has locked.

        Raises:
            MovedElsewhere: it is at another generation than here, where the caller has looked at its branches.
        """
        key = self.key_of(repository)
        row = repositories.find_repository_by_id(connection, repository.id)
        if row is None or row.generation is None or row.generation != self.cache.generation(key):
            raise MovedElsewhere("others are writing to {path} all the while", path=repr(str(repository.path)))
        rows.set_head(connection, key, head)
        return {"generation": row.generation + 1}

    def list_files(self, connection: Connection, key: str, files: Sequence[BucketFile]) -> None:
        """Raises MovedElsewhere where one was given up meanwhile, as it took days to come."""
        if files and not rows.list_files(connection, key, files, self.now()):
            raise MovedElsewhere("what was uploaded has been taken away meanwhile")

    def note_generation(self, key: str, generation: int) -> None:
        """The folder was brought to it by whoever made it."""
        self.cache.stamp(key, generation)
        self._present[key] = _Present(self.cache.git_dir(key), generation, self.cache.stamp_of(key), time.monotonic())

    def doubt(self, key: str) -> None:
        """Nobody knows whether what was to change the repository has done so."""
        self._present.pop(key, None)
        self.cache.doubt(key)

    def shrink(self) -> None:
        """Take away what was not used for long, where this machine has more than it is to keep."""
        self.cache.shrink(self.most_bytes)


def _state_of(git_dir: Path, files: Sequence[BucketFile]) -> BucketState:
    """All refs of a new repository, which from here on stand in packed-refs."""
    listing = read_refs(git_dir)
    write_refs(git_dir, listing, {})
    refs = tuple(
        BucketRef(name.encode("utf-8", "surrogateescape"), oid, listing.peeled.get(name))
        for name, oid in listing.refs.items()
    )
    return BucketState(1, (git_dir / "HEAD").read_bytes(), object_format_on_disk(git_dir), files, refs)
