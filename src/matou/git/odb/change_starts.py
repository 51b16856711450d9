"""Where what a change request proposes begins, as far as the objects that are there can tell."""

import re
from collections.abc import Iterator
from typing import Final

import pygit2

from matou.errors import NotFound
from matou.git.odb.objects import Commit, find_commit
from matou.model.metadata import ChangeRequest
from matou.model.names import ObjectId

_NAME: Final = re.compile(r"[0-9a-f]{40}\Z")
"""Of a commit; others are named by SHA-256, and cannot be looked at."""


def find_start(objects: pygit2.Repository, change: ChangeRequest, tip: str | None) -> ObjectId | None:
    """The merge base of its head and of the side that it is to be merged into; None where that cannot be known.

    Args:
        tip: of the branch that it is to be merged into, where there is one today.
    """
    head = change.head.commit
    found = (_common(objects, base, head) for base in _bases(objects, change, tip))
    return next((base for base in found if base not in (None, head)), None)


def commit_named(objects: pygit2.Repository, name: str | None) -> Commit | None:
    """None for one that is not there."""
    if name is None or not _NAME.match(name):
        return None
    try:
        return find_commit(objects, ObjectId(name))
    except NotFound:
        return None


def _bases(objects: pygit2.Repository, change: ChangeRequest, tip: str | None) -> Iterator[str]:
    """Candidates, the surest first."""
    yield from filter(None, (change.merge_base, change.base.commit))
    merged = commit_named(objects, change.merge_commit)
    if merged is not None and merged.parents:
        yield merged.parents[0]
    if tip is not None:
        yield tip


def _common(objects: pygit2.Repository, one: str, other: str | None) -> ObjectId | None:
    if other is None or commit_named(objects, one) is None or commit_named(objects, other) is None:
        return None
    try:
        found: pygit2.Oid | None = objects.merge_base(one, other)
    except (KeyError, pygit2.GitError):
        # A history with a hole in it.
        return None
    return None if found is None else ObjectId(str(found))
