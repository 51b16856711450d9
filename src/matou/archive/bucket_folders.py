"""Bare repositories of an archive in a bucket, as this machine has them; whoever reads or serves them gets them here.

See docs/decisions/bucket-repositories.md.
"""

import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path

from matou.archive.bucket_packs import describe_files, fetch_packs, upload_packs
from matou.archive.cached_blobs import DamagedInBucket
from matou.archive.repository_cache import RepositoryCache
from matou.db import bucket_repositories as rows
from matou.db.bucket_repositories import BucketFile, BucketState
from matou.db.engine import Database
from matou.errors import NotFound
from matou.storage.base import Store


def bring(database: Database, store: Store, cache: RepositoryCache, storage_key: str, *, wanted: int) -> int:
    """Let the folder here be at a generation or a later one, and say at which it is.

    Raises:
        NotFound: the repository was deleted meanwhile.
        TryLater: the bucket is away, or fetching takes long.
        DamagedInBucket: the bucket holds something else than was put there.
    """
    with cache.changing(storage_key):
        generation = cache.generation(storage_key)
        if generation is not None and generation >= wanted:
            return generation
        state = _fetch_newest(database, store, cache, storage_key)
        cache.publish(storage_key, state)
    return state.generation


def _fetch_newest(database: Database, store: Store, cache: RepositoryCache, storage_key: str) -> BucketState:
    state = _state(database, storage_key)
    while True:
        git_dir = cache.begin(storage_key, object_format=state.object_format)
        try:
            fetch_lacking(store, storage_key, state.files, git_dir)
        except DamagedInBucket:
            newer = _state(database, storage_key)
            if newer.generation == state.generation:
                raise
            # What is gone was merged with others, and deleted since: by a clock ahead of ours, or as we slept.
            state = newer
        else:
            return state


def _state(database: Database, storage_key: str) -> BucketState:
    with database.begin_read() as connection:
        state = rows.read_state(connection, storage_key)
    if state is None:
        raise no_longer_there()
    return state


def fetch_lacking(store: Store, storage_key: str, files: Iterable[BucketFile], git_dir: Path) -> None:
    """Get those that a folder has not, each of which was checked when it got its name. Raises DamagedInBucket."""
    fetch_packs(store, storage_key, [file for file in files if not _has(git_dir, file)], git_dir)


def put_files(
    database: Database, store: Store, storage_key: str, paths: Sequence[Path], *, now: datetime
) -> tuple[BucketFile, ...]:
    """Put files into the bucket; they belong to the repository once a transaction lists them."""
    files = describe_files(paths, upload=uuid.uuid4().hex)
    if files:
        with database.begin_write() as connection:
            rows.note_uploads(connection, storage_key, files, now)
        upload_packs(store, storage_key, files, paths)
    return files


def no_longer_there() -> NotFound:
    return NotFound("the repository is not there any more")


def _has(git_dir: Path, file: BucketFile) -> bool:
    path = git_dir / "objects/pack" / file.name
    return path.exists() and path.stat().st_size == file.size_bytes
