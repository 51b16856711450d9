"""What a repository holds at a revision: folders, files, and blobs by their ids.

Whoever may read the repository may read any object in its own store by its id, as git's protocol version 2 gives it
(docs/decisions/server.md); no other repository's objects are looked at.
"""

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Final

import pygit2

from matou.caching import SizedCache
from matou.db.repositories import Repository, RepositoryId
from matou.forge.access import Authorized, MayReadCode
from matou.forge.content.abbreviations import find_revision, known_revision
from matou.forge.content.references import ref_listing
from matou.forge.content.revisions import BRANCHES, NoSuchRevision
from matou.forge.forge import Forge
from matou.git.odb.blobs import blob_size, read_blob, stream_blob
from matou.git.odb.objects import (
    EntryKind,
    MissingObject,
    MissingPath,
    TooLargeToRead,
    TreeEntry,
    TreePath,
    entry_at,
    open_repository,
)
from matou.git.odb.trees import TreeListing, find_tree, list_tree
from matou.git.wire.server import head_object
from matou.model.names import InvalidName, ObjectId, RefName, object_id
from matou.settings import MEBIBYTE

LARGEST_WHOLE_BYTES: Final = MEBIBYTE
"""Of a file that is taken into memory; larger ones are streamed."""

MOST_IN_A_FOLDER: Final = 10_000
MOST_REMEMBERED_BYTES: Final = 24 * MEBIBYTE
_OVERHEAD_BYTES: Final = 500

_IN_A_FOLDER = (EntryKind.FILE, EntryKind.EXECUTABLE, EntryKind.SYMLINK)


@dataclass(frozen=True, slots=True)
class TreeListEntry:
    """What stands in a tree. `path` is from the root of the repository, as bytes: no encoding is sure."""

    id: ObjectId
    path: bytes
    kind: EntryKind
    mode: int


@dataclass(frozen=True, slots=True)
class SizedEntry:
    """An entry with the size of its content; 0 for a folder and a submodule."""

    id: ObjectId
    path: bytes
    kind: EntryKind
    size_bytes: int


@dataclass(frozen=True, slots=True)
class FileContent:
    """A file, with its content where that is no longer than was asked for."""

    entry: SizedEntry
    content: bytes | None


class TreeCache:
    """Trees that were listed. By repository too, since an id says nothing of who may read; safe between threads."""

    def __init__(self, most_bytes: int = MOST_REMEMBERED_BYTES) -> None:
        self._listings: SizedCache[tuple[RepositoryId, ObjectId, bool], TreeListing] = SizedCache(
            most_bytes, size_of=lambda listing: listing.size_bytes + _OVERHEAD_BYTES
        )

    def list(
        self, opened: pygit2.Repository, repository: RepositoryId, tree: ObjectId, *, recursive: bool
    ) -> TreeListing:
        key = (repository, tree, recursive)
        listing = self._listings.get(key)
        if listing is None:
            listing = list_tree(opened, tree, recursive=recursive)
            self._listings.put(key, listing)
        return listing


def object_at(forge: Forge, granted: Authorized[Repository, MayReadCode], revision: str) -> ObjectId:
    """What a revision names; an empty one is HEAD, or the default branch of the settings where HEAD names nothing.

    Cheap unless it is an id cut short: the refs are in memory. A whole object id is not looked for.

    Raises:
        NoSuchRevision: there is no such branch, tag or full ref name, or no commit at all yet.
        AmbiguousRevision, HistoryTooLong: as `find_revision`.
    """
    return find_revision(forge, granted, revision) if revision else _default_object(forge, granted)


def known_object_at(forge: Forge, granted: Authorized[Repository, MayReadCode], revision: str) -> ObjectId | None:
    """The same, cheap for every revision: None for an id cut short that git must be asked. Raises NoSuchRevision."""
    return known_revision(forge, granted, revision) if revision else _default_object(forge, granted)


def _default_object(forge: Forge, granted: Authorized[Repository, MayReadCode]) -> ObjectId:
    listing = ref_listing(forge, granted)
    oid = head_object(listing) or listing.refs.get(RefName(f"{BRANCHES}{granted.subject.default_branch}"))
    if oid is None:
        raise NoSuchRevision(
            "the repository has no commit yet" if listing.is_empty else "the repository has no default branch"
        )
    return oid


def list_entries(
    forge: Forge,
    granted: Authorized[Repository, MayReadCode],
    start: ObjectId,
    *,
    below: TreePath | None,
    recursive: bool,
    offset: int,
    limit: int,
) -> tuple[tuple[TreeListEntry, ...], int]:
    """A page of a folder, or of everything below it, and how many entries there are in all.

    Raises:
        MissingObject: `start` stands for no tree.
        MissingPath: there is no such folder.
        ListingTooLong: there is more than is listed.
    """
    opened = open_repository(forge.git_dir(granted.subject))
    listing = forge.memory(TreeCache).list(
        opened, granted.subject.id, _folder(opened, start, below), recursive=recursive
    )
    prefix = b"" if below is None else below.encoded + b"/"
    page = listing.page(offset, limit)
    return tuple(TreeListEntry(each.id, prefix + each.path, each.kind, each.mode) for each in page), len(listing)


