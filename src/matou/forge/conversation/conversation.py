"""What somebody may read of what was said around a repository, or a project: items, comments, tables, files."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar, cast

from matou.archive.blobs import is_digest
from matou.archive.metadata import MetadataTree, open_metadata
from matou.caching import SizedCache
from matou.db import item_comments, item_search, items, metadata_repositories
from matou.db.item_comments import CommentQuery, IndexedComment
from matou.db.items import IndexedItem, ItemQuery
from matou.db.metadata_repositories import IndexedMetadata
from matou.db.namespaces import Namespace
from matou.db.repositories import Repository
from matou.errors import NotFound
from matou.forge.access import Action, Authorized, MayReadConversation, may
from matou.forge.conversation.index_rows import IndexedValue, comments_of
from matou.forge.forge import Forge
from matou.model.metadata import Comment, Item, Participant
from matou.model.metadata.kinds import KINDS, PERSON, MetadataKind
from matou.model.names import ObjectId

S = TypeVar("S", Repository, Namespace)

_MOST_TABLES = 256


class NoSuchItem(NotFound):
    """Nothing of this kind has the number, or this identity may not know that something has."""


class NoSuchItemFile(NotFound):
    """Nothing that may be read here has a file with this digest."""


class TableCache(SizedCache[tuple[str, str, str], Mapping[str, Any]]):
    """Tables of metadata repositories, by repository, commit and kind: they do not change."""

    def __init__(self) -> None:
        super().__init__(_MOST_TABLES)


@dataclass(frozen=True, slots=True)
class FoundComment:
    """A comment and the item that it was made on."""

    comment: Comment
    item: Item


@dataclass(frozen=True, slots=True)
class Conversation(Generic[S]):
    """For one thread. What is confidential is there for those who may read that, and for nobody else.

    Attributes:
        tree: what was saved; None, with `indexed`, where nothing was.
    """

    forge: Forge
    granted: Authorized[S, MayReadConversation]
    indexed: IndexedMetadata | None
    tree: MetadataTree | None
    sees_confidential: bool

    def list_items(
        self, wanted: ItemQuery, *, search: str = "", offset: int = 0, limit: int | None = None
    ) -> tuple[Sequence[IndexedValue], int]:
        """One page of the items that are wanted and have every word of a search, and how many there are in all."""
        if self.indexed is None:
            return (), 0
        sees, metadata_id = self.sees_confidential, self.indexed.id
        with self.forge.database.begin_read() as connection:
            also = item_search.finds(connection, search) if search else None
            rows = items.list_items(
                connection, metadata_id, wanted, sees_confidential=sees, also=also, offset=offset, limit=limit
            )
            total = self.forge.answers.recall(
                ("items", metadata_id, sees, search, repr(wanted)),
                lambda: items.count_listed(connection, metadata_id, wanted, sees_confidential=sees, also=also),
            )
        return tuple(map(self.read, rows)), total

    def one_of_each(self, kind: MetadataKind, name: str) -> Sequence[IndexedValue]:
        """Of each `type` or `status` that items of a kind have, one that has it."""
        if self.indexed is None:
            return ()
        with self.forge.database.begin_read() as connection:
            rows = items.one_of_each(
                connection, self.indexed.id, kind.name, name, sees_confidential=self.sees_confidential
            )
        return tuple(map(self.read, rows))

    def find_item(self, kind: MetadataKind, number: str) -> IndexedValue:
        """Raises NoSuchItem."""
        row = None
        if self.indexed is not None:
            with self.forge.database.begin_read() as connection:
                row = items.find_item(connection, self.indexed.id, kind.name, number)
        if row is None or (row.confidential and not self.sees_confidential):
            raise NoSuchItem("there is no {kind} {number}", kind=kind.name, number=repr(number)[:100])
        return self.read(row)

    def read(self, row: IndexedItem) -> IndexedValue:
        """All of an item that the index gave to whoever asks. Raises NoSuchItem where it was written anew since."""
        found = None if self.tree is None else self.tree.item(KINDS[row.kind], row.number)
        if found is None:
            raise NoSuchItem("there is no {kind} {number}", kind=row.kind, number=repr(row.number)[:100])
        return cast("IndexedValue", found)

    def list_comments(
        self, wanted: CommentQuery, *, offset: int = 0, limit: int | None = None
    ) -> tuple[Sequence[FoundComment], int]:
        """One page of the comments that are wanted, and how many there are in all."""
        if self.indexed is None:
            return (), 0
        sees, metadata_id = self.sees_confidential, self.indexed.id
        with self.forge.database.begin_read() as connection:
            rows = item_comments.list_comments(
                connection, metadata_id, wanted, sees_confidential=sees, offset=offset, limit=limit
            )
            total = self.forge.answers.recall(
                ("comments on items", metadata_id, sees, repr(wanted)),
                lambda: item_comments.count_comments(connection, metadata_id, wanted, sees_confidential=sees),
            )
        found: dict[str, tuple[Item, tuple[Comment, ...]]] = {}
        return tuple(self._comment(row, KINDS[wanted.kind], found) for row in rows), total

    def table(self, kind: MetadataKind) -> Mapping[str, Any]:
        """All of a kind that stands in one file, by key: values of the kind, or JSON where it has no class."""
        if self.tree is None or self.indexed is None:
            return {}
        cache, subject = self.forge.memory(TableCache), self.granted.subject
        key = (f"{type(subject).__name__} {subject.path}", self.indexed.commit_id, kind.name)
        known = cache.get(key)
        if known is None:
            known = self.tree.table(kind)
            cache.put(key, known)
        return known

    def people(self) -> Mapping[str, Participant]:
        """Everybody who took part, by key."""
        return cast("Mapping[str, Participant]", self.table(PERSON))

    def file(self, sha256: str) -> Path:
        """Where the bytes of an attachment or an asset lie, which some item has that may be read here.

        Raises:
            NoSuchItemFile: no such item has it; whether the archive does is nobody's business.
        """
        found = False
        if self.indexed is not None and is_digest(sha256):
            with self.forge.database.begin_read() as connection:
                found = items.has_file(connection, self.indexed.id, sha256, sees_confidential=self.sees_confidential)
        if not found or not self.forge.archive.blobs.has(sha256):
            raise NoSuchItemFile("there is no file {sha256} here", sha256=repr(sha256)[:100])
        return self.forge.archive.blob_file(sha256)

    def may(self, action: Action) -> bool:
        """Whether who asks may do something else here, as seeing webhooks."""
        return may(self.forge, self.granted.identity, action, self.granted.subject)

    def _comment(
        self, row: IndexedComment, kind: MetadataKind, found: dict[str, tuple[Item, tuple[Comment, ...]]]
    ) -> FoundComment:
        if row.number not in found:
            item = cast("Item", self.find_item(kind, row.number))
            found[row.number] = (item, tuple(comments_of(item)))
        item, comments = found[row.number]
        return FoundComment(comments[row.position], item)


def open_conversation(forge: Forge, granted: Authorized[S, MayReadConversation]) -> Conversation[S]:
    """What was said around a repository or a project, as it is indexed now.

    Raises:
        Damaged: it cannot be read.
    """
    subject = granted.subject
    with forge.database.begin_read() as connection:
        if isinstance(subject, Repository):
            indexed = metadata_repositories.of_repository(connection, subject.id)
        else:
            indexed = metadata_repositories.of_namespace(connection, subject.id)
    if indexed is None or not indexed.commit_id:
        return Conversation(forge, granted, None, None, sees_confidential=False)
    tree = open_metadata(forge.archive.metadata(subject.path), commit=ObjectId(indexed.commit_id))
    sees_confidential = may(forge, granted.identity, Action.READ_CONFIDENTIAL, subject)
    return Conversation(forge, granted, indexed, tree, sees_confidential=sees_confidential)
