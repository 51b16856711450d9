"""What was said, as an earlier run of a backup left it: read from the commit of that run, of which no index is kept.

A commit does not change, so what is read of it is remembered. Lists are filtered and counted up to a length that can be
read at once; a longer one is given by number, page by page.
"""

from collections import Counter
from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar, cast

from matou.archive.manifest import MetadataState
from matou.archive.metadata import MetadataTree, key_of, natural_order
from matou.archive.metadata.tree_paths import NaturalOrder, path_of
from matou.caching import SizedCache
from matou.db.items import DRAFT, IndexedItem, ItemId, ItemOrder, ItemQuery, NewItem, PersonRole
from matou.db.metadata_repositories import IndexedMetadata, MetadataId
from matou.db.namespaces import Namespace
from matou.db.repositories import Repository
from matou.errors import NotFound
from matou.forge.access import Authorized, MayReadConversation
from matou.forge.conversation.conversation import (
    Conversation,
    ListedItem,
    NoSuchItem,
    NoSuchItemFile,
    open_tree,
    reading_rights,
)
from matou.forge.conversation.index_rows import INDEXED_KINDS, IndexedValue, index_row, may_be_seen
from matou.forge.forge import Forge
from matou.git.odb.objects import MissingObject, UnreadableRepository
from matou.model.metadata import MetadataValue
from matou.model.metadata.kinds import KINDS, RELEASE, MetadataKind
from matou.model.names import ObjectId, folded

S = TypeVar("S", Repository, Namespace)

LONGEST_LIST: Final = 3_000
"""Items of a kind that are read at once, a second's work."""

MOST_LISTS: Final = 8

_NO_BLOB: Final = ObjectId("0" * 40)
"""What is read of a run's commit is not looked up by its content."""


class MetadataLost(NotFound):
    """The run had saved nothing of what was said here."""


@dataclass(frozen=True, slots=True)
class _PastRow:
    """`text` is what a search looks in: title and body."""

    item: NewItem
    text: str


class PastListCache(SizedCache[tuple[Hashable, ...], Sequence[_PastRow]]):
    """Lists of items as of runs, by metadata repository, commit and kind: they do not change."""

    def __init__(self) -> None:
        super().__init__(MOST_LISTS)


