"""What can be computed again: a folder for each repository, and files in it that survive being cut off at any byte.

Nothing here is synced: what a power cut leaves is recognized by checksums and dropped. Whatever is kept must be true
of object ids alone, since the folder may be older than the repository that has its number now.
"""

import contextlib
import fcntl
import os
import shutil
import struct
import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

import zstandard

from matou.archive.layout import Archive
from matou.fs import make_folders, translate_os_errors

FOLDER: Final = "cache"
LARGEST_FRAME_BYTES: Final = 256 * 1024 * 1024

_FRAME: Final = struct.Struct("<II")
_LEVEL: Final = 1


def cache_folder(archive: Archive, repository_id: int) -> Path:
    """Where what was computed about a repository lies, there or not; it may be deleted at any time."""
    return archive.root / FOLDER / str(int(repository_id))


def subversion_folder(archive: Archive) -> Path:
    """Where `git svn` goes on from, for each Subversion repository; what is gone is made again, the same."""
    return archive.root / FOLDER / "subversion"


def repositories_folder(archive: Archive) -> Path:
    """Where this machine has repositories of an archive in a bucket; what is gone is fetched again."""
    return archive.root / FOLDER / "repositories"


def answers_folder(archive: Archive) -> Path:
    """Where servers keep long answers, each in a folder of its own; what no server holds is removed by the next."""
    return archive.root / FOLDER / "answers"


def attempts_file(archive: Archive) -> Path:
    """Where servers count failures to log in, if their database is SQLite: for all processes of a machine."""
    return archive.root / FOLDER / "log-ins.db"


def forget(archive: Archive, repository_id: int) -> None:
    """Remove all that was computed about a repository, as when it is deleted."""
    shutil.rmtree(cache_folder(archive, repository_id), ignore_errors=True)


class Journal:
    """A file of frames that only grows; whoever reads it gets whole frames in the order in which they were written.

    Each checksum covers all frames before it too. So a frame is read only behind exactly those that its writer knew,
    even where two processes wrote without knowing of each other: then some of what they wrote is lost.

    Args:
        path: the file; made, with its folder, by the first `append`.
        below: a folder above it that is there.
        form: what the frames hold, and in which form; a file of another form reads as empty.
    """

    def __init__(self, path: Path, *, below: Path, form: str) -> None:
        self._path = path
        self._below = below
        self._head = f"matou cache: {form}\n".encode()
        self._end = 0
        self._checksum = 0

    def read(self) -> Iterator[bytes]:
        """Every whole frame, from the beginning; what follows the last of them is overwritten by the next `append`."""
        self._end = self._checksum = 0
        with contextlib.suppress(FileNotFoundError, NotADirectoryError), self._path.open("rb") as file:
            if file.read(len(self._head)) != self._head:
                return
            self._end, self._checksum = len(self._head), zlib.crc32(self._head)
            while (frame := self._next(file)) is not None:
                yield frame

    def append(self, frame: bytes) -> None:
        """Add a frame after those that were read or written last; nothing where the file has been deleted since.

        Raises:
            WriteFailed, DiskFull: it could not be written; what was there before is whole.
        """
        make_folders(self._path.parent, below=self._below, durably=False)
        with translate_os_errors(self._path), _opened(self._path) as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            if os.fstat(file.fileno()).st_size < self._end:
                return
            self._write(file, zstandard.ZstdCompressor(level=_LEVEL).compress(frame))

    def _write(self, file: BinaryIO, packed: bytes) -> None:
        head = b"" if self._end else self._head
        checksum = zlib.crc32(packed, self._checksum if self._end else zlib.crc32(head))
        file.truncate(self._end)
        file.seek(self._end)
        file.write(head + _FRAME.pack(len(packed), checksum) + packed)
        self._end += len(head) + _FRAME.size + len(packed)
        self._checksum = checksum

    def _next(self, file: BinaryIO) -> bytes | None:
        prefix = file.read(_FRAME.size)
        if len(prefix) < _FRAME.size:
            return None
        length, checksum = _FRAME.unpack(prefix)
        packed = file.read(length) if length <= LARGEST_FRAME_BYTES else b""
        if len(packed) != length or zlib.crc32(packed, self._checksum) != checksum:
            return None
        self._end, self._checksum = self._end + _FRAME.size + length, checksum
        return zstandard.ZstdDecompressor().decompress(packed)


def read_whole(path: Path, *, form: str) -> bytes | None:
    """What `write_whole` wrote last in that form; None where there is none, or where it is damaged."""
    head = f"matou cache: {form}\n".encode()
    try:
        content = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    packed = content[len(head) + 4 :]
    if not content.startswith(head) or content[len(head) : len(head) + 4] != _checksum_of(packed):
        return None
    return zstandard.ZstdDecompressor().decompress(packed)


def write_whole(path: Path, content: bytes, *, below: Path, form: str) -> None:
    """Replace a file of the cache in one step.

    Raises:
        WriteFailed, DiskFull: it could not be written; what was there before stays.
    """
    packed = zstandard.ZstdCompressor(level=_LEVEL).compress(content)
    make_folders(path.parent, below=below, durably=False)
    with translate_os_errors(path):
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(f"matou cache: {form}\n".encode() + _checksum_of(packed) + packed)
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise


def _checksum_of(packed: bytes) -> bytes:
    return zlib.crc32(packed).to_bytes(4, "little")


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    """For reading and writing from the beginning, made where it is missing."""
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644), "r+b") as file:
        yield file
