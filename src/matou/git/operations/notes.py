"""What git-notes(1) says of a commit: found in the notes' tree, however it is fanned out."""

from typing import Final

import pygit2

from matou.git.odb.blobs import read_blob
from matou.git.odb.objects import EntryKind, MissingObject, TooLargeToRead, TreePath, entry_at, find_commit
from matou.model.names import ObjectId, RefName

NOTES: Final = RefName("refs/notes/commits")
LARGEST_NOTE_BYTES: Final = 64 * 1024
_DEEPEST_FAN_OUT: Final = 4


def find_note(repository: pygit2.Repository, notes: ObjectId, of: ObjectId) -> str | None:
    """The note of an object; None where there is none, or it is longer than is shown.

    Args:
        notes: the commit that NOTES names.
    """
    try:
        root = find_commit(repository, notes).tree
        for path in _places(of):
            entry = entry_at(repository, root, path)
            if entry is not None and entry.kind is EntryKind.FILE:
                return read_blob(repository, entry.id, largest_bytes=LARGEST_NOTE_BYTES).decode("utf-8", "replace")
    except (MissingObject, TooLargeToRead):
        return None
    return None


def _places(of: ObjectId) -> list[TreePath]:
    """`ab/cd/ef…`, with no folder, one, or more."""
    heads = [of[begin : begin + 2] for begin in range(0, 2 * _DEEPEST_FAN_OUT, 2)]
    return [TreePath((*heads[:depth], of[2 * depth :])) for depth in range(_DEEPEST_FAN_OUT)]