@dataclass(frozen=True, slots=True)
class PastConversation(Conversation[S]):
    """See `Conversation`: the same questions, answered by the commit of a run.

    What has become confidential since is hidden here, too: of what may be seen, the index of now knows.
    """

    def is_too_long(self, kind: MetadataKind) -> bool:
        """Whether there are more items of a kind than can be filtered."""
        return len(self._paths(kind)) > LONGEST_LIST

    def list_rows(
        self, wanted: ItemQuery, *, search: str = "", offset: int = 0, limit: int
    ) -> tuple[Sequence[ListedItem], int]:
        kind = KINDS[wanted.kind]
        if wanted.numbers is not None:
            found = [item for number in wanted.numbers if (item := self._row_of(kind, number)) is not None]
            return [_listed(one) for one in found[offset : offset + limit]], len(found)
        if self.is_too_long(kind):
            return ((), 0) if wanted.parent else self._rows_by_number(kind, offset, limit)
        words = search.casefold().split()
        people = {name: self._keys_of(name) for name in (wanted.author, wanted.assignee, wanted.reviewer) if name}
        found = [row.item for row in self._rows(kind) if _is_wanted(row.item, wanted, people) and _has(row.text, words)]
        found.sort(key=lambda item: _order_of(item, wanted.order), reverse=not wanted.ascending)
        return [_listed(one) for one in found[offset : offset + limit]], len(found)

    def list_items(
        self, wanted: ItemQuery, *, search: str = "", offset: int = 0, limit: int | None = None
    ) -> tuple[Sequence[IndexedValue], int]:
        most = LONGEST_LIST if limit is None else limit
        rows, total = PastConversation.list_rows(self, wanted, search=search, offset=offset, limit=most)
        return tuple(self.read(one.row) for one in rows), total

    def known_numbers(self, kind: MetadataKind, numbers: Collection[str]) -> frozenset[str]:
        tree = self.tree
        if tree is None:
            return frozenset()
        there = {number for number in numbers if tree.blob_at(path_of(kind, number)) is not None}
        return frozenset(there.intersection(self._seen_now(kind, there)))

    def names_used(self, kind: MetadataKind, column: str, *, most: int) -> Sequence[str]:
        counts = Counter(getattr(row.item, column) for row in self._rows(kind))
        return [name for name, _ in counts.most_common(most) if name]

    def count_states(self) -> Mapping[tuple[str, str], int]:
        return Counter((kind.name, row.item.state) for kind in INDEXED_KINDS for row in self._rows(kind))

    def count_by(self, kind: MetadataKind, column: str) -> Mapping[tuple[str, str], int]:
        pairs = ((getattr(row.item, column), row.item.state) for row in self._rows(kind))
        return Counter((value, state) for value, state in pairs if value)

    def count_labels(self) -> Mapping[str, int]:
        rows = (row for kind in INDEXED_KINDS for row in self._rows(kind))
        return Counter(name for row in rows for name in dict.fromkeys(row.item.labels))

    def find_item(self, kind: MetadataKind, number: str) -> IndexedValue:
        found = self._item(kind, number)
        is_there = found is not None and key_of(kind, found) == number and self._may_see(found)
        if not is_there or number not in self._seen_now(kind, {number}):
            raise NoSuchItem("there is no {kind} {number}", kind=kind.name, number=repr(number)[:100])
        return cast("IndexedValue", found)

    def file(self, sha256: str) -> Any:
        """As `Conversation.file`; whoever may read what is confidential finds what no item has any more, too."""
        try:
            return Conversation.file(self, sha256)
        except NoSuchItemFile:
            is_here = any(digest == sha256 for row in self._rows(RELEASE) for digest, _ in row.item.files)
            is_attached = self.tree is not None and self.tree.has_attachment(sha256)
            if not (is_here or (is_attached and self.seen.is_everything)) or not self.forge.archive.blobs.has(sha256):
                raise
            return self.forge.archive.blob_file(sha256)

    def _rows(self, kind: MetadataKind) -> Sequence[_PastRow]:
        """Those that may be seen; none of what is too long to be read at once."""
        if self.indexed is None or self.tree is None or self.is_too_long(kind):
            return ()
        key = (self.indexed.id, self.indexed.commit_id, kind.name)
        cache = self.forge.memory(PastListCache)
        rows = cache.get(key)
        if rows is None:
            values = (self._outline_at(kind, path) for path in self._paths(kind))
            rows = [_row(value) for value in values if value is not None]
            cache.put(key, rows)
        seen = self._seen_now(kind, {row.item.number for row in rows})
        return [row for row in rows if row.item.number in seen and self._may_see_row(row.item)]

    def _rows_by_number(self, kind: MetadataKind, offset: int, limit: int) -> tuple[Sequence[ListedItem], int]:
        """The highest number first; nothing for whoever may not see all: how many those are is not theirs to know."""
        if not self.seen.is_everything:
            return (), 0
        paths = self._paths(kind)
        shown = paths[::-1][offset : offset + limit]
        values = (self._outline_at(kind, path) for path in shown)
        return [_listed(_row(value).item) for value in values if value is not None], len(paths)

    def _row_of(self, kind: MetadataKind, number: str) -> NewItem | None:
        """Of an item that may be seen."""
        value = self._outline_at(kind, path_of(kind, number)) if number in self._seen_now(kind, {number}) else None
        return None if value is None or not self._may_see(value) else _row(value).item

    def _outline_at(self, kind: MetadataKind, path: str) -> IndexedValue | None:
        return None if self.tree is None else cast("IndexedValue | None", self.tree.outline_at(kind, path))

    def _paths(self, kind: MetadataKind) -> Sequence[str]:
        """The files of a kind's items, by number."""
        tree = self.tree
        if tree is None:
            return ()
        paths: Sequence[str] = self._remembered(
            f"paths of {kind.name}", lambda: sorted(tree.paths(kind), key=natural_order)
        )
        return paths

    def _may_see(self, value: MetadataValue) -> bool:
        return may_be_seen(value, self.seen)

    def _may_see_row(self, item: NewItem) -> bool:
        is_hidden = (item.confidential and not self.seen.confidential) or (item.state == DRAFT and not self.seen.drafts)
        return not is_hidden and (item.gone_in is None or self.seen.gone)

    def _seen_now(self, kind: MetadataKind, numbers: Collection[str]) -> Collection[str]:
        """Those that are not hidden as they are now."""
        if self.seen.is_everything or not numbers:
            return numbers
        return Conversation.known_numbers(self, kind, numbers)

    def _keys_of(self, name: str) -> frozenset[str]:
        """Of people, whom somebody names by login, name or key."""
        wanted = folded(name)
        people = self.people().items()
        return frozenset(key for key, one in people if wanted in (folded(key), folded(one.login), folded(one.name)))


