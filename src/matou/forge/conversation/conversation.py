"""What somebody may read of what was said around a repository, or a project: items, comments, tables, files."""

from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from threading import get_ident
from typing import Any, Generic, Protocol, TypeVar, cast

from matou.archive.blobs import is_digest
from matou.archive.metadata import About, MetadataTree, open_metadata
from matou.archive.metadata.tree_paths import key_of
from matou.caching import SizedCache
from matou.db import item_comments, item_search, items, metadata_repositories
from matou.db.engine import Connection
from matou.db.item_comments import CommentQuery, IndexedComment
from matou.db.items import IndexedItem, ItemListing, ItemQuery, ItemVisibility
from matou.db.metadata_repositories import IndexedMetadata, MetadataId
from matou.db.namespaces import Namespace
from matou.db.repositories import Repository
from matou.errors import NotFound
from matou.forge.access import Action, Authorized, Identity, MayReadConversation, Right, may
from matou.forge.conversation.index_rows import IndexedValue, comments_of, is_confidential, may_be_seen
from matou.forge.conversation.long_items import MANY_COMMENTS, LongItemCache
from matou.forge.forge import Forge
from matou.model.metadata import Comment, Item, MetadataValue, Participant
from matou.model.metadata.kinds import BOARD, CHANGE, ISSUE, KINDS, PERSON, MetadataKind
from matou.model.metadata.shared_numbers import SharedNumbers
from matou.model.names import ObjectId

S = TypeVar("S", Repository, Namespace)
Answer = TypeVar("Answer")
Answer_co = TypeVar("Answer_co", covariant=True)

_MOST_TABLES = 256


_MOST_TREES = 64


class NoSuchItem(NotFound):
    """Nothing of this kind has the number, or this identity may not know that something has."""


class NoSuchItemFile(NotFound):
    """Nothing that may be read here has a file with this digest."""


class TableCache(SizedCache[tuple[str, str, str], Any]):
    """Files of metadata repositories that tell of many items, by repository, commit and name: they do not change."""

    def __init__(self) -> None:
        super().__init__(_MOST_TABLES)


class MetadataTreeCache(SizedCache[tuple[int, Path, str], MetadataTree]):
    """Metadata repositories that are open at a commit, by the thread that they belong to.

    All that the commit needs was there when it was opened: no later pack is missed, and of one that was packed anew
    since, libgit2 finds the other.
    """

    def __init__(self) -> None:
        super().__init__(_MOST_TREES)


@dataclass(frozen=True, slots=True)
class ReadingRights:
    """What somebody may read of a conversation, and up to which commit it is indexed.

    Attributes:
        indexed: None where nothing was saved.
    """

    indexed: IndexedMetadata | None
    seen: ItemVisibility
    sees_personal_data: bool


@dataclass(frozen=True, slots=True)
class ItemOutline:
    """An item whose comments and events need not be there, with the number of its comments."""

    item: IndexedValue
    comment_count: int


@dataclass(frozen=True, slots=True)
class FoundComment:
    """A comment and the item that it was made on."""

    comment: Comment
    item: Item


class _Count(Protocol[Answer_co]):
    def __call__(self, connection: Connection, of: MetadataId, *, seen: ItemVisibility) -> Answer_co: ...


