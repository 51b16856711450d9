"""Where a repository's bytes go when its row comes, changes or goes: a folder of the archive, or its bucket.

In a folder the path is where it lies, so a folder moves with each row. In a bucket nothing knows the path but the row.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from matou.db.engine import Connection
from matou.db.repositories import Repository
from matou.forge.forge import Forge
from matou.forge.repositories.bucket_repositories import RowCompleter
from matou.forge.repositories.repository_dirs import moved, removed
from matou.forge.repositories.write_lock import staying_here
from matou.model.names import RepositoryPath


@contextmanager
def published(forge: Forge, git_dir: Path, path: RepositoryPath) -> Iterator[RowCompleter]:
    """Put a repository that nobody knows where its row is to say, for the block, which writes that; or nowhere.

    Yields:
        What the block gives the row to, in the transaction that writes it.

    Raises:
        UniqueViolation, MoveUnfinished, DiskFullDuringMove: as `moved`.
        TryLater: the bucket is away.
    """
    if forge.bucket is not None:
        with forge.bucket.publishing(git_dir) as complete:
            yield complete
    else:
        with staying_here(forge), moved(forge.archive, git_dir, path):
            yield _as_it_is


@contextmanager
def renamed(forge: Forge, repository: Repository, path: RepositoryPath) -> Iterator[None]:
    """Let it lie where the block's row says. Raises what `moved` raises."""
    if forge.bucket is not None:
        yield
    else:
        with staying_here(forge), moved(forge.archive, forge.git_dir(repository), path, repository.id):
            yield


@contextmanager
def deleted(forge: Forge, repository: Repository) -> Iterator[None]:
    """Take it away after the block, which deletes its row; from a bucket a day later. Raises what `removed` raises."""
    if forge.bucket is not None:
        yield
    else:
        with staying_here(forge), removed(forge.archive, repository.path, repository.id):
            yield


def _as_it_is(_connection: Connection, created: Repository) -> Repository:
    return created
