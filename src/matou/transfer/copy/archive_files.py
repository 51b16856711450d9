"""An archive that is in use, as the source of a copy."""

import errno
import os
import tempfile
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO

from matou.archive.attachment import identity_of_bucket
from matou.archive.blobs import is_digest
from matou.archive.bucket_contents import BucketContents
from matou.archive.forgotten import read_forgotten
from matou.archive.layout import IDENTITY_FILE, Archive, identity_in_folder
from matou.archive.lock import used_by_server
from matou.archive.manifest import NamespaceLine, RepositoryLine
from matou.archive.run_history import manifests_ever, read_history
from matou.db.archive_location import forget_location
from matou.db.bucket_folders import BucketFolder
from matou.db.snapshot import snapshot_sqlite
from matou.errors import Damaged, MatouError
from matou.model.names import InvalidName, NamespacePath, RepositoryPath
from matou.transfer.backup.mirror_saver import MARK
from matou.transfer.common.saved_repositories import lines_of
from matou.transfer.copy.paths import DATABASE, NEVER_COPIED, REPOSITORY_ROOTS, Rank, rank_of, require_path
from matou.transfer.copy.repository_files import OnProblem, RepositoryFiles, opened
from matou.transfer.copy.source_files import CopyUnit, SourceFile, VanishedFile, file_of_bytes, sha256_of
from matou.transfer.room.blob_marks import blobs_named

BLOBS = "blobs/objects"


@dataclass(frozen=True, slots=True)
class ArchiveFiles:
    """What an archive consists of at one moment: its runs and its database as they were when this was made.

    All that those refer to was there before them, so it is found when the rest is read afterwards.

    Attributes:
        ended: the runs that had a manifest, forgotten or not: those that follow it name it.
        database: a snapshot of it, made before; None where there is none.
        on_problem: told of each thing that is damaged, and copied as it is.
    """

    archive: Archive
    ended: frozenset[int]
    database: Path | None
    on_problem: OnProblem

    def objects(self) -> list[CopyUnit]:
        return [*self._lost(), *self._blobs(), *self._repositories()]

    def runs(self) -> list[CopyUnit]:
        units = [CopyUnit(f"runs/{run:06d}", partial(self._run_files, run)) for run in self.archive.run_numbers()]
        return [*units, CopyUnit(str(self.archive.root), self._rest)]

    def published(self) -> CopyUnit:
        return CopyUnit(str(self.archive.root), self._published)

    def _blobs(self) -> Iterator[CopyUnit]:
        for name in self._blob_folders():
            yield CopyUnit(f"{BLOBS}/{name}", partial(self._blobs_below, name))

    def _blob_folders(self) -> list[str]:
        if self.archive.contents is not None:
            return [f"{number:02x}" for number in range(256)]
        folder = self.archive.root / BLOBS
        return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []

    def _blobs_below(self, name: str) -> Iterator[SourceFile]:
        for key, size in self.archive.files.sizes(f"{name}/"):
            digest = key.rpartition("/")[2]
            if is_digest(digest) and key == f"{digest[:2]}/{digest[2:4]}/{digest}":
                fault = partial(self._fault_of_blob, digest)
                opening = partial(self._opened_blob, digest)
                yield SourceFile(f"{BLOBS}/{key}", size, lasting=True, open=opening, fault=fault)

    def _opened_blob(self, digest: str) -> BinaryIO:
        return opened(self.archive.blob_file(digest))

    def _fault_of_blob(self, digest: str) -> Damaged | None:
        try:
            self.archive.blobs.verify(digest)
        except Damaged as error:
            return error
        except MatouError as error:
            raise VanishedFile("blob {digest} is not there any more", digest=digest) from error
        return None

    def _repositories(self) -> Iterator[CopyUnit]:
        if self.archive.contents is not None:
            for folder in self.archive.contents.all_folders():
                yield CopyUnit(folder.path, partial(self._files_in_bucket, self.archive.contents, folder))
            return
        for root in REPOSITORY_ROOTS:
            for git_dir in git_dirs_below(self.archive.root / root):
                name = git_dir.relative_to(self.archive.root).as_posix()
                yield CopyUnit(name, RepositoryFiles(git_dir, name, self.on_problem, self._begun_since).files)

    def _files_in_bucket(self, contents: BucketContents, folder: BucketFolder) -> Iterator[SourceFile]:
        """Brought here first, at the generation that it has by then."""
        with contents.in_use(folder) as git_dir:
            if folder.is_mirror:
                yield file_of_bytes(f"{folder.path}/{MARK}", b"")
            yield from RepositoryFiles(git_dir, folder.path, self.on_problem, self._begun_since).files()

    def _lost(self) -> Iterator[CopyUnit]:
        """What the newest manifests name and is not there: whoever removed that, it stays in the copy."""
        for path in self._named():
            if not path.exists():
                yield CopyUnit(path.relative_to(self.archive.root).as_posix(), partial(_missing, path))

    def _named(self) -> Iterator[Path]:
        for _, line in lines_of(read_history(self.archive)):
            if isinstance(line, RepositoryLine) and line.snapshot is not None:
                with suppress(InvalidName):  # `matou verify` tells of it
                    yield self.archive.repository(RepositoryPath.parse(line.path))
                yield self.archive.blob_file(line.snapshot)
                if line.lfs is not None:
                    yield self.archive.blob_file(line.lfs.list)
            if line.metadata is not None and line.metadata.commit is not None:
                with suppress(InvalidName):
                    yield self.archive.metadata(_place(line))

    def still_named(self, digests: Collection[str]) -> Collection[str]:
        """By a run that is kept, an attachment, or a pointer of git-lfs. All of them, where that cannot be read."""
        try:
            return blobs_named(self.archive, digests, forgotten=read_forgotten(self.archive).runs)
        except MatouError:
            return digests

    def _begun_since(self) -> Iterator[SourceFile]:
        """A run that began since may have moved refs on; in the copy it is one that was cut off."""
        run = max(self.ended, default=0) + 1
        while self.archive.run_folder(run).is_dir():
            places = self.archive.places(run)
            content = places.read_bytes() if places.is_file() and not places.is_symlink() else b""
            yield file_of_bytes(places.relative_to(self.archive.root).as_posix(), content)
            run += 1

    def _run_files(self, run: int) -> Iterator[SourceFile]:
        """Of a run that is under way, or was cut off, only which places it gave."""
        folder = self.archive.run_folder(run)
        paths = self._files_below(folder) if run in self.ended else [self.archive.places(run)]
        for path in paths:
            name = path.relative_to(self.archive.root).as_posix()
            if path.is_file() and rank_of(name) is not Rank.MANIFEST:
                yield self._file(path, lasting=run in self.ended)

    def _rest(self) -> Iterator[SourceFile]:
        for path in sorted(self.archive.root.iterdir()):
            if path.name in {*NEVER_COPIED, *REPOSITORY_ROOTS, "runs", "blobs", DATABASE} or path.name.startswith("."):
                continue
            for file in self._files_below(path) if path.is_dir() and not path.is_symlink() else [path]:
                if rank_of(file.relative_to(self.archive.root).as_posix()) is Rank.REST and not file.is_symlink():
                    yield self._file(file, lasting=False)

    def _files_below(self, folder: Path) -> Iterator[Path]:
        """Regular files, but for those by which git takes orders from a folder, which are of no archive."""
        for parent, folders, files in os.walk(folder):
            folders.sort()
            for file in sorted(files):
                path = Path(parent, file)
                name = path.relative_to(self.archive.root).as_posix()
                if path.is_file() and not path.is_symlink() and not file.endswith(".partial"):
                    try:
                        require_path(name)
                    except Damaged as error:
                        self.on_problem(name, error)
                    else:
                        yield path

    def _published(self) -> Iterator[SourceFile]:
        for name in ("MATOU.txt", IDENTITY_FILE):
            if (self.archive.root / name).is_file():
                yield self._file(self.archive.root / name, lasting=False) if name != IDENTITY_FILE else self._identity()
        for run in sorted(self.ended):
            yield self._file(self.archive.manifest(run), lasting=True)
        if self.database is not None:
            yield _database_file(self.database)

    def _identity(self) -> SourceFile:
        """A copy is in no bucket, whatever the archive is in."""
        contents = self.archive.contents
        if contents is None:
            return self._file(self.archive.root / IDENTITY_FILE, lasting=False)
        text = identity_of_bucket(contents.store, self.archive.identity.id)
        return file_of_bytes(IDENTITY_FILE, identity_in_folder(text))

    def _file(self, path: Path, *, lasting: bool) -> SourceFile:
        name = path.relative_to(self.archive.root).as_posix()
        if lasting:
            return SourceFile(name, path.stat().st_size, lasting=True, open=partial(opened, path))
        with opened(path) as file:
            return file_of_bytes(name, file.read())


