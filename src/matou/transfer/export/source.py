"""What a format writes from: the items of one repository or namespace, one at a time, and the files beside them."""

import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from mimetypes import MimeTypes
from pathlib import Path
from typing import Any, Final, TypeAlias

from matou.archive.layout import Archive
from matou.archive.manifest import RepositoryLine
from matou.archive.metadata import MetadataTree, natural_order
from matou.archive.path_registry import safe_segment
from matou.errors import Damaged
from matou.git.odb.objects import TooLargeToRead
from matou.model.metadata import (
    Announcement,
    AttachedFile,
    ChangeRequest,
    Item,
    Milestone,
    Participant,
    PersonKey,
    ReleaseAsset,
    SavedRelease,
    WikiPage,
)
from matou.model.metadata.kinds import ANNOUNCEMENT, CHANGE, ISSUE, MILESTONE, PERSON, RELEASE, WIKI_PAGE, MetadataKind
from matou.transfer.common.saved_metadata import SavedMetadata

PAGE_KINDS: Final[tuple[MetadataKind, ...]] = (ISSUE, CHANGE, RELEASE, WIKI_PAGE, ANNOUNCEMENT)
"""What has a page of its own."""

PageItem: TypeAlias = Item | SavedRelease | WikiPage | Announcement

_HARMLESS_SUFFIXES: Final = frozenset({".md", ".log", ".yml", ".yaml", ".toml", ".ini", ".bin", ".apk", ".7z", ".rar"})
_ACTIVE_TYPES: Final = ("text/html", "image/svg+xml", "application/xhtml+xml", "message/rfc822", "text/xml")
_TYPES: Final = MimeTypes(filenames=())
_AT_NO_TIME: Final = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass
class ExportFaults:
    """What could not be exported: items that are damaged or longer than what is read, and files without bytes."""

    unread: list[Damaged | TooLargeToRead] = field(default_factory=list)
    missing_files: int = 0


class ExportSource:
    """One repository or namespace, and the folder that it is written to.

    Args:
        tree: None where nothing is saved that was said around it.
        folder: is there, and empty.
        wiki: the repository that lies beside it as its wiki.

    Attributes:
        saved_at: when the run began that saved what was said.
    """

    def __init__(
        self,
        archive: Archive,
        saved: SavedMetadata,
        tree: MetadataTree | None,
        folder: Path,
        *,
        wiki: RepositoryLine | None = None,
    ) -> None:
        self.archive = archive
        self._tree = tree
        self.wiki = wiki
        self.saved_at = _AT_NO_TIME if tree is None else tree.saved_at
        self.line = saved.line
        self.path = saved.line.path
        self.source = saved.source
        self.folder = folder
        self.faults = ExportFaults()
        self.people: dict[PersonKey, Participant] = self.table(PERSON)
        self.milestones: dict[str, Milestone] = self.table(MILESTONE)

    def person(self, key: PersonKey | None) -> str:
        found = self.people.get(key or "")
        return (key or "") if found is None else found.name or found.login

    def people_named(self, keys: Iterable[PersonKey]) -> str:
        return ", ".join(map(self.person, keys))

    def milestone(self, item: Item) -> str:
        found = self.milestones.get(item.milestone or "")
        return (item.milestone or "") if found is None else found.title

    def iteration(self, item: Item) -> str:
        found = self.milestones.get(f"iteration/{item.iteration}")
        return (item.iteration or "") if found is None else found.title

    def names(self, kind: MetadataKind) -> list[str]:
        """The name of each item's file, without folder and ending, newest first."""
        return [_stem(path) for path in self._paths(kind)]

    def items(self, kind: MetadataKind, *, oldest_first: bool = False) -> Iterator[tuple[str, Any]]:
        """Each item with that name, newest first unless told otherwise; what cannot be read is noted, and left out."""
        paths = self._paths(kind)
        for path in reversed(paths) if oldest_first else paths:
            try:
                found = None if self._tree is None else self._tree.item_at(kind, path)
            except (Damaged, TooLargeToRead) as fault:
                self.faults.unread.append(fault)
                continue
            if found is not None:
                yield _stem(path), found

    def table(self, kind: MetadataKind) -> dict[str, Any]:
        return {} if self._tree is None else self._tree.table(kind)

    def copy_file(self, file: AttachedFile | ReleaseAsset) -> str | None:
        """Its path below the folder, where its bytes are put; None where the archive does not have them."""
        if file.sha256 is None:
            self.faults.missing_files += file.missing is not None
            return None
        place = f"files/{file.sha256}/{harmless_name(file.name)}"
        target = self.folder / place
        if not target.exists():
            blob = self.bytes_of(file)
            if blob is None:
                return None
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(blob, target)
        return place

    def bytes_of(self, file: AttachedFile | ReleaseAsset) -> Path | None:
        """The file of the archive that has its bytes; None, and noted, where there is none."""
        if file.sha256 is None:
            self.faults.missing_files += file.missing is not None
            return None
        blob = self.archive.blob_file(file.sha256)
        if not blob.is_file():
            self.faults.missing_files += 1
            return None
        return blob

    def _paths(self, kind: MetadataKind) -> list[str]:
        paths = () if self._tree is None else self._tree.paths(kind)
        return sorted(paths, key=lambda path: natural_order(_stem(path)), reverse=True)


def harmless_name(name: str) -> str:
    """A name for a file of somebody else's that a browser, asked to open it from the disk, shows and does not run.

    What may be a page with programs in it, or is of no known type and may be taken for one, becomes a text.
    """
    safe = safe_segment(name)
    suffix = Path(safe).suffix.lower()
    media_type = _TYPES.guess_type(f"a{suffix}", strict=True)[0]
    is_active = media_type is None or media_type.startswith(_ACTIVE_TYPES) or media_type.endswith("xml")
    return safe if suffix in _HARMLESS_SUFFIXES or not is_active else f"{safe}.txt"


def title_of(item: PageItem) -> str:
    if isinstance(item, SavedRelease):
        return item.name or item.tag
    return item.title or ("" if isinstance(item, Item) else item.id)


def name_of(item: PageItem) -> str:
    """What people call it in a sentence: `#7`, `!12`, a tag; nothing where it has but a title."""
    if isinstance(item, SavedRelease):
        return item.tag
    if isinstance(item, Item):
        return f"{'!' if isinstance(item, ChangeRequest) else '#'}{item.number}"
    return ""


def _stem(path: str) -> str:
    return path.rpartition("/")[2].removesuffix(".json").removesuffix(".md")
