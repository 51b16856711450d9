"""What an archive holds of each kind that a migration may carry: what a plan counts, and a proof is measured by."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from matou.archive.layout import Archive
from matou.archive.manifest import NamespaceLine, RepositoryLine
from matou.archive.metadata import MetadataTree, open_metadata
from matou.archive.metadata.items import files_in
from matou.archive.metadata.reader import main_commit
from matou.model.fidelity import COUNTED_AS, MigratedKind
from matou.model.metadata import ChangeRequest, Comment, Issue, Item, MetadataValue, SavedRelease
from matou.model.metadata.kinds import CHANGE, ISSUE, RELEASE, TreeLayout
from matou.model.names import NamespacePath
from matou.model.platform import Visibility

Inventory: TypeAlias = Mapping[MigratedKind, int]


@dataclass(frozen=True, slots=True)
class Carriable:
    """Which of the items that are saved a migration looks at.

    Attributes:
        confidential: those that are marked so, too: not where the target is open to everybody.
    """

    confidential: bool = True

    @classmethod
    def at(cls, visibility: Visibility) -> "Carriable":
        """In a repository that so many people see."""
        return cls(confidential=visibility is Visibility.PRIVATE)

    def has(self, value: MetadataValue) -> bool:
        """What the source has no longer stays in the archive, and a draft is published by no importer."""
        if getattr(value, "gone_in", None) is not None:
            return False
        if isinstance(value, SavedRelease):
            return not value.draft
        return self.confidential or not is_confidential(value)


def is_confidential(value: MetadataValue) -> bool:
    return isinstance(value, Item) and bool(value.confidential)


def metadata_of(archive: Archive, line: RepositoryLine) -> MetadataTree | None:
    """What was saved around a repository, or a project as one; None where nothing was. For one thread."""
    return _opened(archive.metadata(NamespacePath.parse(line.path)))


def metadata_around(archive: Archive, line: NamespaceLine | RepositoryLine) -> MetadataTree | None:
    """The same of a project as well."""
    if isinstance(line, RepositoryLine):
        return metadata_of(archive, line)
    return _opened(archive.metadata(NamespacePath.parse(line.path)))


def _opened(git_dir: Path) -> MetadataTree | None:
    return open_metadata(git_dir) if git_dir.is_dir() and main_commit(git_dir) is not None else None


def code_inventory(line: RepositoryLine) -> Inventory:
    lfs = line.lfs.objects if line.lfs else 0
    return Counter({MigratedKind.CODE: 1, MigratedKind.LFS: lfs})


def inventory_of(tree: MetadataTree, which: Carriable) -> Inventory:
    """How many there are of each kind. Raises Damaged."""
    return count_said(tree, which)[0]


def count_said(tree: MetadataTree, which: Carriable) -> tuple[Inventory, int]:
    """How many there are of each kind, and how many items are confidential, whether they are among these or not.

    Raises:
        Damaged: an item cannot be read.
    """
    counts, confidential = Counter[MigratedKind](), 0
    files: set[str] = set()
    for kind, migrated in COUNTED_AS.items():
        is_table = kind.layout is TreeLayout.TABLE
        counts[migrated] += len(tree.table(kind)) if is_table else sum(map(which.has, tree.items(kind)))
    for kind in (ISSUE, CHANGE, RELEASE):
        for value in tree.items(kind):
            confidential += is_confidential(value) and Carriable().has(value)
            if which.has(value):
                counts.update(_counts_in(value))
                files.update(file.sha256 or file.url for file in files_in(value))
            elif isinstance(value, SavedRelease) and value.gone_in is None:
                counts[MigratedKind.RELEASE_DRAFT] += 1
    counts[MigratedKind.ATTACHMENT] += len(files)
    return counts, confidential


def of_project(counts: Inventory) -> Inventory:
    """The same of a project, whose issues belong to none of its repositories."""
    moved = Counter(counts)
    moved[MigratedKind.PROJECT_ISSUE] = moved.pop(MigratedKind.ISSUE, 0)
    return moved


def namespace_inventory(archive: Archive, line: NamespaceLine) -> Inventory:
    """What was saved around a project as a whole. Raises Damaged."""
    tree = metadata_around(archive, line)
    return Counter() if tree is None else of_project(inventory_of(tree, Carriable()))


def comments_on(item: Item) -> Iterator[Comment]:
    """Those that stand on no line."""
    return (comment for comment in item.comments if comment.gone_in is None)


def line_comments_on(item: Item) -> Iterator[Comment]:
    threads = item.threads if isinstance(item, ChangeRequest) else ()
    return (comment for thread in threads for comment in thread.comments if comment.gone_in is None)


def _counts_in(value: MetadataValue) -> Iterator[MigratedKind]:
    match value:
        case Issue():
            yield MigratedKind.ISSUE
            yield from _counts_on(value)
        case ChangeRequest():
            yield MigratedKind.OPEN_CHANGE if value.state == "open" else MigratedKind.CLOSED_CHANGE
            yield from (MigratedKind.REVIEW for _ in value.reviews)
            yield from (MigratedKind.REVIEWER for one in value.reviewers if one.state == "requested")
            yield from _counts_on(value)
        case SavedRelease():
            yield MigratedKind.RELEASE
            yield from (MigratedKind.ASSET for asset in value.assets if asset.sha256)


def _counts_on(item: Item) -> Iterator[MigratedKind]:
    yield from (MigratedKind.COMMENT for _ in comments_on(item))
    yield from (MigratedKind.LINE_COMMENT for _ in line_comments_on(item))
    yield from (MigratedKind.EVENT for _ in item.events)
    yield from (MigratedKind.ASSIGNEE for _ in item.assignees)
    yield from (MigratedKind.REACTION for _ in item.reactions or ())
    for comment in (*comments_on(item), *line_comments_on(item)):
        yield from (MigratedKind.REACTION for _ in comment.reactions or ())
