"""A bare repository's folder: made, configured from our own list, cleaned after a crash, measured."""

import contextlib
import os
import re
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from matou.errors import Conflict
from matou.git.lock_files import LockFile, publish_file

LEFTOVER_AGE: Final = timedelta(hours=1)
"""Far beyond how long git holds a lock or leaves a temporary file unchanged."""

QUARANTINE_AGE: Final = timedelta(days=1)
"""Longer than git may work on a pack without writing anything: its jail stops it before."""

SHALLOW_FILE: Final = "shallow"
"""Names the commits whose parents are not here, since the source itself does not have them."""

FIRST_HEAD: Final = b"ref: refs/heads/main\n"

_FOLDERS: Final = ("objects/info", "objects/pack", "refs/heads", "refs/tags")
_FOLDERS_AND_PARENTS: Final = ("objects", "objects/info", "objects/pack", "refs", "refs/heads", "refs/tags")

_CONFIG: Final = """\
[core]
	repositoryformatversion = {version}
	filemode = true
	bare = true
	logAllRefUpdates = false
{extensions}[gc]
	auto = 0
	pruneExpire = never
[maintenance]
	auto = false
[transfer]
	hideRefs = refs/matou
[uploadpack]
	allowFilter = true
"""

_SHA256: Final = """\
[extensions]
	objectFormat = sha256
"""

_TEMPORARY_PREFIXES: Final = ("tmp_", ".tmp-")
_PACK: Final = re.compile(r"pack-[0-9a-f]{40}(?:[0-9a-f]{24})?\.pack")
_SHA256_PACK: Final = re.compile(r"pack-[0-9a-f]{64}\.[a-z]+")


class DifferentObjectFormat(Conflict):
    """A repository whose objects are named by another hash than what is to go into it."""


def create_bare(git_dir: Path, *, object_format: str = "sha1") -> None:
    """Make an empty bare repository without starting git; what is missing of one that is there already is added.

    HEAD comes last, and git denies a folder without it: a crash or a power cut leaves a whole repository or none.

    Raises:
        DifferentObjectFormat: there is one with objects of the other format.
    """
    for folder in _FOLDERS:
        (git_dir / folder).mkdir(parents=True, exist_ok=True)
    if object_format_on_disk(git_dir) != object_format and has_objects(git_dir):
        raise DifferentObjectFormat(
            "{repository} does not hold {format} objects", repository=git_dir, format=object_format
        )
    write_config(git_dir, object_format=object_format)
    if not (git_dir / "HEAD").exists():
        publish_file(git_dir / "HEAD", FIRST_HEAD)


def make_bare(git_dir: Path, *, head: bytes = FIRST_HEAD, object_format: str = "sha1") -> None:
    """As `create_bare`, in a folder that is not there yet and at which nobody looks before it is moved to its place.

    So no file needs a lock, and none is synced: that is for the caller to do, at the latest when it is in its place.
    """
    git_dir.mkdir(parents=True)
    for folder in _FOLDERS_AND_PARENTS:
        os.mkdir(f"{git_dir}/{folder}")  # noqa: PTH102 - a Path a folder costs as much as the folder
    (git_dir / "config").write_bytes(config_text(object_format))
    (git_dir / "HEAD").write_bytes(head)


def has_own_config(git_dir: Path, *, object_format: str) -> bool:
    """Whether the repository's configuration is ours, to the last byte."""
    with contextlib.suppress(OSError):
        return (git_dir / "config").read_bytes() == config_text(object_format)
    return False


def write_config(git_dir: Path, *, object_format: str = "sha1") -> None:
    """Replace the repository's configuration by ours, whatever it was: a foreign one may name programs to start."""
    text = config_text(object_format)
    path = git_dir / "config"
    if not path.exists() or path.read_bytes() != text:
        with LockFile(path) as file:
            file.publish(text)


def config_text(object_format: str) -> bytes:
    """The configuration that every repository of ours has, `sha1` or `sha256`."""
    is_sha256 = object_format == "sha256"
    return _CONFIG.format(version=1 if is_sha256 else 0, extensions=_SHA256 if is_sha256 else "").encode()


def object_format_on_disk(git_dir: Path) -> str:
    """What the configuration says, ours or one that git wrote, or, where that is lost or damaged, the packs' names."""
    with contextlib.suppress(FileNotFoundError):
        text = (git_dir / "config").read_bytes().lower()
        if b"objectformat = sha256" in text or b"repositoryformatversion = 0\n" in text:
            return "sha256" if b"objectformat = sha256" in text else "sha1"
    is_sha256 = any(_SHA256_PACK.fullmatch(path.name) for path in (git_dir / "objects/pack").glob("pack-*"))
    return "sha256" if is_sha256 else "sha1"