@dataclass(frozen=True, slots=True)
class ListedItem:
    """An item as the index has it, with the names of its labels."""

    row: IndexedItem
    labels: Sequence[str]


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
    seen: ItemVisibility
    sees_personal_data: bool
    _tables: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    def list_items(
        self, wanted: ItemQuery, *, search: str = "", offset: int = 0, limit: int | None = None
    ) -> tuple[Sequence[IndexedValue], int]:
        """One page of the items that are wanted and have every word of a search, and how many there are in all."""
        if self.indexed is None:
            return (), 0
        with self.forge.database.begin_read() as connection:
            rows, total = self._listed(connection, wanted, search, offset, limit)
        return tuple(map(self.read, rows)), total

    def list_outlines(
        self, wanted: ItemQuery, *, search: str = "", offset: int = 0, limit: int | None = None
    ) -> tuple[Sequence[ItemOutline], int]:
        """As `list_items`, for lists that do not show what was said on them."""
        if self.indexed is None:
            return (), 0
        with self.forge.database.begin_read() as connection:
            rows, total = self._listed(connection, wanted, search, offset, limit)
        return tuple(map(self.outline, rows)), total

    def list_rows(
        self, wanted: ItemQuery, *, search: str = "", offset: int = 0, limit: int
    ) -> tuple[Sequence[ListedItem], int]:
        """As `list_items`, as far as the index knows them: nothing is read but that."""
        if self.indexed is None:
            return (), 0
        with self.forge.database.begin_read() as connection:
            rows, total = self._listed(connection, wanted, search, offset, limit)
            labels = items.labels_of(connection, [row.id for row in rows])
        return tuple(ListedItem(row, labels.get(row.id, ())) for row in rows), total

    def known_numbers(self, kind: MetadataKind, numbers: Collection[str]) -> frozenset[str]:
        """Those of the numbers that an item of a kind has which may be seen."""
        if self.indexed is None or not numbers:
            return frozenset()
        with self.forge.database.begin_read() as connection:
            return items.known_numbers(connection, self.indexed.id, kind.name, numbers, seen=self.seen)

    def shared_numbers(self) -> SharedNumbers:
        """What numbers its issues and change requests have where both count as one.

        Those that not everybody may see count too: whoever asks, an item has the same number.
        """
        if self.indexed is None:
            return SharedNumbers({}, {})
        of = self.indexed.id

        def assign() -> SharedNumbers:
            with self.forge.database.begin_read() as connection:
                issues, changes = (items.numbers_of(connection, of, kind.name) for kind in (ISSUE, CHANGE))
            times = {name: at for name, at in issues.items() if at is not None}
            return SharedNumbers.assign(issues, changes, times)

        return self.forge.answers.recall(("shared numbers", of), assign)

    def names_used(self, kind: MetadataKind, column: str, *, most: int) -> Sequence[str]:
        """What items of a kind have as `type`, `author`, `milestone` …, what most have first."""

        def ask(connection: Connection, of: MetadataId, *, seen: ItemVisibility) -> Sequence[str]:
            return items.names_used(connection, of, kind.name, column, seen=seen, most=most)

        return self._counted(("names used", kind.name, column, most), (), ask)

    def count_states(self) -> Mapping[tuple[str, str], int]:
        """How many items there are, by kind and state."""

        def ask(connection: Connection, of: MetadataId, *, seen: ItemVisibility) -> Mapping[tuple[str, str], int]:
            return items.count_states(connection, of, seen=seen)

        return self._counted(("states of items",), {}, ask)

    def count_by(self, kind: MetadataKind, column: str) -> Mapping[tuple[str, str], int]:
        """How many items of a kind there are, by what they have as `milestone` or `iteration`, and by state."""

        def ask(connection: Connection, of: MetadataId, *, seen: ItemVisibility) -> Mapping[tuple[str, str], int]:
            return items.count_by(connection, of, kind.name, column, seen=seen)

        return self._counted(("counts of items", kind.name, column), {}, ask)

    def count_labels(self) -> Mapping[str, int]:
        """How many items have each label."""

        def ask(connection: Connection, of: MetadataId, *, seen: ItemVisibility) -> Mapping[str, int]:
            return items.count_labels(connection, of, seen=seen)

        return self._counted(("labels of items",), {}, ask)

    def headings(self, kind: MetadataKind) -> Sequence[Any]:
        """All pages of a kind that has a file each, as wikis do, without their texts."""
        tree = self.tree
        if tree is None:
            return ()
        found: Sequence[Any] = self._remembered(
            f"headings of {kind.name}", lambda: list(map(_heading, tree.items(kind)))
        )
        return found

    def one_of_each(self, kind: MetadataKind, name: str) -> Sequence[IndexedValue]:
        """Of each `type` or `status` that items of a kind have, one that has it."""
        if self.indexed is None:
            return ()
        with self.forge.database.begin_read() as connection:
            rows = items.one_of_each(connection, self.indexed.id, kind.name, name, seen=self.seen)
        return tuple(map(self.read, rows))

    def find_item(self, kind: MetadataKind, number: str) -> IndexedValue:
        """Raises NoSuchItem."""
        found = self._item(kind, number)
        if found is None or key_of(kind, found) != number or not may_be_seen(found, self.seen):
            raise NoSuchItem("there is no {kind} {number}", kind=kind.name, number=repr(number)[:100])
        return cast("IndexedValue", found)

    def read(self, row: IndexedItem) -> IndexedValue:
        """All of an item that the index gave to whoever asks. Raises NoSuchItem where it was written anew since."""
        found = self._item(KINDS[row.kind], row.number)
        if found is None:
            raise NoSuchItem("there is no {kind} {number}", kind=row.kind, number=repr(row.number)[:100])
        return cast("IndexedValue", found)

    def outline(self, row: IndexedItem) -> ItemOutline:
        """As `read`, for lists, which show nothing of what was said on the item."""
        found, kind = None, KINDS[row.kind]
        if self.tree is not None and self.indexed is not None:
            if row.comment_count < MANY_COMMENTS:
                found = self.tree.outline(kind, row.number)
            else:
                long = self.forge.memory(LongItemCache)
                found = long.outline(self.tree, self.indexed.commit_id, kind, row.number)
        if found is None:
            raise NoSuchItem("there is no {kind} {number}", kind=row.kind, number=repr(row.number)[:100])
        return ItemOutline(cast("IndexedValue", found), row.comment_count)

    def list_comments(
        self, wanted: CommentQuery, *, offset: int = 0, limit: int | None = None
    ) -> tuple[Sequence[FoundComment], int]:
        """One page of the comments that are wanted, of all items, and how many there are in all."""
        if self.indexed is None:
            return (), 0
        seen, metadata_id = self.seen, self.indexed.id
        with self.forge.database.begin_read() as connection:
            rows = item_comments.list_comments(connection, metadata_id, wanted, seen=seen, offset=offset, limit=limit)
            total = self.forge.answers.recall(
                ("comments on items", metadata_id, seen, repr(wanted)),
                lambda: item_comments.count_comments(connection, metadata_id, wanted, seen=seen),
            )
        found: dict[tuple[str, str], tuple[Item, tuple[Comment, ...]] | None] = {}
        return tuple(self._comment(row, found) for row in rows), total

    def list_comments_on(
        self, item: Item, wanted: CommentQuery, *, offset: int = 0, limit: int | None = None
    ) -> tuple[Sequence[FoundComment], int]:
        """The same of those on one item, which has them all with it."""
        chosen = [one for one in comments_of(item) if wanted.updated.has(one.edited_at or one.at)]
        chosen = _by_time(chosen, wanted)
        shown = chosen[offset:] if limit is None else chosen[offset : offset + limit]
        return tuple(FoundComment(comment, item) for comment in shown), len(chosen)

    def table(self, kind: MetadataKind) -> Mapping[str, Any]:
        """All of a kind that stands in one file, by key: values of the kind, or JSON where it has no class."""
        tree = self.tree
        table: Mapping[str, Any] = {} if tree is None else self._remembered(kind.name, lambda: tree.table(kind))
        if kind is BOARD and not self.seen.confidential:
            return {key: board for key, board in table.items() if not is_confidential(board)}
        return table

    def about(self) -> About | None:
        """What was saved here, and from where; None where nothing was."""
        tree = self.tree
        about: About | None = None if tree is None else self._remembered("about", lambda: tree.about)
        return about

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
                found = items.has_file(connection, self.indexed.id, sha256, seen=self.seen)
        if not found or not self.forge.archive.blobs.has(sha256):
            raise NoSuchItemFile("there is no file {sha256} here", sha256=repr(sha256)[:100])
        return self.forge.archive.blob_file(sha256)

    def may(self, action: Action) -> bool:
        """Whether who asks may do something else here, as seeing webhooks."""
        return may(self.forge, self.granted.identity, action, self.granted.subject)

    def _listed(
        self, connection: Connection, wanted: ItemQuery, search: str, offset: int, limit: int | None
    ) -> tuple[Sequence[IndexedItem], int]:
        assert self.indexed is not None  # noqa: S101 - as its callers have seen
        seen, metadata_id = self.seen, self.indexed.id

        def look() -> tuple[ItemListing, int]:
            also = item_search.finds(connection, search) if search else None
            listing = items.item_listing(metadata_id, wanted, seen=seen, also=also)
            return listing, items.count_listed(connection, listing)

        key = ("items", metadata_id, seen, search, repr(wanted))
        listing, total = self.forge.answers.recall(key, look)
        return items.list_items(connection, listing, offset=offset, limit=limit), total

    def _item(self, kind: MetadataKind, number: str) -> MetadataValue | None:
        if self.tree is None or self.indexed is None:
            return None
        return self.forge.memory(LongItemCache).read(self.tree, self.indexed.commit_id, kind, number)

    def _counted(self, key: tuple[Hashable, ...], nothing: Answer, ask: _Count[Answer]) -> Answer:
        """What the index counts of what may be seen, remembered for as long as nobody writes."""
        if self.indexed is None:
            return nothing
        of, seen = self.indexed.id, self.seen

        def count() -> Answer:
            with self.forge.database.begin_read() as connection:
                return ask(connection, of, seen=seen)

        return self.forge.answers.recall((*key, of, seen), count)

    def _remembered(self, name: str, read: Callable[[], Any]) -> Any:
        """What a file of the tree says that many requests need."""
        if name in self._tables:
            return self._tables[name]
        subject, indexed = self.granted.subject, self.indexed
        key = (f"{type(subject).__name__} {subject.path}", "" if indexed is None else indexed.commit_id, name)
        cache = self.forge.memory(TableCache)
        known = cache.get(key)
        if known is None:
            known = read()
            cache.put(key, known)
        self._tables[name] = known
        return known

    def _comment(
        self, row: IndexedComment, found: dict[tuple[str, str], tuple[Item, tuple[Comment, ...]] | None]
    ) -> FoundComment:
        """Of a row that the index gave to whoever asks. Raises NoSuchItem where the item was written anew since."""
        key = (row.kind, row.number)
        if key not in found:
            item = cast("Item | None", self._item(KINDS[row.kind], row.number))
            found[key] = (item, tuple(comments_of(item))) if item is not None else None
        known = found[key]
        if known is None or row.position >= len(known[1]):
            raise NoSuchItem("there is no {kind} {number}", kind=row.kind, number=repr(row.number)[:100])
        item, comments = known
        return FoundComment(comments[row.position], item)


