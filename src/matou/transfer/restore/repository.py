"""Makes one repository out of the archive: copied, checked by git, and put in its place by one rename."""

import hashlib
import shutil
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path
from typing import BinaryIO, Final
from urllib.parse import urlsplit

from matou.archive.layout import Archive
from matou.archive.manifest import NamespaceLine, Outcome, RepositoryLine
from matou.archive.snapshots import parse_lfs_list, saved_refs
from matou.errors import Conflict, Damaged, MatouError, NotFound
from matou.fs import make_folders, renamed_in, reported_as, sync_folder, syncfs, translate_os_errors, write_atomically
from matou.git.odb.shallow import copy_boundary, end_where_objects_end, fault_of_boundary, has_lost_boundary_file
from matou.git.operations.fetch import wanted_objects
from matou.git.operations.fsck import Severity, fsck
from matou.git.process.run import GitFailed, GitStopped, Limits, run_git
from matou.git.refs.listing import OWN_PREFIX, read_refs, write_refs
from matou.git.repository import create_bare
from matou.model.names import NamespacePath, ObjectId, RefName, RepositoryPath
from matou.model.refs import RefListing
from matou.storage.files import chunks_of
from matou.transfer.common.derived_files import has_lost_index, rebuild_derived
from matou.transfer.common.object_files import CheckedFile, check_object_files
from matou.transfer.common.saved_repositories import lacks_history
from matou.transfer.restore.plan import DEPOT_FILE, PlannedRepository, lines_of_script
from matou.transfer.restore.report import Layout
from matou.transfer.restore.worktree import check_out, lfs_path

SHA256_DIGITS: Final = 64
MAIN: Final = RefName("refs/heads/main")


class DamagedRepository(Damaged):
    """A repository of the archive that is not what was saved, so that nothing was made of it."""


class DamagedLfsObject(Damaged):
    """An LFS object of the archive that is not what was saved, so that a repository was made without it."""


class DamagedEnd(Damaged):
    """What the archive says of where a history ends is damaged, so that a repository was made as far as objects go."""


class UnreadableFile(Damaged):
    """The disk does not give back a file of the archive."""


class TargetOccupied(Conflict):
    """Something else is where a repository would go."""


class RestoreOutcome(Enum):
    """What became of a repository's folder."""

    RESTORED = auto()
    ALREADY_THERE = auto()
    NOT_SAVED = auto()


@dataclass(frozen=True, slots=True)
class Restored:
    """What became of a repository, and what is wrong with what stands beside its objects and refs."""

    made: RestoreOutcome
    problems: tuple[MatouError, ...] = ()


