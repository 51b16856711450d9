"""The git repository of what another forge imports: branches, tags, and change requests' commits where it looks."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self

import pygit2

from matou.archive.manifest import RepositoryLine
from matou.archive.snapshots import saved_refs
from matou.errors import Damaged
from matou.git.odb.change_starts import commit_named, find_start
from matou.git.odb.objects import open_repository
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


@dataclass
class DumpedRepository:
    """What is saved of the code, and the refs that the dump has more.

    Attributes:
        saved: the refs of the source; none where its code is not saved.
        objects: None where the code is not saved, or its objects are of a kind that cannot be looked at.
        change_ref: where the target looks for the commits of change request `number`.
    """

    saved: RefListing
    objects: pygit2.Repository | None
    change_ref: str = "refs/pull/{number}/head"
    added: dict[RefName, ObjectId] = field(default_factory=dict)

    @classmethod
    def of(cls, source: ExportSource, *, change_ref: str = "refs/pull/{number}/head") -> Self:
        """Raises Damaged, NotFound as `saved_refs`, and what `open_repository` raises."""
        listing = saved_refs(source.archive, source.line) if isinstance(source.line, RepositoryLine) else None
        if listing is None:
            return cls(RefListing({}), None, change_ref)
        try:
            objects = open_repository(source.archive.repository(RepositoryPath.parse(source.path)))
        except OtherObjectFormat:
            return cls(listing, None, change_ref)
        return cls(listing, objects, change_ref)

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
        """Whether its commits are there; they are put where the target finds them."""
        if not self.has(change.head.commit):
            return False
        self.added[RefName(self.change_ref.format(number=number))] = ObjectId(str(change.head.commit))
        return True

    def merge_base(self, change: ChangeRequest) -> str:
        """Where what it changes begins; empty where that cannot be known."""
        if self.objects is None:
            return ""
        tip = self.saved.refs.get(RefName(f"refs/heads/{change.base.branch}"))
        return find_start(self.objects, change, tip) or ""

    def has(self, commit: str | None) -> bool:
        return self.objects is not None and commit_named(self.objects, commit) is not None

    def write(self, source: ExportSource, target: Path) -> None:
        """Make a bare repository of it. Raises Damaged where the archive lacks an object."""
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


def copy_wiki(source: ExportSource, line: RepositoryLine, target: Path, *, branch: RefName | None = None) -> None:
    """Make a bare repository of one that lies beside another as its wiki; none where nothing of it is saved.

    Args:
        branch: where the target looks for the pages; it names what HEAD does where it is not there.

    Raises:
        Damaged, NotFound: what was saved of it is not there, or not what was written.
    """
    listing = saved_refs(source.archive, line)
    if listing is None:
        return
    refs = {name: oid for name, oid in listing.refs.items() if name.startswith(_COPIED)}
    shown = refs.get(listing.head) if listing.head is not None else None
    if branch is not None and shown is not None:
        refs.setdefault(branch, shown)
    try:
        copy_reachable(
            source.archive.repository(RepositoryPath.parse(line.path)), target, RefListing(refs, head=listing.head)
        )
    except GitFailed as error:
        raise Damaged("{repository} cannot be copied: {reason}", repository=line.path, reason=error) from error


def _can_be_made(ref: str) -> bool:
    """Whether each file system takes it; half of a surrogate pair stands for no byte."""
    try:
        ref.encode()
    except UnicodeEncodeError:
        return False
    return fault_of_foreign_ref(ref) is None