def has_objects(git_dir: Path) -> bool:
    objects = git_dir / "objects"
    return any((objects / "pack").glob("*.idx")) or any(len(folder.name) == 2 for folder in objects.iterdir())


def packs(git_dir: Path) -> frozenset[Path]:
    """The packs that git can read: those with an index."""
    return frozenset(index.with_suffix(".pack") for index in (git_dir / "objects/pack").glob("pack-*.idx"))


def remove_leftovers(git_dir: Path, *, since: datetime | None = None, now: datetime | None = None) -> tuple[Path, ...]:
    """Remove what processes that died have left: locks, temporary packs and objects, quarantines.

    Args:
        git_dir: a repository that no process of ours is writing to.
        since: when a run began that is known to have died; whatever was last changed after it is its own. The caller
            holds the archive's lock.
        now: what was last changed an hour before this is nobody's any more. Without it age does not count. A pack
            under git's own name may have lost its index, and be all that there is of a history: it stays.

    Returns:
        What was removed.
    """
    removed = tuple(
        path
        for path in leftovers(git_dir)
        if _is_abandoned(path, since, now if not _PACK.fullmatch(path.name) else None)
    )
    for path in removed:
        _remove(path)
    return removed


def leftovers(git_dir: Path) -> Iterator[Path]:
    """Whatever only a process at work needs, or one that died has left."""
    yield from git_dir.glob("*.lock")
    for folder, _, files in os.walk(git_dir / "refs"):
        yield from (Path(folder, file) for file in files if file.endswith(".lock"))
    yield from _unfinished_objects(git_dir)


def remove_unfinished_objects(git_dir: Path) -> None:
    """Remove every temporary file among the objects, whatever its age: for whoever alone writes here, and failed."""
    for path in tuple(_unfinished_objects(git_dir)):
        _remove(path)


def remove_abandoned_quarantines(git_dir: Path, *, now: datetime) -> None:
    """Take away what pushes and edits left that were killed so long ago that none of them can be at work any more.

    A push may last for hours, and its folder's own time is that of its beginning: what lies within counts.
    """
    for folder in (git_dir / "objects").glob("tmp_objdir-*"):
        with contextlib.suppress(FileNotFoundError):
            newest = max(path.lstat().st_mtime for path in (folder, *folder.rglob("*")))
            if datetime.fromtimestamp(newest, UTC) < now - QUARANTINE_AGE:
                shutil.rmtree(folder, ignore_errors=True)


def remove_remains(git_dir: Path) -> None:
    """Remove what `git index-pack` makes anew of a repository that was taken away while it wrote: empty folders.

    Nothing is touched where there is a repository, or anything that is not a quarantine.
    """
    if (git_dir / "HEAD").exists():
        return
    for quarantine in (git_dir / "objects").glob("tmp_objdir-incoming-*"):
        shutil.rmtree(quarantine, ignore_errors=True)
    with contextlib.suppress(OSError):
        (git_dir / "objects").rmdir()
        git_dir.rmdir()


def _unfinished_objects(git_dir: Path) -> Iterator[Path]:
    objects = git_dir / "objects"
    for folder_path in (objects, *(path for path in objects.glob("??") if path.is_dir())):
        yield from (path for path in folder_path.iterdir() if path.name.startswith(_TEMPORARY_PREFIXES))
    yield from _pack_leftovers(objects / "pack")


def _pack_leftovers(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir() if folder.is_dir() else ():
        is_half = path.suffix in {".pack", ".rev", ".keep"} and not path.with_suffix(".idx").exists()
        if is_half or path.name.startswith(_TEMPORARY_PREFIXES) or path.suffix == ".lock":
            yield path


def _is_abandoned(path: Path, since: datetime | None, now: datetime | None) -> bool:
    try:
        changed_at = datetime.fromtimestamp(path.lstat().st_mtime, UTC)
    except FileNotFoundError:
        return False
    if now is not None and changed_at < now - LEFTOVER_AGE:
        return True
    return since is not None and changed_at >= since


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        for folder, folders, files in os.walk(path, topdown=False):
            for name in files:
                Path(folder, name).unlink(missing_ok=True)
            for name in folders:
                Path(folder, name).rmdir()
        path.rmdir()
    else:
        path.unlink(missing_ok=True)


def size_bytes(git_dir: Path) -> int:
    """The length of all its files together."""
    total = 0
    for folder, _, files in os.walk(git_dir):
        for file in files:
            with contextlib.suppress(FileNotFoundError):
                total += os.lstat(os.path.join(folder, file)).st_size  # noqa: PTH118 - a Path a file costs ten times as much
    return total