@dataclass(frozen=True, slots=True)
class Restorer:
    """Makes repositories. May be used from several threads.

    Attributes:
        archive: where they come from.
        target: the folder below which they go; it is there.
        staging: a folder on the same file system, for what is not yet whole.
        limits: of each git child.
    """

    archive: Archive
    target: Path
    staging: Path
    limits: Limits

    def restore(self, planned: PlannedRepository) -> Restored:
        """Make one repository, or see that it is there already.

        Raises:
            DamagedRepository: the archive's copy is not what was saved.
            TargetOccupied: something else is in its place.
            WriteFailed: the disk is full, or cannot be written.
        """
        listing = self._saved_refs(planned)
        if listing is None and planned.layout is Layout.PLAIN:
            return Restored(RestoreOutcome.NOT_SAVED)
        folder = self.target / planned.folder
        self._require_own_folders(folder)
        if folder.exists() or folder.is_symlink():
            return self._found(planned, listing)
        problems = self._make(planned, listing, folder)
        return Restored(RestoreOutcome.RESTORED if listing is not None else RestoreOutcome.NOT_SAVED, problems)

    def _make(self, planned: PlannedRepository, listing: RefListing | None, folder: Path) -> tuple[MatouError, ...]:
        build = self.staging / hashlib.sha256(str(planned.folder).encode()).hexdigest()[:16]
        try:
            with reported_as(folder, instead_of=build), translate_os_errors(build):
                problems = self._build(planned, listing, build)
            make_folders(folder.parent, below=self.target)
            syncfs(folder.parent)
            with translate_os_errors(folder):
                build.rename(folder)
        except BaseException:
            shutil.rmtree(build, ignore_errors=True)
            raise
        sync_folder(folder.parent)
        return problems

    def _saved_refs(self, planned: PlannedRepository) -> RefListing | None:
        line = planned.line
        if planned.metadata is not None:
            return RefListing({MAIN: planned.metadata}, head=MAIN)
        if isinstance(line, NamespaceLine):
            return None
        try:
            listing = saved_refs(self.archive, line)
        except (Damaged, NotFound) as error:
            raise DamagedRepository("the snapshot cannot be read: {reason}", reason=error) from error
        return RefListing({}) if listing is None and line.outcome is Outcome.EMPTY else listing

    def _require_own_folders(self, folder: Path) -> None:
        """No link on the way leads out of the target."""
        for parent in folder.parents:
            if parent == self.target:
                return
            if parent.is_symlink() or (parent.exists() and not parent.is_dir()):
                raise TargetOccupied("{folder} is no folder", folder=parent)

    def _found(self, planned: PlannedRepository, listing: RefListing | None) -> Restored:
        git_dir = self.target / planned.git_folder
        if not _is_the_same(git_dir, listing, with_head=not planned.worktree):
            raise TargetOccupied(
                "{folder} holds something else",
                folder=self.target / planned.folder,
                advice="It was left as it is. Move it away, or restore to another folder.",
            )
        if listing is None:
            return Restored(RestoreOutcome.NOT_SAVED)
        return Restored(RestoreOutcome.ALREADY_THERE, tuple(self._lfs_objects(planned, git_dir)))

    def _build(self, planned: PlannedRepository, listing: RefListing | None, build: Path) -> tuple[MatouError, ...]:
        build.mkdir()
        line = planned.line
        if planned.layout is Layout.CODING_SCRIPT:
            text = lines_of_script(line.name, line.description, line.created_at)
            write_atomically(build / DEPOT_FILE, text)
        if listing is None:
            return ()
        git_dir = build / planned.git_folder.relative_to(planned.folder)
        had_boundary = isinstance(line, RepositoryLine) and planned.metadata is None and lacks_history(line)
        problems = self._copy(self._source(planned), listing, git_dir, had_boundary=had_boundary)
        write_atomically(git_dir / "config", configuration(planned, listing))
        problems += self._lfs_objects(planned, git_dir)
        if planned.worktree:
            problems.extend(check_out(git_dir, build, listing, limits=self.limits))
        return tuple(renamed_in(problem, build, self.target / planned.folder) for problem in problems)

    def _source(self, planned: PlannedRepository) -> Path:
        if isinstance(planned.line, NamespaceLine):
            return self.archive.metadata(NamespacePath.parse(planned.line.path))
        path = RepositoryPath.parse(planned.line.path)
        return self.archive.repository(path) if planned.metadata is None else self.archive.metadata(path)

    def _copy(self, source: Path, listing: RefListing, git_dir: Path, *, had_boundary: bool) -> list[MatouError]:
        """Copy what lies in the archive; what the packs say anyhow is made anew where it is lost or damaged.

        Gives what is damaged there and did not keep anything from being made.
        """
        ids = wanted_objects(listing)
        if not (source / "objects").is_dir() and ids:
            raise DamagedRepository("the repository is missing in the archive")
        create_bare(git_dir, object_format=listing.object_format)
        problems: list[MatouError] = []
        if ids:
            copy_objects(source / "objects", git_dir / "objects")
            copy_boundary(source, git_dir)
            self._make_readable(git_dir, ids)
            problems += self._mend_boundary(source, git_dir)
        write_refs(git_dir, listing, {})
        if had_boundary:
            problems += _mend_lost_boundary(git_dir)
        self._require_whole(git_dir)
        return problems

    def _mend_boundary(self, source: Path, git_dir: Path) -> Iterator[MatouError]:
        """Where a line of it is lost, the objects that are there say where the history ends."""
        try:
            fault = fault_of_boundary(source, objects_of=git_dir)
            if fault is not None:
                end_where_objects_end(git_dir)
                yield DamagedEnd(
                    "its file shallow is damaged, so its history ends where its objects do: {fault}", fault=fault
                )
        except GitStopped:
            raise
        except GitFailed as error:
            raise DamagedRepository("it is not whole: {fault}", fault=error.stderr or error.fact) from error

    def _make_readable(self, git_dir: Path, ids: Collection[ObjectId]) -> None:
        """Leave no file there that is damaged.

        Raises:
            DamagedRepository: without it something is missing of what is to be given back.
        """
        hash_name = "sha256" if any(len(oid) == SHA256_DIGITS for oid in ids) else "sha1"
        faulty = _faulty(git_dir, hash_name)
        try:
            if faulty or has_lost_index(git_dir):
                rebuild_derived(git_dir, hash_name=hash_name, limits=self.limits)
                faulty = _faulty(git_dir, hash_name)
            if faulty:
                self._do_without(git_dir, [file.path for file in faulty], ids)
        except GitStopped:
            raise
        except GitFailed as error:
            if not faulty:
                raise DamagedRepository("it is not whole: {fault}", fault=error.stderr or error.fact) from error
            name = faulty[0].path.relative_to(git_dir)
            raise DamagedRepository("{name} is damaged: {fault}", name=name, fault=faulty[0].fault) from error

    def _do_without(self, git_dir: Path, faulty: Collection[Path], ids: Collection[ObjectId]) -> None:
        """Pack what the refs reach, all of which may well be readable in a file that is damaged somewhere else.

        Raises:
            GitFailed: it is not.
        """
        made = git_dir / "objects/pack" / "tmp_anew"
        words = ["pack-objects", "--revs", "--delta-base-offset", "--quiet", str(made)]
        question = "".join(f"{oid}\n" for oid in sorted(ids)).encode()
        run_git(words, git_dir=git_dir, input=question, limits=self.limits)
        for path in faulty:
            path.unlink(missing_ok=True)
            if path.suffix == ".pack":
                path.with_suffix(".idx").unlink(missing_ok=True)
        for path in made.parent.glob(f"{made.name}-*"):
            path.rename(path.with_name(path.name.replace(made.name, "pack", 1)))

    def _require_whole(self, git_dir: Path) -> None:
        """What git has against an object that came so from the source is given back as it came."""
        try:
            faults = [fault for fault in fsck(git_dir, limits=self.limits) if fault.severity is Severity.ERROR]
        except GitStopped:
            raise
        except GitFailed as error:
            raise DamagedRepository("it is not whole: {fault}", fault=error.stderr or error.fact) from error
        if faults:
            raise DamagedRepository("it is not whole: {fault}", fault=faults[0].message)

    def _lfs_objects(self, planned: PlannedRepository, git_dir: Path) -> Iterator[MatouError]:
        """Put the repository's LFS objects where git-lfs looks for them; yields what is wrong with any."""
        try:
            oids = self._lfs_oids(planned, git_dir)
        except (Damaged, NotFound) as error:
            yield DamagedLfsObject("its list of LFS objects cannot be read: {reason}", reason=error)
            return
        for oid in sorted(oids):
            fault = self._fault_of_lfs_object(oid, git_dir)
            if fault is not None:
                yield DamagedLfsObject("LFS object {oid} is missing or damaged: {reason}", oid=oid, reason=fault)

    def _lfs_oids(self, planned: PlannedRepository, git_dir: Path) -> Collection[str]:
        """Raises Damaged or NotFound where that cannot be told."""
        if planned.metadata is not None:
            from matou.archive.metadata import open_metadata

            return {pointer.oid for _, pointer in open_metadata(git_dir, commit=planned.metadata).pointers()}
        lfs = planned.line.lfs if isinstance(planned.line, RepositoryLine) else None
        if lfs is None:
            return ()
        return parse_lfs_list(self.archive.blobs.read(lfs.list)).keys() - set(lfs.missing)

    def _fault_of_lfs_object(self, oid: str, git_dir: Path) -> MatouError | None:
        """Copy an LFS object, unless it is there already, or say why that cannot be."""
        path = lfs_path(git_dir, oid)
        try:
            if not path.exists() or path.stat().st_size != self.archive.blobs.size(oid):
                self.archive.blobs.verify(oid)
                with self.archive.blobs.open(oid) as blob:
                    make_folders(path.parent, below=git_dir)
                    copy_stream(blob, path)
        except (Damaged, NotFound) as error:
            return error
        return None