def _heading(page: Any) -> Any:
    return replace(page, text=replace(page.text, body=""))


def _by_time(comments: list[Comment], wanted: CommentQuery) -> list[Comment]:
    """In the order that the index has: of one time by their places, those without a time last either way."""
    ordered = comments if wanted.ascending else comments[::-1]
    moments = ((one.edited_at or one.at if wanted.by_update else one.at, one) for one in ordered)
    timed, untimed = list[tuple[datetime, Comment]](), list[Comment]()
    for moment, comment in moments:
        untimed.append(comment) if moment is None else timed.append((moment, comment))
    timed.sort(key=lambda pair: pair[0], reverse=not wanted.ascending)
    return [comment for _, comment in timed] + untimed


def reading_rights(forge: Forge, granted: Authorized[S, Right]) -> ReadingRights:
    """Decided once for as long as nobody writes to the database; whether somebody may read it at all is not asked."""
    key = ("reading rights", granted.identity, granted.subject)
    return forge.answers.recall(key, lambda: _find_rights(forge, granted.identity, granted.subject))


def open_conversation(forge: Forge, granted: Authorized[S, MayReadConversation]) -> Conversation[S]:
    """What was said around a repository or a project, as it is indexed now.

    Raises:
        Damaged: it cannot be read.
    """
    subject = granted.subject
    rights = reading_rights(forge, granted)
    indexed, tree = rights.indexed, None
    if indexed is not None:
        tree = open_tree(forge, forge.archive.metadata(subject.path), ObjectId(indexed.commit_id))
    return Conversation(
        forge,
        granted,
        indexed,
        tree,
        seen=rights.seen,
        sees_personal_data=rights.sees_personal_data,
    )


