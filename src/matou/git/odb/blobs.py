"""Files' contents: small ones whole, large ones as a stream that costs this process no memory."""

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Final

import pygit2
from pygit2.enums import ObjectType

from matou.errors import Damaged
from matou.git.odb.objects import MissingObject, read_content, read_header, require_kind
from matou.git.process.run import TOOK_TOO_MUCH, GitChild, GitFailed, Limits
from matou.model.names import ObjectId
from matou.settings import MEBIBYTE

CHUNK_BYTES: Final = 256 * 1024
STREAM_LIMITS: Final = Limits(memory_bytes=2048 * MEBIBYTE, wall=timedelta(hours=2))


def blob_size(repository: pygit2.Repository, blob: ObjectId) -> int:
    """Bytes. Raises MissingObject where it is no blob, or not there."""
    kind, size_bytes = read_header(repository, blob)
    if kind != ObjectType.BLOB:
        raise MissingObject("{id} is a {kind}", id=blob, kind=kind.name.lower())
    return size_bytes


def read_blob(repository: pygit2.Repository, blob: ObjectId, *, largest_bytes: int) -> bytes:
    """All of a blob.

    Raises:
        MissingObject: it is no blob, or not there.
        TooLargeToRead: it has more bytes than that; it is not read.
    """
    require_kind(repository, blob, (ObjectType.BLOB,), largest_bytes=largest_bytes)
    return read_content(repository, blob)


class Unreadable(Damaged):
    """git could not read what is there, or what must be there since something names it."""


@contextmanager
def translate_damage(name: ObjectId) -> Iterator[None]:
    """What git says of its own failure, with a path of this machine in it, is for the log alone."""
    try:
        yield
    except TOOK_TOO_MUCH:
        raise
    except GitFailed as failure:
        raise Unreadable("git cannot read what {id} stands for", id=name) from failure


def stream_blob(git_dir: Path, blob: ObjectId) -> Generator[bytes, None, None]:
    """A blob in pieces, at the reader's pace: git reads on when the pipe has room.

    git itself holds no more than `core.bigFileThreshold` of it, unless it was stored as a difference.

    Raises:
        Unreadable: git did not come to the end.
    """
    arguments = ["cat-file", "blob", blob]
    with translate_damage(blob), GitChild(arguments, git_dir=git_dir, limits=STREAM_LIMITS) as child:
        while chunk := child.stdout.read(CHUNK_BYTES):
            yield chunk
        child.finish()
