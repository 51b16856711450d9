"""An archive in which some files have other contents than their blobs: what LFS pointers stand for.

`git archive` makes a tar, and its members are packed anew on their way: tar, tar.gz or zip, always the same bytes for
the same members.
"""

import io
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Final

from matou.git.odb.blobs import CHUNK_BYTES
from matou.git.operations.archives import GitArchiveFormat, archiving
from matou.model.names import ObjectId

_BLOCK_BYTES: Final = 512
_RECORD_BYTES: Final = 20 * _BLOCK_BYTES
_GZIP: Final = 16 + zlib.MAX_WBITS
_FIRST_YEAR_OF_ZIP: Final = 1980
_LAST_YEAR_OF_ZIP: Final = 2107
_FOLDER_OF_DOS: Final = 0x10
_UNIX: Final = 3
_TYPE_OF_LINK: Final = 0o120000
_TYPE_OF_FOLDER: Final = 0o040000
_TYPE_OF_FILE: Final = 0o100000


@dataclass(frozen=True, slots=True)
class Replacement:
    """What stands in a blob's place. `pieces` gives exactly `size_bytes`, or raises."""

    size_bytes: int
    chunks: Callable[[], Iterator[bytes]]


@dataclass(frozen=True, slots=True)
class _Member:
    header: tarfile.TarInfo
    chunks: Iterator[bytes]


def archive_replacing(
    git_dir: Path,
    commit: ObjectId,
    *,
    packed_as: GitArchiveFormat,
    prefix: str,
    replaced: Mapping[bytes, Replacement],
) -> Iterator[bytes]:
    """As `archives.archive`; `replaced` is by the path from the tree's root."""
    with archiving(git_dir, commit, packed_as=GitArchiveFormat.TAR, prefix=prefix) as child:
        members = _members(child.stdout, prefix.encode() + b"/", replaced)
        yield from filter(None, _packed(members, packed_as, commit))
        while child.stdout.read(CHUNK_BYTES):
            pass
        child.finish()


def _packed(members: Iterable[_Member], packed_as: GitArchiveFormat, commit: ObjectId) -> Iterator[bytes]:
    match packed_as:
        case GitArchiveFormat.ZIP:
            return _zipped(members)
        case GitArchiveFormat.TAR:
            return _as_tar(members, commit)
        case GitArchiveFormat.TAR_GZ:
            return _gzipped(_as_tar(members, commit))


def _members(stdout: IO[bytes], prefix: bytes, replaced: Mapping[bytes, Replacement]) -> Iterator[_Member]:
    with tarfile.open(fileobj=stdout, mode="r|", encoding="utf-8", errors="surrogateescape") as tar:
        for header in tar:
            # It would remember every member.
            tar.members = []  # type: ignore[attr-defined]
            # They repeat the archive's own comment; long names get theirs anew.
            header.pax_headers = {}
            path = header.name.encode("utf-8", "surrogateescape").removeprefix(prefix)
            replacement = replaced.get(path) if header.isreg() else None
            if replacement is None:
                yield _Member(header, _chunks(tar.extractfile(header) if header.isreg() else None))
            else:
                header.size = replacement.size_bytes
                yield _Member(header, replacement.chunks())


def _chunks(file: IO[bytes] | None) -> Iterator[bytes]:
    while file is not None and (chunk := file.read(CHUNK_BYTES)):
        yield chunk


def _as_tar(members: Iterable[_Member], commit: ObjectId) -> Iterator[bytes]:
    beginning = tarfile.TarInfo.create_pax_global_header({"comment": commit})
    written = len(beginning)
    yield beginning
    for member in members:
        header = member.header.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape")
        yield header
        yield from member.chunks
        padding = bytes(-member.header.size % _BLOCK_BYTES)
        yield padding
        written += len(header) + member.header.size + len(padding)
    yield bytes(2 * _BLOCK_BYTES + -(written + 2 * _BLOCK_BYTES) % _RECORD_BYTES)


def _gzipped(chunks: Iterable[bytes]) -> Iterator[bytes]:
    packer = zlib.compressobj(wbits=_GZIP)
    for chunk in chunks:
        yield packer.compress(chunk)
    yield packer.flush()


class _Sink(io.RawIOBase):
    """Where a zip is written to; `taken` gives what came since it was last asked."""

    def __init__(self) -> None:
        self._written: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, chunk: "bytes | bytearray | memoryview", /) -> int:  # type: ignore[override]
        self._written.append(bytes(chunk))
        return len(chunk)

    def taken(self) -> bytes:
        written = b"".join(self._written)
        self._written.clear()
        return written


def _zipped(members: Iterable[_Member]) -> Iterator[bytes]:
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as packed:
        for member in members:
            if member.header.isdir():
                packed.writestr(_zip_header(member.header, "/", _TYPE_OF_FOLDER), b"")
            elif member.header.issym():
                target = member.header.linkname.encode("utf-8", "surrogateescape")
                packed.writestr(_zip_header(member.header, "", _TYPE_OF_LINK), target)
            else:
                header = _zip_header(member.header, "", _TYPE_OF_FILE)
                with packed.open(header, "w", force_zip64=member.header.size >= zipfile.ZIP64_LIMIT) as file:
                    for chunk in member.chunks:
                        file.write(chunk)
                        yield sink.taken()
            yield sink.taken()
    yield sink.taken()


def _zip_header(header: tarfile.TarInfo, ending: str, kind: int) -> zipfile.ZipInfo:
    """A name that is not UTF-8 gets U+FFFD for what is not, since a zip has no other way to hold it."""
    name = header.name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    info = zipfile.ZipInfo(name.rstrip("/") + ending, _zip_time(header.mtime))
    info.create_system = _UNIX
    info.compress_type = zipfile.ZIP_DEFLATED
    info.external_attr = (kind | header.mode) << 16 | (_FOLDER_OF_DOS if ending else 0)
    info.file_size = header.size
    return info


def _zip_time(seconds: float) -> tuple[int, int, int, int, int, int]:
    """A zip knows the years from 1980 to 2107."""
    at = datetime.fromtimestamp(seconds, UTC)
    if at.year < _FIRST_YEAR_OF_ZIP:
        return (_FIRST_YEAR_OF_ZIP, 1, 1, 0, 0, 0)
    if at.year > _LAST_YEAR_OF_ZIP:
        return (_LAST_YEAR_OF_ZIP, 12, 31, 23, 59, 58)
    return (at.year, at.month, at.day, at.hour, at.minute, at.second)