def open_past_conversation(
    forge: Forge, granted: Authorized[S, MayReadConversation], state: MetadataState | None
) -> PastConversation[S]:
    """What was said around a repository or a project, as the line of a manifest names it; nothing where it names none.

    Raises:
        MetadataLost: it is not there any more as it was written.
    """
    rights = reading_rights(forge, granted)
    commit = None if state is None else state.commit
    indexed, tree = None, None
    if commit is not None:
        of = MetadataId(0) if rights.indexed is None else rights.indexed.id
        indexed = IndexedMetadata(of, commit)
        tree = _tree(forge, granted.subject, ObjectId(commit))
    return PastConversation(
        forge,
        granted,
        indexed,
        tree,
        seen=rights.seen,
        sees_personal_data=rights.sees_personal_data,
    )


def _tree(forge: Forge, subject: Repository | Namespace, commit: ObjectId) -> MetadataTree:
    try:
        return open_tree(forge, forge.archive.metadata(subject.path), commit)
    except (MissingObject, UnreadableRepository) as fault:
        raise MetadataLost("what was said then is not there any more: {fault}", fault=fault) from fault


def _row(value: IndexedValue) -> _PastRow:
    item = index_row(value, _NO_BLOB)
    return _PastRow(item, f"{item.title}\n{'' if value.text is None else value.text.body}".casefold())


def _listed(item: NewItem) -> ListedItem:
    same = {name: getattr(item, name) for name in IndexedItem.__slots__ if hasattr(item, name)}
    return ListedItem(IndexedItem(**same, id=ItemId(0), comment_count=0), sorted(item.labels))


def _has(text: str, words: Sequence[str]) -> bool:
    return all(word in text for word in words)


def _is_wanted(item: NewItem, wanted: ItemQuery, people: Mapping[str, frozenset[str]]) -> bool:
    """What the lists of pages ask; other dialects ask about now alone."""
    return (
        (wanted.states is None or item.state in wanted.states)
        and (wanted.types is None or item.type in wanted.types)
        and set(wanted.labels) <= set(item.labels)
        and _is_same(item.milestone, wanted.milestone)
        and _is_same(item.iteration, wanted.iteration)
        and _is_same(item.parent, wanted.parent)
        and (not wanted.author or item.author in people[wanted.author])
        and _has_person(item, PersonRole.ASSIGNEE, wanted.assignee, people)
        and _has_person(item, PersonRole.REVIEWER, wanted.reviewer, people)
    )


def _is_same(value: str | None, wanted: str | None) -> bool:
    """As `ItemQuery` has it: None for any, empty for none at all."""
    return wanted is None or (value or "") == wanted


def _has_person(item: NewItem, role: PersonRole, name: str, people: Mapping[str, frozenset[str]]) -> bool:
    return not name or any(one is role and person in people[name] for one, person in item.people)


def _order_of(item: NewItem, order: ItemOrder) -> tuple[bool, float, NaturalOrder]:
    at = item.updated_at if order is ItemOrder.UPDATED else item.created_at
    return at is not None, 0.0 if at is None else at.timestamp(), natural_order(item.number)
