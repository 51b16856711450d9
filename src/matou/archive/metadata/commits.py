"""What a metadata repository says of the commits of change requests: which of them are saved, and what keeps them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import msgspec

from matou.archive.metadata.json_form import DamagedMetadata
from matou.archive.metadata.reader import MetadataTree
from matou.model.decodable import decodable
from matou.model.decoding_faults import NOT_DECODED, fault_of_json
from matou.model.metadata.kinds import CHANGE
from matou.model.names import ObjectId

PRESENT: Final = "present"

_MENTIONED: Final = b'"present"'
"""Decoding takes ten times as long as a look for these bytes, and of most change requests nothing is to be seen to."""


@dataclass(frozen=True, slots=True)
class SavedCommits:
    """The commits of a change request that are saved.

    Attributes:
        number: the change request's.
        head: the last of them.
        ref: what names it: one of the source, or one of ours; None where other refs lead to it.
    """

    number: str
    head: ObjectId
    ref: str | None


class _Head(msgspec.Struct, frozen=True):
    commit: str | None = None


class _Change(msgspec.Struct, frozen=True):
    number: str
    head: _Head
    commits: str | None = None
    commits_ref: str | None = None


def saved_commits(tree: MetadataTree) -> Iterator[SavedCommits]:
    """Of each change request whose commits are saved. Raises as `MetadataTree` does."""
    for path in tree.paths(CHANGE):
        content = tree.read(path) or b""
        if _MENTIONED not in content:
            continue
        change = _decoded(content, path)
        if change.commits == PRESENT and change.head.commit is not None:
            yield SavedCommits(change.number, ObjectId(change.head.commit), change.commits_ref)


def _decoded(content: bytes, path: str) -> _Change:
    try:
        return msgspec.json.decode(content, type=decodable(_Change))
    except NOT_DECODED as error:
        raise DamagedMetadata("{path} cannot be read: {reason}", path=path, reason=fault_of_json(error)) from error
