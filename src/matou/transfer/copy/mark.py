"""The mark that makes a folder or a part of a bucket a copy: of which archive, in which form, under which key."""

from datetime import datetime
from enum import Enum
from uuid import UUID

import msgspec

from matou.credentials.derivation import Derivation
from matou.errors import Conflict, Damaged, Invalid, NotFound
from matou.model.decodable import decodable
from matou.model.decoding_faults import NOT_DECODED, fault_of_json
from matou.storage.base import Store
from matou.transfer.copy.catalogue import COPY_FORMAT, LONGEST_MARK_BYTES, MARK_KEY


class CopyForm(Enum):
    """What the names in a store are."""

    FOLDER = "folder"
    """Paths of an archive: it is one, and refs are written over."""
    OBJECTS = "objects"
    """Nothing is ever written over: what changes has its digest in its name."""


class SealingKey(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The key of a sealed copy, itself sealed under one that is made of a passphrase."""

    derivation: Derivation
    nonce: bytes
    sealed: bytes


class CopyMark(msgspec.Struct, frozen=True, kw_only=True):
    """What `copy/copy.json` says; written first, and never again."""

    format: int
    archive: UUID
    created_at: datetime
    form: CopyForm
    key: SealingKey | None = None


class NotACopy(NotFound):
    """There is no copy."""


class ForeignDestination(Conflict):
    """Something that is no copy of this archive stands where one was to be made."""


class NewerCopyFormat(Invalid):
    """A copy that a later Matou wrote."""


def read_mark(store: Store, *, name: str) -> CopyMark | None:
    """None where there is none. Raises Damaged, NewerCopyFormat."""
    try:
        with store.open(MARK_KEY) as file:
            content = file.read(LONGEST_MARK_BYTES)
    except NotFound:
        return None
    try:
        mark = msgspec.json.decode(content, type=decodable(CopyMark))
    except NOT_DECODED as error:
        raise Damaged(
            "{name} cannot be read: {reason}", name=f"{name}/{MARK_KEY}", reason=fault_of_json(error)
        ) from error
    if mark.format != COPY_FORMAT:
        raise NewerCopyFormat(
            "{name} was written by a newer Matou", name=name, advice="Nothing was touched. Use a newer Matou."
        )
    return mark


def write_mark(store: Store, mark: CopyMark) -> None:
    store.create(MARK_KEY, msgspec.json.encode(mark) + b"\n")