def open_tree(forge: Forge, git_dir: Path, commit: ObjectId) -> MetadataTree:
    """For this thread. Raises as `open_metadata`."""
    cache, key = forge.memory(MetadataTreeCache), (get_ident(), git_dir, commit)
    tree = cache.get(key)
    if tree is None:
        tree = open_metadata(git_dir, commit=commit)
        cache.put(key, tree)
    return tree


def item_visibility(forge: Forge, identity: Identity, subject: Repository | Namespace) -> ItemVisibility:
    """What the policy says of each sort: drafts are for those who write, also in a backup."""
    return ItemVisibility(
        confidential=may(forge, identity, Action.READ_CONFIDENTIAL, subject),
        drafts=may(forge, identity, Action.SEE_SETTINGS, subject),
        gone=may(forge, identity, Action.READ_PAST, subject),
    )


def _find_rights(forge: Forge, identity: Identity, subject: Repository | Namespace) -> ReadingRights:
    with forge.database.begin_read() as connection:
        if isinstance(subject, Repository):
            indexed = metadata_repositories.of_repository(connection, subject.id)
        else:
            indexed = metadata_repositories.of_namespace(connection, subject.id)
    return ReadingRights(
        indexed if indexed is not None and indexed.commit_id else None,
        seen=item_visibility(forge, identity, subject),
        sees_personal_data=may(forge, identity, Action.SEE_PERSONAL_DATA, subject),
    )
