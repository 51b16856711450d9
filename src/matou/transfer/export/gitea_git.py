"""The git repository of a dump for Gitea: branches and tags, and the commits of change requests where Gitea looks."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, Self

import pygit2

from matou.archive.manifest import RepositoryLine
from matou.archive.snapshots import saved_refs
from matou.errors import Damaged, NotFound
from matou.git.odb.objects import Commit, find_commit, open_repository
from matou.git.odb.quarantine import OtherObjectFormat
from matou.git.operations.local_fetch import copy_reachable
from matou.git.process.limits import GitFailed
from matou.git.refs.listing import fault_of_foreign_ref
from matou.git.repository import create_bare
from matou.model.metadata import ChangeRequest
from matou.model.names import ObjectId, RefName, RepositoryPath
from matou.model.refs import RefListing
from matou.transfer.export.source import ExportSource

_COPIED: Final = ("refs/heads/", "refs/tags/")
_NAME: Final = re.compile(r"[0-9a-f]{40}\Z")
"""Of a commit; others are named by SHA-256, and cannot be looked at."""


@dataclass
class DumpedRepository:
    """What is saved of the code, and the refs that the dump has more.

    Attributes:
        saved: the refs of the source; none where its code is not saved.
        objects: None where the code is not saved, or its objects are of a kind that cannot be looked at.
    """

    saved: RefListing
    objects: pygit2.Repository | None
    added: dict[RefName, ObjectId] = field(default_factory=dict)

    @classmethod
    def of(cls, source: ExportSource) -> Self:
        """Raises Damaged, NotFound as `saved_refs`, and what `open_repository` raises."""
        listing = saved_refs(source.archive, source.line) if isinstance(source.line, RepositoryLine) else None
        if listing is None:
            return cls(RefListing({}), None)
        try:
            objects = open_repository(source.archive.repository(RepositoryPath.parse(source.path)))
        except OtherObjectFormat:
            return cls(listing, None)
        return cls(listing, objects)

    def head_of(self, change: ChangeRequest, number: int) -> str:
        """The branch that is to be merged; one is made where the change is open and has none in this repository."""
        branch, commit = change.head.branch or "", change.head.commit
        own = RefName(f"refs/heads/{branch}")
        if change.state != "open" or not self.has(commit) or self.saved.refs.get(own) == commit:
            return branch
        made = RefName(f"refs/heads/change-{number}/{branch or 'head'}")
        if not _can_be_made(made):
            made = RefName(f"refs/heads/change-{number}/head")
        self.added[made] = ObjectId(str(commit))
        return made.removeprefix("refs/heads/")

    def add_change(self, change: ChangeRequest, number: int) -> bool:
        """Whether its commits are there: Gitea finds them under `refs/pull/N/head`."""
        if not self.has(change.head.commit):
            return False
        self.added[RefName(f"refs/pull/{number}/head")] = ObjectId(str(change.head.commit))
        return True

    def merge_base(self, change: ChangeRequest) -> str:
        """Where what it changes begins; empty where that cannot be known."""
        found = (self._common(base, change.head.commit) for base in self._bases(change))
        return next((base for base in found if base not in (None, change.head.commit)), None) or ""

    def has(self, commit: str | None) -> bool:
        return commit is not None and self._commit(commit) is not None

    def write(self, source: ExportSource) -> None:
        """Raises Damaged where the archive lacks an object."""
        target = source.folder / "git"
        refs = {name: oid for name, oid in self.saved.refs.items() if name.startswith(_COPIED)} | self.added
        if not refs:
            target.mkdir()
            create_bare(target)
            return
        origin = source.archive.repository(RepositoryPath.parse(source.path))
        target.mkdir()
        try:
            copy_reachable(origin, target, RefListing(refs, head=self.saved.head))
        except GitFailed as error:
            raise Damaged("{repository} cannot be copied: {reason}", repository=source.path, reason=error) from error

    def _bases(self, change: ChangeRequest) -> Iterator[str]:
        """Candidates for the side that it is to be merged into, the surest first."""
        yield from filter(None, (change.merge_base, change.base.commit))
        merged = self._commit(change.merge_commit or "")
        if merged is not None and merged.parents:
            yield merged.parents[0]
        tip = self.saved.refs.get(RefName(f"refs/heads/{change.base.branch}"))
        if tip is not None:
            yield tip

    def _common(self, one: str, other: str | None) -> str | None:
        if self.objects is None or other is None or not self.has(one) or not self.has(other):
            return None
        try:
            found: pygit2.Oid | None = self.objects.merge_base(one, other)
        except (KeyError, pygit2.GitError):
            # A history with a hole in it, which `write` tells of.
            return None
        return None if found is None else str(found)

    def _commit(self, name: str) -> Commit | None:
        if self.objects is None or not _NAME.match(name):
            return None
        try:
            return find_commit(self.objects, ObjectId(name))
        except NotFound:
            return None


def _can_be_made(ref: str) -> bool:
    """Whether each file system takes it; half of a surrogate pair stands for no byte."""
    try:
        ref.encode()
    except UnicodeEncodeError:
        return False
    return fault_of_foreign_ref(ref) is None
