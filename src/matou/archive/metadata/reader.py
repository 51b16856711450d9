"""Reading a metadata repository: an item, a kind, all of it, at any commit; memory holds an item at a time."""

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import pygit2

from matou.archive.metadata.about import About, decode_about
from matou.archive.metadata.items import read_item, read_outline
from matou.archive.metadata.json_form import decode_table
from matou.archive.metadata.tree_paths import ABOUT, attachment_folder, is_first_part, part_of, path_of
from matou.errors import Damaged
from matou.git.odb.blobs import blob_size, read_blob
from matou.git.odb.objects import Commit, find_commit, open_repository
from matou.git.operations.lfs import LfsPointer, parse_pointer
from matou.git.operations.tree_update import TreeLookup, TreeUpdate
from matou.git.refs.listing import read_refs
from matou.model.metadata import MetadataValue
from matou.model.metadata.kinds import ASSET, ATTACHMENT, KINDS, MetadataKind, TreeLayout
from matou.model.names import ObjectId, RefName

MAIN: Final = RefName("refs/heads/main")

LARGEST_FILE_BYTES: Final = 512 * 1024 * 1024
"""Of what is read into memory; nothing of ours comes near it but a list of people, or one comment."""


class MetadataTree:
    """What a metadata repository holds at one commit; for one thread.

    Raises:
        DamagedMetadata: in any method, where a file is not what was written.
        Damaged: likewise, where an object cannot be read.
    """

    def __init__(self, repository: pygit2.Repository, commit: Commit) -> None:
        self._repository = repository
        self._root = commit.tree
        self._lookup = TreeLookup(repository, commit.tree)
        self.saved_at = commit.committer.at
        """When the run began that wrote it."""

    @cached_property
    def _tree(self) -> TreeUpdate:
        """For all of it: its folders are read whole."""
        return TreeUpdate(self._repository, self._root)

    @property
    def about(self) -> About:
        """Raises NewerMetadata, too, where a later Matou wrote it in another form."""
        content = self.read(ABOUT)
        if content is None:
            raise Damaged("{path} is not there", path=ABOUT)
        return decode_about(content)

    def read(self, path: str) -> bytes | None:
        """The content of a file; None where there is none."""
        blob = self._lookup.find(path)
        return None if blob is None else read_blob(self._repository, blob, largest_bytes=LARGEST_FILE_BYTES)

    def files(self) -> dict[str, ObjectId]:
        """Every file by its path, with the id of its content: two trees are the same exactly if these are."""
        return {path: blob for path in self._tree.files() if (blob := self._tree.find(path)) is not None}

    def item(self, kind: MetadataKind, key: str) -> MetadataValue | None:
        """One item; None where there is none of this key."""
        if kind.layout is TreeLayout.TABLE:
            return self.table(kind).get(key)
        return self.item_at(kind, path_of(kind, key))

    def item_at(self, kind: MetadataKind, path: str) -> MetadataValue | None:
        """The item whose file, or whose first file, this is; None where there is none."""
        return read_item(kind, path, self.read)

    def size_of(self, kind: MetadataKind, key: str) -> int:
        """How many bytes the files of an item have that has any of its own; 0 where there is none of this key."""
        path, size_bytes, number = path_of(kind, key), 0, 1
        while (blob := self._lookup.find(part_of(path, number))) is not None:
            size_bytes += blob_size(self._repository, blob)
            number += 1
        return size_bytes

    def outline(self, kind: MetadataKind, key: str) -> MetadataValue | None:
        """As `item`, of a kind whose items have files of their own, without what was said on it and done to it."""
        return read_outline(kind, path_of(kind, key), self.read)

    def outline_at(self, kind: MetadataKind, path: str) -> MetadataValue | None:
        """As `outline`, of the item whose file, or whose first file, this is."""
        return read_outline(kind, path, self.read)

    def has_attachment(self, sha256: str) -> bool:
        """Whether an item names a file of this digest, whatever it is called."""
        return self._lookup.has_folder(attachment_folder(sha256))

    def blob_at(self, path: str) -> ObjectId | None:
        """What a file's content is called; None where there is no such file."""
        return self._lookup.find(path)

    def items(self, kind: MetadataKind) -> Iterator[MetadataValue]:
        """Every item of a kind, in the order of the files' names."""
        if kind.layout is TreeLayout.TABLE:
            yield from self.table(kind).values()
            return
        for path in self.paths(kind):
            found = read_item(kind, path, self.read)
            if found is not None:
                yield found

    def paths(self, kind: MetadataKind) -> Iterator[str]:
        """The file, or the first file, of each item of a kind that has files of its own."""
        for path in self._tree.files(kind.place):
            if kind.layout is not TreeLayout.NUMBERED or is_first_part(path):
                yield path

    def table(self, kind: MetadataKind) -> dict[str, Any]:
        """All of a kind that stands in one file, by key: values of the kind, or JSON where it has no class."""
        content = self.read(kind.place)
        return {} if content is None else decode_table(kind.value, content, path=kind.place)

    def pointers(self) -> Iterator[tuple[str, LfsPointer]]:
        """Every attachment and asset, by its path, as a pointer to a blob."""
        for kind in (ATTACHMENT, ASSET):
            for path in self.paths(kind):
                pointer = parse_pointer(self.read(path) or b"")
                if pointer is None:
                    raise Damaged("{path} is no pointer of git-lfs", path=path)
                yield path, pointer

    def read_all(self) -> None:
        """Read every item once. Raises as above where one is not what was written."""
        _ = self.about
        for kind in KINDS.values():
            if kind.layout is TreeLayout.TABLE:
                self.table(kind)
            elif kind.value is not None:
                for _ in self.items(kind):
                    pass


def open_metadata(git_dir: Path, *, commit: ObjectId | None = None) -> MetadataTree:
    """Open a metadata repository at a commit, which the line of a manifest names; None for what it has now.

    Raises:
        UnreadableRepository: there is none.
        MissingObject: it has no such commit.
        Damaged: its refs cannot be read.
    """
    repository = open_repository(git_dir)
    found = main_commit(git_dir) if commit is None else commit
    if found is None:
        raise Damaged("{repository} has no branch main", repository=git_dir)
    return MetadataTree(repository, find_commit(repository, found))


def main_commit(git_dir: Path) -> ObjectId | None:
    """What main names now; None where there is no repository, or nothing in it yet. Raises Damaged."""
    return read_refs(git_dir).refs.get(MAIN) if (git_dir / "HEAD").exists() else None


def differing_paths(one: MetadataTree, other: MetadataTree) -> tuple[str, ...]:
    """The files that two trees do not share, byte for byte: none where one was rightly made again from records."""
    files, others = one.files(), other.files()
    return tuple(sorted(path for path in files.keys() | others.keys() if files.get(path) != others.get(path)))
