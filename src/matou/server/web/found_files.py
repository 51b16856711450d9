"""What stands at a place of a repository: the bytes that git has, or the LFS object that they point to."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from matou.db.repositories import Repository
from matou.forge.access import Authorized, MayReadCode
from matou.forge.content.contents import SizedEntry, read_blob_by_id, stream_file
from matou.forge.push import lfs
from matou.git.odb.objects import EntryKind
from matou.git.operations.lfs import LARGEST_POINTER_BYTES, SMALLEST_POINTER_BYTES, LfsPointer, parse_pointer
from matou.server.web.media_types import BEGINNING_BYTES, MediaKind, media_kind, media_type
from matou.server.web.page import WebRequest

LARGEST_SHOWN_BYTES: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class PointedObject:
    """What a pointer of Git LFS stands for.

    Attributes:
        file: its bytes; None where they cannot be had through this repository: they may come any time.
        is_off: because LFS is switched off for the repository.
    """

    pointer: LfsPointer
    file: Path | None
    is_off: bool = False


@dataclass(frozen=True, slots=True)
class FoundFile:
    """Attributes:
    beginning: as many bytes as tell what it is; of the LFS object where that is there.
    content: all bytes of what git has, where they are few enough to be shown.
    """

    entry: SizedEntry
    beginning: bytes
    content: bytes | None
    pointed: PointedObject | None = None

    @property
    def type(self) -> str:
        return media_type(self.beginning)

    @property
    def kind(self) -> MediaKind:
        return media_kind(self.type)


def find_content(
    view: WebRequest, code: Authorized[Repository, MayReadCode], entry: SizedEntry, pointed: PointedObject | None
) -> FoundFile:
    """Args: pointed: of `pointed_object`, for the same entry."""
    if pointed is not None and pointed.file is not None:
        with pointed.file.open("rb") as file:
            return FoundFile(entry, file.read(BEGINNING_BYTES), None, pointed)
    content = read_blob_by_id(view.forge, code, entry.id, largest_bytes=LARGEST_SHOWN_BYTES).content
    if content is not None:
        return FoundFile(entry, content, content, pointed)
    chunks = stream_file(view.forge, code, entry.id)
    beginning = next(chunks, b"")
    chunks.close()
    return FoundFile(entry, beginning, None)


def pointed_object(
    view: WebRequest, code: Authorized[Repository, MayReadCode], entry: SizedEntry
) -> PointedObject | None:
    """None where the entry is no file, or no pointer."""
    is_file = entry.kind in (EntryKind.FILE, EntryKind.EXECUTABLE)
    if not is_file or not SMALLEST_POINTER_BYTES <= entry.size_bytes <= LARGEST_POINTER_BYTES:
        return None
    content = read_blob_by_id(view.forge, code, entry.id, largest_bytes=LARGEST_POINTER_BYTES).content
    pointer = None if content is None else parse_pointer(content)
    if pointer is None:
        return None
    if not lfs.is_switched_on(view.forge, code):
        return PointedObject(pointer, None, is_off=True)
    try:
        path, _size = lfs.open_object(view.forge, code, pointer.oid)
    except (lfs.NoSuchObject, lfs.InvalidOid):
        return PointedObject(pointer, None)
    return PointedObject(pointer, path)
