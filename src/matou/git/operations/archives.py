"""A commit's files as one zip or tar: made by `git archive`, in pieces, with nothing of the repository but its objects.

The child gets a repository of its own that borrows the objects. So it has no ref that could be named in a file, and
`export-subst`, by which a file may have git write into it, is off: what comes depends on the commit alone.
"""

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Final

import pygit2

from matou.errors import Refused
from matou.git.odb.blobs import CHUNK_BYTES, blob_size, translate_damage
from matou.git.odb.objects import EntryKind, TooLargeToRead, fault_of_segment
from matou.git.odb.trees import ListedEntry, list_tree
from matou.git.process.run import GitChild, Limits
from matou.model.names import ObjectId
from matou.settings import MEBIBYTE

LARGEST_ARCHIVE_BYTES: Final = 2048 * MEBIBYTE
"""Of all files together, before they are packed."""

ARCHIVE_LIMITS: Final = Limits(memory_bytes=1024 * MEBIBYTE, wall=timedelta(hours=1))

# An empty part, a dot or two: between slashes, and between the backslashes that Windows takes for them.
_LEADS_OUT: Final = re.compile(rb"(?:^|[/\\])\.{0,2}(?:[/\\]|$)")
_PERHAPS_GIT: Final = re.compile(rb"git|[\x80-\xff]", re.IGNORECASE)


class GitArchiveFormat(StrEnum):
    ZIP = "zip"
    TAR = "tar"
    TAR_GZ = "tar.gz"


class ArchiveTooLarge(TooLargeToRead):
    """The files are more than an archive may hold."""


class HostilePath(Refused):
    """The tree holds a path that would be written elsewhere than where the archive is unpacked."""


@dataclass(frozen=True, slots=True)
class ArchivedFile:
    """A file that will be in an archive. `path` is from the root of the tree."""

    id: ObjectId
    path: bytes
    size_bytes: int


def files_to_archive(repository: pygit2.Repository, tree: ObjectId) -> tuple[ArchivedFile, ...]:
    """What an archive of a tree would hold, to be asked before one is begun. `export-ignore` is not counted.

    Raises:
        ListingTooLong: there are more entries than are listed.
        ArchiveTooLarge: they have more than LARGEST_ARCHIVE_BYTES.
        HostilePath: unpacking them would write outside, into a git folder, or through a symbolic link.
    """
    files: list[ArchivedFile] = []
    sizes: dict[ObjectId, int] = {}
    links, folders, total = set[str](), set[str](), 0
    for entry in list_tree(repository, tree, recursive=True):
        _require_harmless(entry)
        if entry.kind is EntryKind.FOLDER:
            folders.add(_folded(entry.path))
        elif entry.kind is EntryKind.SYMLINK:
            links.add(_folded(entry.path))
        elif entry.kind is not EntryKind.SUBMODULE:
            size = sizes.get(entry.id)
            if size is None:
                size = sizes[entry.id] = blob_size(repository, entry.id)
            files.append(ArchivedFile(entry.id, entry.path, size))
            total += size
            if total > LARGEST_ARCHIVE_BYTES:
                raise ArchiveTooLarge("the files have more than {limit} bytes", limit=LARGEST_ARCHIVE_BYTES)
    if not links.isdisjoint(folders):
        raise HostilePath("a symbolic link of the tree has the name of a folder")
    return tuple(files)


def _require_harmless(entry: ListedEntry) -> None:
    is_hostile = _LEADS_OUT.search(entry.path) is not None
    if not is_hostile and _PERHAPS_GIT.search(entry.path) is not None:
        is_hostile = any(fault_of_segment(part) is not None for part in _text(entry.path).split("/"))
    if is_hostile:
        raise HostilePath("the tree holds the path {path}, which is not unpacked", path=repr(_text(entry.path))[:200])


def _folded(path: bytes) -> str:
    """As a file system without regard to case sees it."""
    return _text(path).casefold()


def _text(path: bytes) -> str:
    return path.decode("utf-8", "replace")


def archive(git_dir: Path, commit: ObjectId, *, packed_as: GitArchiveFormat, prefix: str) -> Iterator[bytes]:
    """The archive's bytes, made as they are read; the same for the same commit, format and prefix.

    Args:
        git_dir: the repository.
        commit: whose time all files get.
        packed_as: the format.
        prefix: the folder that everything stands in, without a slash.

    Raises:
        Unreadable: git did not come to the end.
    """
    with archiving(git_dir, commit, packed_as=packed_as, prefix=prefix) as child:
        while chunk := child.stdout.read(CHUNK_BYTES):
            yield chunk
        child.finish()


@contextmanager
def archiving(git_dir: Path, commit: ObjectId, *, packed_as: GitArchiveFormat, prefix: str) -> Iterator[GitChild]:
    """The child itself, for who reads what it writes. Arguments as those of `archive`."""
    arguments = ["archive", f"--format={packed_as}", f"--prefix={prefix}/", commit]
    environment = {"GIT_OBJECT_DIRECTORY": str(git_dir.absolute() / "objects"), "TZ": "UTC"}
    with (
        translate_damage(commit),
        _borrowing_repository() as borrowing,
        GitChild(arguments, git_dir=borrowing, environment=environment, limits=ARCHIVE_LIMITS) as child,
    ):
        yield child


@contextmanager
def _borrowing_repository() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="matou-archive-") as folder:
        git_dir = Path(folder)
        for name in ("refs", "objects", "info"):
            (git_dir / name).mkdir()
        (git_dir / "HEAD").write_text("ref: refs/heads/none\n")
        (git_dir / "config").write_text("[core]\n\trepositoryformatversion = 0\n\tbare = true\n")
        (git_dir / "info" / "attributes").write_text("* -export-subst\n")
        yield git_dir
