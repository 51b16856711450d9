"""Snapshots and LFS lists as text (docs/archive-format.md, "Blobs"); their writing half is `RefListing.text`."""

from collections.abc import Mapping
from typing import NoReturn

from matou.archive.layout import Archive
from matou.archive.manifest import RepositoryLine
from matou.errors import Damaged
from matou.model.names import InvalidName, ObjectId, RefName, object_id
from matou.model.refs import RefListing


class MalformedText(Damaged):
    """A snapshot or an LFS list that does not read as one."""


def parse_snapshot(text: bytes) -> RefListing:
    """Read a snapshot; peeled values are not part of it.

    Raises:
        MalformedText: a line is not what the format says, or the last one was cut off.
    """
    refs: dict[RefName, ObjectId] = {}
    head: RefName | None = None
    detached_head: ObjectId | None = None
    for number, line in enumerate(_lines(text), start=1):
        value, space, name = line.partition(" ")
        if not space or not name or name in refs or (name == "HEAD" and number > 1):
            _refuse(number, line)
        if name != "HEAD":
            refs[RefName(name)] = _object_id(number, value)
        elif value.startswith("@"):
            head = RefName(value[1:])
        else:
            detached_head = _object_id(number, value)
    return RefListing(refs, head=head, detached_head=detached_head)


def saved_refs(archive: Archive, line: RepositoryLine) -> RefListing | None:
    """The refs that the archive has of a repository, without those that could not be stored.

    Raises:
        Damaged: the snapshot is not what was written.
        NotFound: it is missing.
    """
    if line.snapshot is None:
        return None
    listing = parse_snapshot(archive.blobs.read(line.snapshot))
    left_out = frozenset(line.not_stored)
    if not left_out:
        return listing
    refs = {name: oid for name, oid in listing.refs.items() if name not in left_out}
    return RefListing(refs, head=listing.head, detached_head=listing.detached_head)


def lfs_list_text(sizes_bytes: Mapping[str, int]) -> bytes:
    """The text of an LFS list: what each object id weighs."""
    return "".join(f"{oid} {size}\n" for oid, size in sorted(sizes_bytes.items())).encode()


def parse_lfs_list(text: bytes) -> dict[str, int]:
    """Read an LFS list: object id to bytes. Raises MalformedText."""
    sizes_bytes: dict[str, int] = {}
    for number, line in enumerate(_lines(text), start=1):
        oid, _, size = line.partition(" ")
        if len(_object_id(number, oid)) != 64 or not (size.isascii() and size.isdigit()):
            _refuse(number, line)
        sizes_bytes[oid] = int(size)
    return sizes_bytes


def _lines(text: bytes) -> list[str]:
    lines = text.decode("utf-8", "surrogateescape").split("\n")
    if lines.pop():
        raise MalformedText("a list of refs or LFS objects was cut off after {length} bytes", length=len(text))
    return lines


def _object_id(number: int, text: str) -> ObjectId:
    try:
        return object_id(text)
    except InvalidName:
        _refuse(number, text)


def _refuse(number: int, line: str) -> NoReturn:
    raise MalformedText("line {number} of a list is {line}", number=number, line=repr(line)[:200])
