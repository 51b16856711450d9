"""Files that people attach to a repository: pictures, logs, documents.

A file is read under its own id, through its repository: that the archive has its blob gives nobody access to it.
"""

import unicodedata
from pathlib import Path
from typing import NamedTuple
from uuid import UUID, uuid4

from matou.db import uploads
from matou.db.repositories import Repository
from matou.db.uploads import Upload
from matou.errors import Invalid, NotFound
from matou.forge.access import Authorized, MayReadCode, MayUpload, NotAllowed
from matou.forge.forge import Forge
from matou.forge.repositories.events import record_event
from matou.model.events import EventKind
from matou.model.file_types import ANYTHING, FileType, type_of
from matou.model.names import LONGEST_SEGMENT_BYTES, fault_of_segment

LARGEST_UPLOAD_BYTES = 20 * 1024 * 1024
_NAMELESS = "file"
_LONGEST_ENDING = 20
_NOT_IN_NAMES = frozenset('<>:"/\\|?*%')
_TYPE_BYTES = 4096


class EmptyUpload(Invalid):
    """A file without a byte."""


class UploadTooLarge(Invalid):
    """A file of more than LARGEST_UPLOAD_BYTES."""


class UnwantedType(Invalid):
    """A file that is nothing of what may be uploaded."""


class NoSuchUpload(NotFound):
    """This repository has none of that id and name; whether another one does is nobody's business."""


class StoredFile(NamedTuple):
    """An upload as it lies on disk; its bytes are not checked."""

    upload: Upload
    path: Path
    type: FileType


def receive_upload(forge: Forge, granted: Authorized[Repository, MayUpload], name: str, content: bytes) -> Upload:
    """Store a file, durably. The same file sent twice is two uploads.

    Args:
        name: what the sender calls it; it is kept as far as it can be a file's name.

    Raises:
        EmptyUpload, UploadTooLarge, UnwantedType: nothing is stored.
        DiskFull: nothing is stored.
        ForeignKeyViolation: the repository was deleted meanwhile.
    """
    user = granted.identity.user
    if user is None:
        raise NotAllowed("only an account can upload a file")
    _require_accepted(content)
    # All of it is written even where the archive has the blob: how long it takes tells nobody what others have.
    blob = forge.archive.blobs.put_stream((content,))
    now = forge.now()
    upload = Upload(uuid4(), granted.subject.id, user.id, clean_name(name), blob, len(content), now)
    with forge.database.begin_write() as connection:
        uploads.insert_upload(connection, upload)
        details = {"path": path_of(upload), "size": len(content)}
        record_event(connection, granted.subject.id, user, EventKind.UPLOADED, details, now)
    return upload


def open_upload(forge: Forge, granted: Authorized[Repository, MayReadCode], upload_id: UUID, name: str) -> StoredFile:
    """Raises NoSuchUpload, also where the blob is missing from the archive."""
    with forge.database.begin_read() as connection:
        upload = uploads.find_upload(connection, granted.subject.id, upload_id)
    if upload is None or upload.name != name or not forge.archive.blobs.has(upload.blob):
        raise NoSuchUpload("{repository} has no such file", repository=repr(str(granted.subject.path)))
    with forge.archive.blobs.open(upload.blob) as file:
        file_type = type_of(file.read(_TYPE_BYTES))
    return StoredFile(upload, forge.archive.blob_file(upload.blob), file_type or ANYTHING)


def path_of(upload: Upload) -> str:
    """Below the repository, as GitCode writes it."""
    return f"uploads/{upload.id}/{upload.name}"


def clean_name(name: str) -> str:
    """The last part of a path as a file's name on every system: letters of any script stay, what is reserved goes."""
    last = unicodedata.normalize("NFC", name).replace("\\", "/").rstrip("/").rpartition("/")[2]
    plain = "".join("_" if character in _NOT_IN_NAMES else character for character in last if _is_plain(character))
    cleaned = _shortened(plain.lstrip("-. ").rstrip(". "))
    if not cleaned:
        return _NAMELESS
    return cleaned if fault_of_segment(cleaned) is None else f"_{cleaned}_"


def _is_plain(character: str) -> bool:
    category = unicodedata.category(character)
    return character == " " or category[0] not in "CZ"


def _shortened(name: str) -> str:
    """To what a file's name may have, its ending kept; two bytes are left for what may have to be put around it."""
    most = LONGEST_SEGMENT_BYTES - 2
    if len(name.encode()) <= most:
        return name
    stem, dot, ending = name.rpartition(".")
    suffix = dot + ending if stem and len(ending.encode()) <= _LONGEST_ENDING else ""
    beginning = name.encode()[: most - len(suffix.encode())].decode(errors="ignore")
    return beginning.rstrip(". ") + suffix


def _require_accepted(content: bytes) -> None:
    if not content:
        raise EmptyUpload("the file is empty")
    if len(content) > LARGEST_UPLOAD_BYTES:
        raise UploadTooLarge(
            "the file has {size} bytes; {most} may be uploaded", size=len(content), most=LARGEST_UPLOAD_BYTES
        )
    if type_of(content) is None:
        raise UnwantedType("a file of this type may not be uploaded")
