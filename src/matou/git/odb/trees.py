"""Trees as lists: one folder, or everything below it, within limits that hold whatever the trees say.

84 KB of trees that name one another can stand for millions of files: the limits are on what is listed.
"""

import re
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import pygit2
from pygit2.enums import ObjectType

from matou.errors import Damaged
from matou.git.odb.objects import (
    DEEPEST_TAG,
    KIND_OF_MODE,
    EntryKind,
    MissingObject,
    TooLargeToRead,
    find_commit,
    find_tag,
    read_content,
    read_header,
    require_kind,
)
from matou.model.names import ObjectId
from matou.settings import MEBIBYTE

MOST_ENTRIES: Final = 100_000
LARGEST_LISTING_BYTES: Final = 16 * MEBIBYTE
LARGEST_TREE_BYTES: Final = 16 * MEBIBYTE
LONGEST_PATH_BYTES: Final = 4096

_ID_BYTES: Final = 20
_FOLDER: Final = 0o040000
# git's tree.c: a mode in octal, which old tools led in with zeros, a space, a name, a NUL, and the object id as bytes.
_ENTRY: Final = re.compile(rb"([0-7]{5,8}) ([^\0]+)\0(.{20})", re.DOTALL)


class ListingTooLong(TooLargeToRead):
    """A tree holds more than is listed."""


@dataclass(frozen=True, slots=True)
class ListedEntry:
    """`path` is from the root of what was listed, as bytes: no encoding is sure."""

    id: ObjectId
    path: bytes
    mode: int

    @property
    def kind(self) -> EntryKind:
        return KIND_OF_MODE.get(self.mode, EntryKind.FILE)


@dataclass(frozen=True, slots=True)
class TreeListing:
    """A tree's entries in git's own order, each folder before what is in it; packed, since it is kept in memory."""

    content: bytes
    ends: "array[int]"

    def __len__(self) -> int:
        return len(self.ends)

    def __iter__(self) -> Iterator[ListedEntry]:
        return self.page(0, len(self))

    def page(self, offset: int, limit: int) -> Iterator[ListedEntry]:
        begin = self.ends[offset - 1] if 0 < offset <= len(self) else 0
        for end in self.ends[offset : offset + limit]:
            mode, _, path = self.content[begin : end - _ID_BYTES].partition(b" ")
            yield ListedEntry(ObjectId(self.content[end - _ID_BYTES : end].hex()), path, int(mode, 8))
            begin = end

    @property
    def size_bytes(self) -> int:
        return len(self.content) + len(self.ends) * self.ends.itemsize


def find_tree(repository: pygit2.Repository, start: ObjectId) -> ObjectId:
    """The tree that an object id names: a tree itself, a commit's, or that behind an annotated tag.

    Raises:
        MissingObject: there is no such object, or no tree stands behind it.
    """
    name = start
    for _ in range(DEEPEST_TAG):
        kind, _size = read_header(repository, name)
        if kind == ObjectType.TREE:
            return name
        if kind == ObjectType.COMMIT:
            return find_commit(repository, name).tree
        tag = find_tag(repository, name)
        if tag is None:
            break
        name = tag.target
    raise MissingObject("{id} does not stand for a tree", id=start)


def list_tree(repository: pygit2.Repository, tree: ObjectId, *, recursive: bool) -> TreeListing:
    """Everything in a tree, or everything below it; submodules and symbolic links are entries and not followed.

    Raises:
        MissingObject: there is no such tree.
        ListingTooLong: it holds more than MOST_ENTRIES, or paths that are too long in all or each.
    """
    listed = _Listed()
    reader = _Reader(repository)
    open_folders = [(b"", reader.entries(tree))]
    while open_folders:
        prefix, entries = open_folders[-1]
        for mode, name, oid in entries:
            path = prefix + name
            listed.add(mode, path, oid)
            if recursive and int(mode, 8) == _FOLDER:
                open_folders.append((path + b"/", reader.entries(ObjectId(oid.hex()))))
                break
        else:
            open_folders.pop()
    return listed.listing()


@dataclass(slots=True)
class _Listed:
    """What was listed so far."""

    content: bytearray = field(default_factory=bytearray)
    ends: "array[int]" = field(default_factory=lambda: array("I"))

    def add(self, mode: bytes, path: bytes, oid: bytes) -> None:
        if len(self.ends) >= MOST_ENTRIES:
            raise ListingTooLong("the tree has more than the {limit} entries that are listed", limit=MOST_ENTRIES)
        if len(path) > LONGEST_PATH_BYTES:
            raise ListingTooLong("a path in the tree has more than {limit} bytes", limit=LONGEST_PATH_BYTES)
        self.content += b"%b %b%b" % (mode, path, oid)
        if len(self.content) > LARGEST_LISTING_BYTES:
            raise ListingTooLong("the paths in the tree have more than {limit} bytes", limit=LARGEST_LISTING_BYTES)
        self.ends.append(len(self.content))

    def listing(self) -> TreeListing:
        return TreeListing(bytes(self.content), self.ends)


@dataclass(slots=True)
class _Reader:
    """Reads trees one by one. `held_bytes` is what is in memory of those that are not read to their end."""

    repository: pygit2.Repository
    held_bytes: int = 0

    def entries(self, tree: ObjectId) -> Iterator[tuple[bytes, bytes, bytes]]:
        """Mode, name and object id of each entry. Raises Damaged where the tree is none."""
        require_kind(self.repository, tree, (ObjectType.TREE,), largest_bytes=LARGEST_TREE_BYTES - self.held_bytes)
        content = read_content(self.repository, tree)
        self.held_bytes += len(content)
        end = 0
        # Anchored: a search would try every place of a tree that is none.
        while (entries := _ENTRY.match(content, end)) is not None:
            end = entries.end()
            mode, name, oid = entries.groups()
            yield mode, name, oid
        self.held_bytes -= len(content)
        if end != len(content):
            raise Damaged("tree {id} is not one", id=tree)
