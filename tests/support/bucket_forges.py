"""Machines that share a database and a bucket, and nothing else: each is a forge with a folder of its own."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from matou.archive.layout import Archive, ArchiveBucket
from matou.archive.repository_cache import RepositoryCache
from matou.db.engine import open_database
from matou.db.repositories import Repository
from matou.db.users import User
from matou.errors import TryLater
from matou.forge.access import ALL_SCOPES, Identity
from matou.forge.forge import Forge
from matou.forge.push.push_transaction import PushTransaction
from matou.forge.repositories.bucket_repositories import BucketRepositories
from matou.forge.repositories.repository_lists import find_repository
from matou.git.odb.incoming_pack import IncomingPack
from matou.model.refs import RefChange
from matou.storage.base import Store
from matou.storage.files import FileStore
from support.deciding import apply_push
from support.git_repositories import git, refs_of


@dataclass
class Machines:
    """Makes one forge after another over the same database and bucket."""

    database_place: Path | str
    bucket: Store
    folder: Path
    now: Callable[[], datetime]
    opened: ExitStack
    count: int = 0

    def another(self, *, most_bytes: int = 1024**3) -> Forge:
        self.count += 1
        root = self.folder / f"machine-{self.count}"
        named = ArchiveBucket(address="s3://harbour/archive")
        archive = Archive.create(root, now=datetime(2026, 11, 21, tzinfo=UTC), identifier=UUID(int=1), bucket=named)
        return self._forge(replace(archive, bucket=self.bucket), most_bytes)

    def beside(self, forge: Forge) -> Forge:
        """As another process of the same machine has it."""
        return self._forge(replace(forge.archive, bucket=self.bucket), 1024**3)

    def _forge(self, archive: Archive, most_bytes: int) -> Forge:
        database = open_database(self.database_place)
        self.opened.callback(database.close)
        cache = RepositoryCache(
            archive.root / "cache/repositories", blobs=archive.files.root, staging=archive.staging, now=self.now
        )
        bucket = BucketRepositories(database, self.bucket, cache, self.now, most_bytes)
        return Forge(database, archive, self.now, bucket=bucket)


@contextmanager
def machines(
    database_place: Path | str, bucket: Store, folder: Path, now: Callable[[], datetime]
) -> Iterator[Machines]:
    with ExitStack() as opened:
        yield Machines(database_place, bucket, folder, now, opened)


class UnreliableStore(FileStore):
    """A bucket that goes away when it is told to."""

    is_away = False

    def path(self, key: str) -> Path:
        if self.is_away:
            raise TryLater("the bucket is away")
        return super().path(key)


@dataclass
class Pusher:
    """Somebody who pushes what another repository has, to a machine."""

    user: User
    origin: Path

    def push(self, forge: Forge, repository: Repository, *changes: RefChange) -> PushTransaction:
        now = find_repository(forge, repository.path)
        git_dir = forge.git_dir(now)
        with IncomingPack(git_dir) as pack:
            wanted = "".join(f"{change.new}\n" for change in changes if change.new)
            git(self.origin, "pack-objects", "--revs", "-q", str(pack.folder / "pack/pack"), input=wanted.encode())
            transaction = PushTransaction(changes)
            apply_push(forge, Identity(self.user, ALL_SCOPES), now, transaction, pack, is_shallow=False)
        return transaction


def refs_at(forge: Forge, repository: Repository) -> dict[str, str]:
    now = find_repository(forge, repository.path)
    return {str(name): str(oid) for name, oid in refs_of(forge.git_dir(now)).items()}


def objects_of(forge: Forge, repository: Repository) -> list[str]:
    git_dir = forge.git_dir(find_repository(forge, repository.path))
    return sorted(git(git_dir, "cat-file", "--batch-check", "--batch-all-objects").splitlines())
