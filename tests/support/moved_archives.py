"""An archive with all that a format can hold and something born on the server, and the bucket that it is moved into."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from matou.archive.bucket_contents import BucketContents
from matou.archive.layout import Archive, ArchiveBucket
from matou.archive.repository_cache import RepositoryCache
from matou.db.archive_location import LocationState, written_at
from matou.db.engine import Database, open_database
from matou.db.repositories import Repository
from matou.forge.access import ALL_SCOPES, Identity
from matou.forge.accounts.namespaces import create_organization
from matou.forge.accounts.users import create_user
from matou.forge.forge import Forge
from matou.forge.maintenance.reindex import reindex
from matou.forge.repositories.bucket_repositories import BucketRepositories
from matou.forge.repositories.repository_lists import find_repository
from matou.git.repository import SHALLOW_FILE
from matou.model.names import RepositoryPath
from matou.transfer.move.into_bucket import move_into_bucket
from matou.transfer.move.report import MoveReport
from matou.transfer.move.run import MoveOptions
from support.archive_fixture import unpack
from support.bucket_forges import UnreliableStore
from support.deciding import create_repository
from support.file_editor import FileEditor
from support.git_repositories import git, refs_of

PACKED = Path(__file__).parents[1] / "data/archives/format-2-metadata.tar.gz"
NAMED = ArchiveBucket(address="s3://harbour/archive")


class Killed(BaseException):
    """Stands for kill -9: nothing of ours goes on behind it."""


class CountingStore(UnreliableStore):
    """A bucket whose client is killed at its next write once it has made as many as it may."""

    allowed: int | None = None

    def __init__(self, root: Path, *, staging: Path) -> None:
        super().__init__(root, staging=staging)
        self.written: list[str] = []

    def put(self, key: str, source: BinaryIO | Iterable[bytes]) -> int:
        self._count()
        self.written.append(key)
        return super().put(key, source)

    def create(self, key: str, data: bytes) -> None:
        self._count()
        super().create(key, data)

    def delete(self, key: str) -> None:
        self._count()
        super().delete(key)

    def _count(self) -> None:
        if self.allowed is not None:
            self.allowed -= 1
            if self.allowed < 0:
                raise Killed


@dataclass
class MovedArchive:
    """One archive, in a folder at first."""

    archive: Archive
    database: Database
    bucket: CountingStore
    folder: Path
    stages: list[str] = field(default_factory=list)

    def server(self) -> Forge:
        """As `matou serve` opens it where it is now in its folder."""
        return Forge(written_at(self.database, LocationState.FOLDER), self.archive, now)

    def machine(self, name: str) -> Forge:
        """Another machine that serves it from the bucket."""
        root = self.folder / name
        archive = Archive.create(root, now=now(), identifier=self.archive.identity.id, bucket=NAMED)
        database = written_at(self.database, LocationState.BUCKET)
        archive = replace(archive, bucket=self.bucket)
        cache = RepositoryCache(root / "cache/repositories", blobs=archive.files.root, staging=archive.staging, now=now)
        contents = BucketContents(database, self.bucket, cache, root)
        contents.bring_files()
        opened = BucketRepositories(database, self.bucket, cache, now, 1024**3)
        return Forge(database, replace(archive, contents=contents), now, bucket=opened)

    def move(self) -> MoveReport:
        options = MoveOptions(1, now, lambda stage, *_: self.stages.append(stage.name))
        return move_into_bucket(self.archive, self.database, NAMED, self.bucket, options)


@contextmanager
def archive_to_move(place: Path | str, folder: Path) -> Iterator[MovedArchive]:
    root = unpack(PACKED, folder)
    (root / "matou.db").unlink()
    database = open_database(place)
    bucket = CountingStore(folder / "bucket", staging=folder / "bucket-staging")
    try:
        archive = Archive.open(root)
        forge = Forge(database, archive, now)
        assert reindex(forge).problems == ()
        anna = create_user(forge, "anna")
        ship = create_repository(
            forge, RepositoryPath(create_organization(forge, "harbour", owner=anna).path, "ship"), creator=anna
        )
        FileEditor(forge, ship, Identity(anna, ALL_SCOPES)).create("born here")
        cut_off(archive.repository(RepositoryPath.parse("team/shop/api")))
        yield MovedArchive(archive, database, bucket, folder)
    finally:
        database.close()


def cut_off(git_dir: Path) -> None:
    """Let its history end where it ends, as a source of which more is not to be had."""
    roots = git(git_dir, "rev-list", "--max-parents=0", "--all").split()
    (git_dir / SHALLOW_FILE).write_text("".join(f"{root}\n" for root in sorted(roots)))


def states_of(root: Path) -> dict[str, tuple[dict[str, str], list[str], str]]:
    """Of each repository of an archive that is a folder: refs, objects and where its history is cut off."""
    folders = sorted(path for name in ("repositories", "metadata") for path in (root / name).rglob("*.git"))
    return {path.relative_to(root).as_posix(): state_of(path) for path in folders if (path / "objects").is_dir()}


def state_of(git_dir: Path) -> tuple[dict[str, str], list[str], str]:
    refs = {str(name): str(oid) for name, oid in refs_of(git_dir).items()}
    objects = sorted(git(git_dir, "cat-file", "--batch-check", "--batch-all-objects").splitlines())
    shallow = git_dir / SHALLOW_FILE
    return refs | {"HEAD": (git_dir / "HEAD").read_text()}, objects, shallow.read_text() if shallow.exists() else ""


def files_of(root: Path) -> dict[str, bytes]:
    """Of every run, and every other file that belongs to the archive."""
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.glob("runs/*/*") if path.is_file()}


def now() -> datetime:
    return datetime.now(UTC)


def born_here(forge: Forge) -> Repository:
    return find_repository(forge, RepositoryPath.parse("harbour/ship"))
