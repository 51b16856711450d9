"""Makes a damaged mirror one that git can read again, with all of it that the source or the archive still has.

Nothing is taken away before what it held is there again; what nobody can give back any more is set aside, not deleted.
"""

import itertools
import shutil
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from matou.archive.layout import Archive
from matou.errors import Damaged
from matou.fs import make_folders, sync_folder, syncfs, translate_os_errors
from matou.git.lock_files import publish_file
from matou.git.odb.packs import PackIndex
from matou.git.odb.shallow import (
    lacking_parents,
    read_boundary,
    rebuild_boundary_file,
    repair_boundary,
    write_boundary,
)
from matou.git.odb.stored_objects import DamagedObject, describe_objects
from matou.git.operations.connectivity import is_connected
from matou.git.operations.fetch import wanted_objects
from matou.git.operations.mirror import storable
from matou.git.process.run import GitFailed, GitStopped, Limits, run_git
from matou.git.refs.listing import leave_out_unreadable, read_refs
from matou.git.repository import SHALLOW_FILE, create_bare, object_format_on_disk
from matou.model.names import NamespacePath, ObjectId, RepositoryPath
from matou.model.refs import RefListing
from matou.transfer.common.derived_files import rebuild_derived
from matou.transfer.common.kept_refs import remake_kept_refs
from matou.transfer.common.object_files import check_object_files

FOLDER: Final = "damaged"
"""Below the archive: what could not be read any more, by the run that set it aside."""

_SALVAGED: Final = "tmp_salvaged"

MOST_TRIES: Final = 2_000
"""Of a damaged pack: each bad object takes a dozen. The pack itself is set aside, whatever became of them."""


