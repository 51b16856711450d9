"""A file that is to be copied, wherever it comes from."""

import hashlib
import io
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import BinaryIO, Protocol

from matou.errors import Damaged, NotFound
from matou.storage.files import chunks_of


class VanishedFile(NotFound):
    """A file that was there a moment ago: whoever serves the archive has packed it, say. It is looked for again."""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file that belongs to a copy.

    Attributes:
        path: in the archive.
        size: bytes.
        lasting: its content never changes under this name.
        open: may be called several times. Raises VanishedFile.
        fault: reads it to its end, and says in what it is not what its name or its own checksum says.
        sha256: where it is known without reading it.
    """

    path: str
    size: int
    lasting: bool
    open: Callable[[], BinaryIO]
    fault: Callable[[], Damaged | None] = lambda: None
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class CopyUnit:
    """Files that are copied one after another, in the order in which they are given.

    Attributes:
        name: for people: a repository's folder, say.
        files: looks anew each time it is called.
    """

    name: str
    files: Callable[[], Iterator[SourceFile]]


class CopySource(Protocol):
    """Where a copy is made from: an archive, or another copy.

    Units may be copied side by side: first those of `runs`, which say that there was such a run, then those of
    `objects`. The files of `published`, which refer to all of that, come last and one after another.
    """

    def runs(self) -> list[CopyUnit]: ...

    def objects(self) -> list[CopyUnit]: ...

    def published(self) -> CopyUnit: ...

    def still_named(self, digests: Collection[str]) -> Collection[str]:
        """Of blobs that are not there any more, those that something there names all the same."""


def file_of_bytes(path: str, content: bytes) -> SourceFile:
    digest = hashlib.sha256(content).hexdigest()
    return SourceFile(path, len(content), lasting=False, open=lambda: io.BytesIO(content), sha256=digest)


def sha256_of(file: BinaryIO) -> str:
    hashed = hashlib.sha256()
    for chunk in chunks_of(file):
        hashed.update(chunk)
    return hashed.hexdigest()
