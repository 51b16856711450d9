"""New objects beside a repository's own, until something names them: kept all together, or gone without a trace."""

import hashlib
import os
import zlib
from enum import StrEnum
from pathlib import Path
from typing import Final, Protocol, Self

from matou.errors import Conflict, Invalid
from matou.fs import sync_folder
from matou.git.odb.quarantine_environment import QuarantineFolder
from matou.git.repository import object_format_on_disk
from matou.model.names import ObjectId, object_id

_FASTEST: Final = 1
"""What git itself takes for loose objects; a later repack compresses them well."""


class ObjectKind(StrEnum):
    BLOB = "blob"
    TREE = "tree"
    COMMIT = "commit"
    TAG = "tag"


class OtherObjectFormat(Conflict):
    """The repository names its objects by a hash that git knows, and that neither libgit2 nor we do."""


class RefusedObject(Invalid):
    """Content that would make others refuse the whole repository."""


class ObjectWriter(Protocol):
    """Takes new objects: one by one into a quarantine, or all into one pack."""

    def write_object(self, kind: ObjectKind, content: bytes) -> ObjectId:
        """Give an object its name and store it; it is not judged."""


class Quarantine(QuarantineFolder):
    """A folder of loose objects below `objects/`, in git's own layout and under a name that `remove_leftovers` knows.

    Leaving the block without `keep` removes all of it; so does the next cleaning after a crash. Objects of the
    repository need not be written again to be referred to. For one thread.

    Args:
        git_dir: a bare repository with SHA-1 objects.

    Raises:
        OtherObjectFormat: on entering, where its objects are named by SHA-256.
        FileNotFoundError: on entering, where there is no repository.
    """

    kind = "matou"

    def __init__(self, git_dir: Path) -> None:
        super().__init__(git_dir)
        self._written: dict[ObjectId, Path] = {}

    def __enter__(self) -> Self:
        if object_format_on_disk(self.git_dir) != "sha1":
            raise OtherObjectFormat(
                "the repository names its objects by SHA-256",
                advice="It can be changed by `git push` only.",
            )
        return super().__enter__()

    def write_object(self, kind: ObjectKind, content: bytes) -> ObjectId:
        """Give an object its name and store it here; it is not judged.

        Raises:
            RefusedObject: it is half of an attack on SHA-1, which every git that meets it refuses.
        """
        name = name_object(kind, content)
        path = self.folder / name[:2] / name[2:]
        if name not in self._written:
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(zlib.compress(_header(kind, content) + content, _FASTEST))
            self._written[name] = path
        return name

    def keep(self) -> int:
        """Make the objects the repository's, for good, a power cut included; say how many bytes that added to it.

        Whoever then makes a ref name them need not fear that it outlives them. What is there already stays as it is.

        Raises:
            OSError: the disk is full, or the repository is no longer where it was; what has moved by then is whole,
                and nothing names it.
        """
        for path in self._written.values():
            _seal(path)
        objects = self.git_dir / "objects"
        added_bytes = sum(_moved(path, objects / name[:2] / name[2:]) for name, path in self._written.items())
        for folder in sorted({objects / name[:2] for name in self._written}):
            sync_folder(folder)
        sync_folder(objects)
        self._written.clear()
        return added_bytes


def _moved(path: Path, target: Path) -> int:
    """How many bytes now lie where none did."""
    if target.exists():
        return 0
    target.parent.mkdir(exist_ok=True)
    size_bytes = path.stat().st_size
    path.replace(target)
    return size_bytes


def _seal(path: Path) -> None:
    """Nobody writes to it again, and nobody reads it whom the mask of this process keeps out."""
    path.chmod(path.stat().st_mode & 0o444)
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _header(kind: ObjectKind, content: bytes) -> bytes:
    return b"%b %d\0" % (kind.encode(), len(content))


def name_object(kind: ObjectKind, content: bytes) -> ObjectId:
    """The SHA-1 of an object. Raises RefusedObject where it is half of an attack on SHA-1.

    Only blobs can hold just any bytes, and only they are searched for the known attack on SHA-1: libgit2 does that,
    the standard library does not. What else we write is text, or names that were checked.
    """
    if kind is ObjectKind.BLOB:
        return _name_of_blob(content)
    digest = hashlib.sha1(_header(kind, content), usedforsecurity=False)
    digest.update(content)
    return object_id(digest.hexdigest())


def _name_of_blob(content: bytes) -> ObjectId:
    import pygit2

    try:
        return object_id(str(pygit2.hash(content)))
    except pygit2.GitError as error:
        raise RefusedObject("the content cannot be stored: {reason}", reason=str(error)) from error
