"""Rows of issues and change requests: an index of metadata repositories, which hold what was said.

An item that changed gets a new row, with a new id: what the search index has of the old one then joins with nothing.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any, NewType

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Table,
    and_,
    bindparam,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
    true,
)

from matou.db.conditions import ALWAYS, Between
from matou.db.metadata_repositories import MetadataId
from matou.db.schema import item_comments, item_files, item_labels, item_links, item_people, items, participants
from matou.model.names import folded

ItemId = NewType("ItemId", int)


class PersonRole(Enum):
    """What somebody is to an item, beside its author."""

    ASSIGNEE = "assignee"
    REVIEWER = "reviewer"
    TESTER = "tester"


@dataclass(frozen=True, slots=True)
class NewComment:
    """Where a comment stands; its text is in its item."""

    id: str
    author: str | None
    created_at: datetime | None
    updated_at: datetime | None
    on_line: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NewItem:
    """What is looked up of an item.

    Attributes:
        blob_id: of its file in the metadata repository.
        comments: those that are there still, threads' among them, in their order.
        files: (SHA-256, name) of those whose bytes are saved.
        links: the numbers of issues that a change request is linked with.
    """

    kind: str
    number: str
    blob_id: str
    title: str
    state: str
    status: str | None = None
    status_group: str | None = None
    type: str | None = None
    priority: str | None = None
    author: str | None = None
    milestone: str | None = None
    iteration: str | None = None
    parent: str | None = None
    head_branch: str | None = None
    base_branch: str | None = None
    confidential: bool = False
    gone_in: int | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    closed_at: datetime | None = None
    merged_at: datetime | None = None
    labels: Sequence[str] = ()
    people: Sequence[tuple[PersonRole, str]] = ()
    comments: Sequence[NewComment] = ()
    files: Sequence[tuple[str, str]] = ()
    links: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class IndexedItem:
    """An item as lists need it; all else is read from its blob."""

    id: ItemId
    kind: str
    number: str
    blob_id: str
    title: str
    state: str
    status: str | None
    type: str | None
    author: str | None
    milestone: str | None
    comment_count: int
    confidential: bool
    gone_in: int | None
    created_at: datetime | None
    updated_at: datetime | None
    closed_at: datetime | None


class ItemOrder(Enum):
    NUMBER = "number"
    CREATED = "created"
    UPDATED = "updated"
    CLOSED = "closed"
    MERGED = "merged"


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemQuery:
    """Which items of a kind, and in which order.

    Attributes:
        with_kind: another one, whose items are listed among them.
        states, types, statuses, status_groups, priorities, numbers: any of these; None for all.
        status_groups: the empty one is for items of no status, or of one that comes to nothing known.
        labels: all of these.
        author, assignee, reviewer, tester: logins or keys of people; empty for anybody.
        milestone, iteration, parent, head_branch, base_branch: exactly; None for any, empty for none at all.
        linked: the number of an issue that they are linked with; empty for any.
        gone: whether those are among them that the source has no longer.
    """

    kind: str
    with_kind: str = ""
    states: Sequence[str] | None = None
    types: Sequence[str] | None = None
    statuses: Sequence[str] | None = None
    status_groups: Sequence[str] | None = None
    priorities: Sequence[str] | None = None
    numbers: Sequence[str] | None = None
    labels: Sequence[str] = ()
    author: str = ""
    assignee: str = ""
    reviewer: str = ""
    tester: str = ""
    milestone: str | None = None
    iteration: str | None = None
    parent: str | None = None
    head_branch: str | None = None
    base_branch: str | None = None
    linked: str = ""
    created: Between = ALWAYS
    updated: Between = ALWAYS
    closed: Between = ALWAYS
    merged: Between = ALWAYS
    gone: bool = True
    order: ItemOrder = ItemOrder.CREATED
    ascending: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemVisibility:
    """Which items somebody may see, beside those that whoever reads the conversation may.

    Attributes:
        confidential: those that are marked so.
        drafts: releases that are not published yet.
        gone: those that the source has no longer.
    """

    confidential: bool
    drafts: bool
    gone: bool

    @property
    def is_everything(self) -> bool:
        return self.confidential and self.drafts and self.gone

    @property
    def condition(self) -> ColumnElement[bool]:
        hidden = (
            (self.confidential, ~items.c.confidential),
            (self.drafts, items.c.state != DRAFT),
            (self.gone, items.c.gone_in.is_(None)),
        )
        return and_(true(), *(condition for is_seen, condition in hidden if not is_seen))


DRAFT = "draft"
"""The state of a release that is not published; no item of another kind has it."""

COLUMNS = [items.c[name] for name in IndexedItem.__slots__]
_ORDERS = {
    ItemOrder.NUMBER: items.c.sort_number,
    ItemOrder.CREATED: items.c.created_at,
    ItemOrder.UPDATED: items.c.updated_at,
    ItemOrder.CLOSED: items.c.closed_at,
    ItemOrder.MERGED: items.c.merged_at,
}
_PLAIN = [name for name in NewItem.__slots__ if name in items.c]
_LARGEST = 2**63 - 1


def replace_items(connection: Connection, metadata_id: MetadataId, new: Sequence[NewItem]) -> tuple[ItemId, ...]:
    """New rows for items, in their order, each in place of the one of the same kind and number."""
    for kind in {item.kind for item in new}:
        delete_items(connection, metadata_id, kind, [item.number for item in new if item.kind == kind])
    if not new:
        return ()
    statement = insert(items).returning(items.c.id, sort_by_parameter_order=True)
    ids = tuple(map(ItemId, connection.execute(statement, [_values(metadata_id, item) for item in new]).scalars()))
    for table, rows in _parts(metadata_id, ids, new):
        if rows:
            connection.execute(insert(table), rows)
    return ids


def has_file(connection: Connection, metadata_id: MetadataId, sha256: str, *, seen: ItemVisibility) -> bool:
    """Whether an item that may be seen has a file of this digest."""
    visible = seen.condition
    joined = item_files.join(items, items.c.id == item_files.c.item_id)
    where = and_(items.c.metadata_id == metadata_id, item_files.c.sha256 == sha256, visible)
    return connection.execute(select(exists(select(items.c.id).select_from(joined).where(where)))).scalar_one()


def delete_items(connection: Connection, metadata_id: MetadataId, kind: str, numbers: Sequence[str]) -> None:
    where = and_(items.c.metadata_id == metadata_id, items.c.kind == kind, items.c.number.in_(numbers))
    connection.execute(delete(items).where(where))


def _values(metadata_id: MetadataId, new: NewItem) -> dict[str, object]:
    return {
        **{name: getattr(new, name) for name in _PLAIN},
        "metadata_id": metadata_id,
        "sort_number": int(new.number) if _is_number(new.number) else None,
        "comment_count": len(new.comments),
    }


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < len(str(_LARGEST))


def _parts(
    metadata_id: MetadataId, ids: Sequence[ItemId], new: Sequence[NewItem]
) -> Iterator[tuple[Table, list[dict[str, object]]]]:
    """What tables that belong to items get; an item that names something twice has it once."""
    pairs = list(zip(ids, new, strict=True))
    yield item_labels, [{"item_id": one, "name": name} for one, item in pairs for name in dict.fromkeys(item.labels)]
    yield item_links, [{"item_id": one, "number": name} for one, item in pairs for name in dict.fromkeys(item.links)]
    yield (
        item_people,
        [
            {"item_id": one, "role": role.value, "person": person}
            for one, item in pairs
            for role, person in dict.fromkeys(item.people)
        ],
    )
    yield (
        item_files,
        [
            {"item_id": one, "sha256": digest, "name": name}
            for one, item in pairs
            for digest, name in dict.fromkeys(item.files)
        ],
    )
    yield (
        item_comments,
        [
            {"item_id": one, "metadata_id": metadata_id, "kind": item.kind, "position": position, **_values_of(comment)}
            for one, item in pairs
            for position, comment in enumerate(item.comments)
        ],
    )


def _values_of(comment: NewComment) -> dict[str, object]:
    return {
        "comment_id": comment.id,
        "author": comment.author,
        "created_at": comment.created_at,
        "updated_at": comment.updated_at,
        "on_line": comment.on_line,
    }


@dataclass(frozen=True, slots=True)
class ItemListing:
    """A list, as what asks for a page of it and for how many it has: making these takes as long as asking."""

    page: Select[Any]
    count: Select[Any]


def item_listing(
    metadata_id: MetadataId, wanted: ItemQuery, *, seen: ItemVisibility, also: ColumnElement[bool] | None = None
) -> ItemListing:
    """Of what is wanted, and of which this holds also."""
    chosen = and_(*_conditions(metadata_id, wanted), seen.condition, true() if also is None else also)
    page = select(*COLUMNS).where(chosen).order_by(*_ordered(wanted))
    return ItemListing(
        page.offset(bindparam("offset")).limit(bindparam("limit")),
        select(func.count()).select_from(items).where(chosen),
    )


def list_items(
    connection: Connection, listing: ItemListing, *, offset: int = 0, limit: int | None = None
) -> tuple[IndexedItem, ...]:
    page = {"offset": offset, "limit": _LARGEST if limit is None else limit}
    return tuple(IndexedItem(*row) for row in connection.execute(listing.page, page))


def count_listed(connection: Connection, listing: ItemListing) -> int:
    """How many `list_items` has on all its pages."""
    count: int = connection.execute(listing.count).scalar_one()
    return count


def one_of_each(
    connection: Connection, metadata_id: MetadataId, kind: str, name: str, *, seen: ItemVisibility
) -> tuple[IndexedItem, ...]:
    """Of each value that a column has (`type`, `status`), one of the items that have it."""
    visible = seen.condition
    chosen = and_(items.c.metadata_id == metadata_id, items.c.kind == kind, items.c[name].is_not(None), visible)
    first = select(func.min(items.c.id)).where(chosen).group_by(items.c[name])
    listing = select(*COLUMNS).where(items.c.id.in_(first)).order_by(items.c.id)
    return tuple(IndexedItem(*row) for row in connection.execute(listing))


def labels_of(connection: Connection, ids: Sequence[ItemId]) -> Mapping[ItemId, Sequence[str]]:
    """The names of the labels of items, sorted; nothing for what has none."""
    found: dict[ItemId, list[str]] = {}
    listing = select(item_labels.c.item_id, item_labels.c.name).where(item_labels.c.item_id.in_(ids))
    for item_id, name in connection.execute(listing.order_by(item_labels.c.name)):
        found.setdefault(ItemId(item_id), []).append(name)
    return found


def known_numbers(
    connection: Connection, metadata_id: MetadataId, kind: str, numbers: Collection[str], *, seen: ItemVisibility
) -> frozenset[str]:
    """Those of the numbers that an item has which may be seen."""
    visible = seen.condition
    chosen = and_(items.c.metadata_id == metadata_id, items.c.kind == kind, items.c.number.in_(numbers), visible)
    return frozenset(connection.execute(select(items.c.number).where(chosen)).scalars())


def numbers_of(connection: Connection, metadata_id: MetadataId, kind: str) -> Mapping[str, datetime | None]:
    """Of all items of a kind, whoever may see them, with the time when each was written."""
    chosen = and_(items.c.metadata_id == metadata_id, items.c.kind == kind)
    rows = connection.execute(select(items.c.number, items.c.created_at).where(chosen))
    return {number: created_at for number, created_at in rows}  # noqa: C416 - a result has keys of its own


def count_states(
    connection: Connection, metadata_id: MetadataId, *, seen: ItemVisibility
) -> Mapping[tuple[str, str], int]:
    """How many items there are, by kind and state."""
    visible = seen.condition
    counting = select(items.c.kind, items.c.state, func.count()).where(items.c.metadata_id == metadata_id, visible)
    rows = connection.execute(counting.group_by(items.c.kind, items.c.state))
    return {(kind, state): count for kind, state, count in rows}


def count_by(
    connection: Connection, metadata_id: MetadataId, kind: str, column: str, *, seen: ItemVisibility
) -> Mapping[tuple[str, str], int]:
    """How many items of a kind there are, by what a column (`milestone`, `iteration`) has and by state."""
    visible = seen.condition
    chosen = and_(items.c.metadata_id == metadata_id, items.c.kind == kind, items.c[column].is_not(None), visible)
    counting = select(items.c[column], items.c.state, func.count()).where(chosen)
    rows = connection.execute(counting.group_by(items.c[column], items.c.state))
    return {(value, state): count for value, state, count in rows}


def count_labels(connection: Connection, metadata_id: MetadataId, *, seen: ItemVisibility) -> Mapping[str, int]:
    """How many items have each label."""
    visible = seen.condition
    joined = item_labels.join(items, items.c.id == item_labels.c.item_id)
    counting = select(item_labels.c.name, func.count().label("items")).select_from(joined)
    rows = connection.execute(counting.where(items.c.metadata_id == metadata_id, visible).group_by(item_labels.c.name))
    return {row.name: row.items for row in rows}


def names_used(
    connection: Connection, metadata_id: MetadataId, kind: str, column: str, *, seen: ItemVisibility, most: int
) -> tuple[str, ...]:
    """What a column (`type`, `author`, `milestone`) has in items of a kind, what most have first."""
    visible = seen.condition
    chosen = and_(items.c.metadata_id == metadata_id, items.c.kind == kind, items.c[column].is_not(None), visible)
    listing = select(items.c[column]).where(chosen).group_by(items.c[column])
    return tuple(connection.execute(listing.order_by(func.count().desc(), items.c[column]).limit(most)).scalars())


def _conditions(metadata_id: MetadataId, wanted: ItemQuery) -> Iterator[ColumnElement[bool]]:
    yield items.c.metadata_id == metadata_id
    yield items.c.kind.in_((wanted.kind, wanted.with_kind)) if wanted.with_kind else items.c.kind == wanted.kind
    if not wanted.gone:
        yield items.c.gone_in.is_(None)
    yield from _equal(wanted)
    yield from _related(metadata_id, wanted)
    for column, span in (
        (items.c.created_at, wanted.created),
        (items.c.updated_at, wanted.updated),
        (items.c.closed_at, wanted.closed),
        (items.c.merged_at, wanted.merged),
    ):
        yield from span.holds(column)


def _equal(wanted: ItemQuery) -> Iterator[ColumnElement[bool]]:
    for name, values in (
        ("state", wanted.states),
        ("type", wanted.types),
        ("status", wanted.statuses),
        ("priority", wanted.priorities),
        ("number", wanted.numbers),
    ):
        if values is not None:
            yield items.c[name].in_(values)
    if wanted.status_groups is not None:
        named = items.c.status_group.in_([group for group in wanted.status_groups if group])
        yield or_(named, items.c.status_group.is_(None)) if "" in wanted.status_groups else named
    for name, value in (
        ("milestone", wanted.milestone),
        ("iteration", wanted.iteration),
        ("parent", wanted.parent),
        ("head_branch", wanted.head_branch),
        ("base_branch", wanted.base_branch),
    ):
        if value is not None:
            yield items.c[name] == value if value else items.c[name].is_(None)


def _related(metadata_id: MetadataId, wanted: ItemQuery) -> Iterator[ColumnElement[bool]]:
    if wanted.labels:
        yield _has_labels(frozenset(wanted.labels))
    if wanted.linked:
        yield exists().where(item_links.c.item_id == items.c.id, item_links.c.number == wanted.linked)
    if wanted.author:
        yield items.c.author.in_(_keys(metadata_id, wanted.author))
    for role, who in (
        (PersonRole.ASSIGNEE, wanted.assignee),
        (PersonRole.REVIEWER, wanted.reviewer),
        (PersonRole.TESTER, wanted.tester),
    ):
        if who:
            yield exists().where(
                item_people.c.item_id == items.c.id,
                item_people.c.role == role.value,
                item_people.c.person.in_(_keys(metadata_id, who)),
            )


def _has_labels(names: frozenset[str]) -> ColumnElement[bool]:
    """All of them: one look, however many they are. An item has a label once."""
    of_item = and_(item_labels.c.item_id == items.c.id, item_labels.c.name.in_(sorted(names)))
    return select(func.count()).select_from(item_labels).where(of_item).scalar_subquery() == len(names)


def _keys(metadata_id: MetadataId, who: str) -> Select[tuple[str]]:
    """The keys of whoever has that login or that key."""
    of_login = or_(participants.c.folded_login == folded(who), participants.c.key == who)
    return select(participants.c.key).where(participants.c.metadata_id == metadata_id, of_login)


def _ordered(wanted: ItemQuery) -> tuple[ColumnElement[object], ...]:
    """What has no such time or number stands last either way; the databases do not agree on where nothing stands.

    Said so, SQLite takes the rows in the order of the index of (..., time, number), and sorts none.
    """
    first, second = (one.asc() if wanted.ascending else one.desc() for one in (_ORDERS[wanted.order], items.c.number))
    return first.nulls_last(), second