def tree_at(forge: Forge, granted: Authorized[Repository, MayReadCode], start: ObjectId) -> ObjectId:
    """Of a commit, or of a tag of one, its tree. Raises MissingObject."""
    return find_tree(open_repository(forge.git_dir(granted.subject)), start)


def with_sizes(
    forge: Forge, granted: Authorized[Repository, MayReadCode], entries: Sequence[TreeListEntry]
) -> tuple[SizedEntry, ...]:
    opened = open_repository(forge.git_dir(granted.subject))
    return tuple(_located(opened, each.id, each.path, each.kind) for each in entries)


def file_paths(
    forge: Forge, granted: Authorized[Repository, MayReadCode], start: ObjectId, *, holding: str
) -> tuple[bytes, ...]:
    """The paths of all files, links among them, that hold a text. Raises MissingObject, ListingTooLong."""
    opened = open_repository(forge.git_dir(granted.subject))
    listing = forge.memory(TreeCache).list(opened, granted.subject.id, find_tree(opened, start), recursive=True)
    needle = holding.encode()
    return tuple(each.path for each in listing if needle in each.path and each.kind in _IN_A_FOLDER)


def list_folder(
    forge: Forge, granted: Authorized[Repository, MayReadCode], start: ObjectId, path: TreePath | None
) -> tuple[SizedEntry, ...] | None:
    """What stands in a folder, with sizes; None where the path is there and is no folder.

    Raises:
        MissingObject: `start` stands for no tree.
        MissingPath: nothing is there.
        TooLargeToRead: it holds more than MOST_IN_A_FOLDER.
    """
    opened = open_repository(forge.git_dir(granted.subject))
    root = find_tree(opened, start)
    if path is not None and _entry(opened, root, path, start).kind is not EntryKind.FOLDER:
        return None
    listing = forge.memory(TreeCache).list(opened, granted.subject.id, _folder(opened, root, path), recursive=False)
    if len(listing) > MOST_IN_A_FOLDER:
        raise TooLargeToRead("the folder holds more than {limit} entries", limit=MOST_IN_A_FOLDER)
    prefix = b"" if path is None else path.encoded + b"/"
    return tuple(_located(opened, each.id, prefix + each.path, each.kind) for each in listing)


def read_file(
    forge: Forge, granted: Authorized[Repository, MayReadCode], start: ObjectId, path: TreePath, *, largest_bytes: int
) -> FileContent:
    """What stands at a path, and its content if it has no more than `largest_bytes`; a link is not followed.

    Raises:
        MissingObject: `start` stands for no tree.
        MissingPath: nothing is there.
    """
    opened = open_repository(forge.git_dir(granted.subject))
    root = find_tree(opened, start)
    entry = _entry(opened, root, path, start)
    return _file(opened, _located(opened, entry.id, path.encoded, entry.kind), largest_bytes)


def find_file(
    forge: Forge, granted: Authorized[Repository, MayReadCode], start: ObjectId, path: TreePath
) -> SizedEntry:
    """What stands at a path, without its content. Raises as `read_file`."""
    opened = open_repository(forge.git_dir(granted.subject))
    entry = _entry(opened, find_tree(opened, start), path, start)
    return _located(opened, entry.id, path.encoded, entry.kind)


def _file(opened: pygit2.Repository, entry: SizedEntry, largest_bytes: int) -> FileContent:
    if entry.kind not in _IN_A_FOLDER or entry.size_bytes > largest_bytes:
        return FileContent(entry, None)
    return FileContent(entry, read_blob(opened, entry.id, largest_bytes=largest_bytes))


def read_blob_by_id(
    forge: Forge, granted: Authorized[Repository, MayReadCode], text: str, *, largest_bytes: int
) -> FileContent:
    """A blob of this repository, which has no path; its content as in `read_file`.

    Raises:
        MissingObject: the text is no object id, or there is no such blob.
    """
    try:
        name = object_id(text.lower())
    except InvalidName:
        raise MissingObject("there is no object {id}", id=repr(text)[:100]) from None
    opened = open_repository(forge.git_dir(granted.subject))
    return _file(opened, _located(opened, name, b"", EntryKind.FILE), largest_bytes)


def stream_file(
    forge: Forge, granted: Authorized[Repository, MayReadCode], blob: ObjectId
) -> Generator[bytes, None, None]:
    """A blob that is there, in pieces, at the reader's pace."""
    return stream_blob(forge.git_dir(granted.subject), blob)


def _folder(opened: pygit2.Repository, start: ObjectId, path: TreePath | None) -> ObjectId:
    root = find_tree(opened, start)
    if path is None:
        return root
    entry = _entry(opened, root, path, start)
    if entry.kind is not EntryKind.FOLDER:
        raise MissingPath("{path} is no folder", path=repr(str(path))[:200])
    return entry.id


def _entry(opened: pygit2.Repository, root: ObjectId, path: TreePath, start: ObjectId) -> TreeEntry:
    entry = entry_at(opened, root, path)
    if entry is None:
        raise MissingPath("{path} is not in {id}", path=repr(str(path))[:200], id=start)
    return entry


def _located(opened: pygit2.Repository, name: ObjectId, path: bytes, kind: EntryKind) -> SizedEntry:
    return SizedEntry(name, path, kind, blob_size(opened, name) if kind in _IN_A_FOLDER else 0)