@dataclass(frozen=True, slots=True)
class MirrorRepairer:
    """Heals the mirrors of one run. May be used by several threads, each with a repository of its own."""

    archive: Archive
    run: int
    limits: Limits

    def heal(
        self,
        repository: RepositoryPath,
        listing: RefListing,
        fetch: Callable[[], Path],
        *,
        previous: RefListing | None,
        had_boundary: bool = False,
    ) -> None:
        """Bring back whatever can be had; called again, it goes on.

        Args:
            repository: its mirror is there.
            listing: what the source has.
            fetch: makes a mirror of that aside, and says where. Not called where the archive can help itself.
            previous: what the last manifest names.
            had_boundary: it says that the source lacks a part of the history, too.

        Raises:
            MatouError: what `fetch` raises; the mirror is as it was then, or better.
        """
        git_dir = self.archive.repository(repository)
        object_format = object_format_on_disk(git_dir) if listing.is_empty else listing.object_format
        with translate_os_errors(git_dir):
            make_refs_readable(self.archive, self.archive.repository(repository), run=self.run)
            create_bare(git_dir, object_format=object_format)
        self._rebuild(git_dir, object_format)
        self._repair_boundary(git_dir, had_one=had_boundary)
        self._remake_kept_refs(repository)
        faulty = [file.path for file in check_object_files(git_dir / "objects", hash_name=object_format) if file.fault]
        if not faulty and is_connected(git_dir):
            return
        staged = fetch()
        try:
            syncfs(self.archive.staging)
            with translate_os_errors(git_dir):
                adopted = _adopt(staged, git_dir)
        finally:
            shutil.rmtree(staged, ignore_errors=True)
        is_all_saved = self._salvage(git_dir, listing, previous)
        if not is_all_saved:
            self._salvage_pieces(git_dir, {*faulty} - adopted, id_bytes=32 if object_format == "sha256" else 20)
        for path in _with_what_goes_along(faulty) - adopted:
            self._take_away(path, repository, is_needed=not is_all_saved)
        self._remake_kept_refs(repository)

    def _remake_kept_refs(self, path: RepositoryPath) -> None:
        """Before anything is read out of damaged files, so that this is known to be wanted, and once more after it."""
        # What reads metadata takes longer to load than a run that finds nothing damaged.
        from matou.transfer.common.change_refs import remake_from_metadata

        try:
            remake_kept_refs(self.archive, path)
            remake_from_metadata(self.archive, path)
        except DamagedObject:
            return  # It cannot even be said whether the object is there.

    def _rebuild(self, git_dir: Path, object_format: str) -> None:
        try:
            rebuild_derived(git_dir, hash_name=object_format, limits=self.limits)
        except GitStopped:
            raise
        except GitFailed:
            return  # What is still wrong then is fetched.

    def _repair_boundary(self, git_dir: Path, *, had_one: bool) -> None:
        try:
            with translate_os_errors(git_dir):
                if not had_one or not rebuild_boundary_file(git_dir):
                    repair_boundary(git_dir)
        except GitStopped:
            raise
        except (DamagedObject, GitFailed):
            return  # It is written anew with what is fetched.

    def _salvage(self, git_dir: Path, listing: RefListing, previous: RefListing | None) -> bool:
        """Pack what only the archive has, and can be read of a damaged file still; False where some of it cannot."""
        objects = wanted_objects(storable(listing)[0])
        named = wanted_objects(read_refs(git_dir)) | (wanted_objects(previous) if previous else frozenset())
        others = named - objects
        if not others or self._pack(git_dir, others, objects):
            return True
        for oid in sorted(others):
            self._pack(git_dir, {oid}, objects)
        return False

    def _salvage_pieces(self, git_dir: Path, faulty: Iterable[Path], *, id_bytes: int) -> None:
        """Pack each object of a damaged file that can be read, whatever else of its history cannot."""
        for pack in faulty:
            waiting = [_named_by_index(pack, id_bytes)] if pack.suffix == ".pack" else []
            for _ in range(MOST_TRIES):
                if not waiting:
                    break
                ids = waiting.pop()
                if ids and not self._pack_listing(git_dir, (), "".join(f"{oid}\n" for oid in ids)) and len(ids) > 1:
                    waiting += [ids[: len(ids) // 2], ids[len(ids) // 2 :]]

    def _pack(self, git_dir: Path, ids: Iterable[ObjectId], known: Iterable[ObjectId]) -> bool:
        question = "".join([*(f"{oid}\n" for oid in sorted(ids)), *(f"^{oid}\n" for oid in sorted(known))])
        return self._pack_listing(git_dir, ("--revs",), question)

    def _pack_listing(self, git_dir: Path, options: Iterable[str], question: str) -> bool:
        made = git_dir / "objects/pack" / _SALVAGED
        words = ["pack-objects", *options, "--delta-base-offset", "--quiet", str(made)]
        try:
            run_git(words, git_dir=git_dir, input=question.encode(), limits=self.limits)
        except GitStopped:
            raise
        except GitFailed:
            return False
        with translate_os_errors(git_dir):
            _publish(made.parent.glob(f"{_SALVAGED}-*"), made.parent, was=_SALVAGED)
        return True

    def _take_away(self, path: Path, repository: RepositoryPath, *, is_needed: bool) -> None:
        if is_needed:
            _keep_copy(self.archive, self.run, self.archive.repository(repository), path)
        with translate_os_errors(path):
            path.unlink(missing_ok=True)
        sync_folder(path.parent)


def make_refs_readable(archive: Archive, git_dir: Path, *, run: int) -> None:
    """Leave out of the refs of a mirror, or of a metadata repository, what cannot be read; it is set aside under a run.

    HEAD is for the caller to write.

    Raises:
        WriteFailed: the disk is full, or cannot be written.
    """
    if not _has_readable_head(git_dir):
        publish_file(git_dir / "HEAD", b"ref: refs/heads/main\n")
    try:
        read_refs(git_dir)
    except Damaged:
        for path in (git_dir / "packed-refs", git_dir / "refs"):
            _keep_copy(archive, run, git_dir, path)
        leave_out_unreadable(git_dir)


def set_metadata_aside(archive: Archive, path: RepositoryPath | NamespacePath, *, run: int) -> Path | None:
    """Move a metadata repository that is damaged out of the way, so that the run makes it anew from its source.

    What is set aside stays for whoever can make more of it. The run reads everything then, as the first one did.

    Returns:
        Where it is now; None where there was none.

    Raises:
        WriteFailed: it cannot be moved.
    """
    git_dir = archive.metadata(path)
    if not git_dir.exists():
        return None
    first = archive.root / FOLDER / f"{run:06d}" / git_dir.relative_to(archive.root)
    aside = next(path for path in _numbered(first) if not path.exists())
    make_folders(aside.parent, below=archive.root)
    with translate_os_errors(git_dir):
        git_dir.rename(aside)
    sync_folder(aside.parent)
    sync_folder(git_dir.parent)
    return aside


def _numbered(path: Path) -> Iterator[Path]:
    yield path
    for number in itertools.count(2):
        yield path.with_name(f"{path.name}-{number}")


def _keep_copy(archive: Archive, run: int, git_dir: Path, path: Path) -> None:
    """For whoever can make more of it than git can; durable before anything is taken away."""
    is_mirror = git_dir.is_relative_to(archive.repositories)
    aside = archive.root / FOLDER / f"{run:06d}" / path.relative_to(archive.repositories if is_mirror else archive.root)
    if not path.exists():
        return
    make_folders(aside.parent, below=archive.root)
    with translate_os_errors(aside):
        if path.is_dir():
            shutil.copytree(path, aside, dirs_exist_ok=True)
        else:
            shutil.copyfile(path, aside)
    syncfs(aside.parent)


def _named_by_index(pack: Path, id_bytes: int) -> Sequence[str]:
    """None where the index is lost or damaged, too."""
    try:
        index = PackIndex(pack, id_bytes=id_bytes)
        try:
            return tuple(index)
        finally:
            index.close()
    except (Damaged, OSError, ValueError):
        return ()


def _has_readable_head(git_dir: Path) -> bool:
    head = git_dir / "HEAD"
    text = head.read_bytes().strip() if head.is_file() else b""
    return text.startswith(b"ref: refs/") or len(text) in (40, 64)


def _with_what_goes_along(faulty: Iterable[Path]) -> set[Path]:
    """A pack's index is good for nothing without the pack."""
    packs = [path for path in faulty if path.suffix == ".pack"]
    return {*faulty, *(pack.with_suffix(suffix) for pack in packs for suffix in (".idx", ".rev", ".bitmap"))}


def _adopt(staged: Path, git_dir: Path) -> set[Path]:
    """Move the packs of a new mirror to an old one, and say what they are called there.

    A pack is named by its content: of two that have one name, the new one is sound.
    """
    adopted = _publish((staged / "objects/pack").glob("pack-*"), git_dir / "objects/pack")
    ends = read_boundary(staged) | read_boundary(git_dir)
    if ends or (git_dir / SHALLOW_FILE).exists():
        write_boundary(git_dir, _still_ends(git_dir, ends))
    return adopted


def _still_ends(git_dir: Path, ends: Collection[ObjectId]) -> Collection[ObjectId]:
    try:
        return lacking_parents(git_dir, describe_objects(git_dir, ends).keys())
    except GitStopped:
        raise
    except (Damaged, GitFailed):
        return ends


def _publish(files: Iterable[Path], folder: Path, *, was: str = "pack") -> set[Path]:
    """An index comes after its pack, so that git never opens one without the other."""
    published = set()
    for path in sorted(files, key=lambda path: path.suffix == ".idx"):
        published.add(path.replace(folder / path.name.replace(was, "pack", 1)))
    sync_folder(folder)
    return published