def _mend_lost_boundary(git_dir: Path) -> Iterator[MatouError]:
    """What the manifest says that it had, and nothing is left of."""
    if not has_lost_boundary_file(git_dir, besides=OWN_PREFIX):
        return
    try:
        end_where_objects_end(git_dir)
    except GitStopped:
        raise
    except GitFailed as error:
        raise DamagedRepository("it is not whole: {fault}", fault=error.stderr or error.fact) from error
    yield DamagedEnd("its file shallow is missing, so its history ends where its objects do")


def _faulty(git_dir: Path, hash_name: str) -> list[CheckedFile]:
    return [file for file in check_object_files(git_dir / "objects", hash_name=hash_name) if file.fault is not None]


def copy_objects(source: Path, target: Path) -> None:
    """Copy packs with their indexes, and loose objects; nothing else, and no link.

    Raises:
        UnreadableFile: the disk does not give a file back.
        WriteFailed: the disk is full, or cannot be written.
    """
    for pack in sorted((source / "pack").glob("pack-*.pack")):
        for path in (pack, pack.with_suffix(".idx")):
            copy_file(path, target / "pack" / path.name)
    for path in sorted(source.glob("[0-9a-f][0-9a-f]/*")):
        copy_file(path, target / path.parent.name / path.name)


def copy_file(source: Path, target: Path) -> None:
    if source.is_symlink() or not source.is_file():
        return
    with translate_os_errors(target):
        target.parent.mkdir(exist_ok=True)
    with source.open("rb") as file:
        copy_stream(file, target)