@contextmanager
def files_of(archive: Archive, *, has_own_database: bool) -> Iterator[Callable[[OnProblem], ArchiveFiles]]:
    """The archive as it is now: its runs, and a snapshot of its database, which is gone at the end.

    Runs and pushes go on meanwhile; nothing is taken away.

    Args:
        has_own_database: whether it is in the archive's folder, and not on a server.

    Raises:
        ArchiveBusy: what nobody needs is being taken away.
    """
    with used_by_server(archive.root), tempfile.TemporaryDirectory(prefix="matou-copy-") as folder:
        database = None
        if has_own_database and archive.database.is_file():
            database = Path(folder, DATABASE)
            snapshot_sqlite(archive.database, database)
            if archive.contents is not None:
                forget_location(database)
        ended = frozenset(run for run, _ in manifests_ever(archive))
        yield lambda on_problem: ArchiveFiles(archive, ended, database, on_problem)


def _place(line: RepositoryLine | NamespaceLine) -> RepositoryPath | NamespacePath:
    """Raises InvalidName."""
    return RepositoryPath.parse(line.path) if isinstance(line, RepositoryLine) else NamespacePath.parse(line.path)


def _missing(path: Path) -> Iterator[SourceFile]:
    raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)


def _database_file(path: Path) -> SourceFile:
    with path.open("rb") as file:
        digest = sha256_of(file)
    return SourceFile(DATABASE, path.stat().st_size, lasting=False, open=partial(opened, path), sha256=digest)


def git_dirs_below(folder: Path) -> Iterator[Path]:
    """Every bare repository below a folder, there or not; no link is followed."""
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except FileNotFoundError:
        return
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            path = Path(entry)
            if not entry.name.endswith(".git"):
                yield from git_dirs_below(path)
            elif (path / "objects").is_dir():
                yield path