def copy_stream(source: BinaryIO, target: Path) -> None:
    """Write a file that nobody writes to again; under its name it is whole.

    Raises:
        UnreadableFile: the disk does not give back what is to be copied.
        WriteFailed: the disk is full, or cannot be written.
    """
    partial = target.with_name(f"{target.name}.partial")
    with translate_os_errors(target), partial.open("wb") as file:
        for chunk in _chunks_read(source):
            file.write(chunk)
    with translate_os_errors(target):
        partial.chmod(partial.stat().st_mode & 0o444)
        partial.rename(target)


def _chunks_read(source: BinaryIO) -> Iterator[bytes]:
    chunks = chunks_of(source)
    while True:
        try:
            chunk = next(chunks, b"")
        except OSError as error:
            raise UnreadableFile("{name} cannot be read: {reason}", name=source.name, reason=error) from error
        if not chunk:
            return
        yield chunk


def _is_the_same(git_dir: Path, listing: RefListing | None, *, with_head: bool) -> bool:
    """Whether a repository has the very refs that it would be made with; a person may have moved a work tree's HEAD."""
    if listing is None:
        return not git_dir.exists()
    try:
        actual = read_refs(git_dir)
    except (Damaged, OSError):
        return False
    return actual.refs == listing.refs and (not with_head or listing.head in (None, actual.head))


def configuration(planned: PlannedRepository, listing: RefListing) -> bytes:
    """What `git clone --mirror` would have written, but for `core.bare` where there is a work tree."""
    is_sha256 = listing.object_format == "sha256"
    lines = [
        "[core]",
        f"\trepositoryformatversion = {int(is_sha256)}",
        "\tfilemode = true",
        f"\tbare = {'false' if planned.worktree else 'true'}",
        *(["[extensions]", "\tobjectformat = sha256"] if is_sha256 else []),
        *(_remote(planned.line.clone_url) if isinstance(planned.line, RepositoryLine) and not planned.metadata else []),
    ]
    return "".join(f"{line}\n" for line in lines).encode()


def _remote(url: str) -> list[str]:
    """Nothing where the URL is more than a URL: git would read what it says, and some URLs start programs."""
    is_plain = url.isascii() and url.isprintable() and not set(url) & set(' "\\#;')
    if not is_plain or urlsplit(url).scheme not in ("http", "https"):
        return []
    return ['[remote "origin"]', f"\turl = {url}", "\tfetch = +refs/*:refs/*", "\tmirror = true"]
