"""Rows of comments: where each stands in its item, for lists of all comments of a repository."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, func, select, true

from matou.db.conditions import ALWAYS, Between
from matou.db.items import ItemVisibility
from matou.db.metadata_repositories import MetadataId
from matou.db.schema import item_comments, items


@dataclass(frozen=True, slots=True)
class IndexedComment:
    """A comment, and the item whose blob has its text.

    Attributes:
        position: among the comments of the item, from 0, as `NewItem.comments` had them.
    """

    comment_id: str
    position: int
    kind: str
    number: str
    blob_id: str
    created_at: datetime | None
    updated_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CommentQuery:
    """Which comments: all, or the one with an id.

    Attributes:
        kind: of the items that they were made on; empty for any.
        on_line: whether they stand on a line of a difference; None for either.
    """

    kind: str = ""
    on_line: bool | None = None
    comment_id: str | None = None
    updated: Between = ALWAYS
    by_update: bool = False
    ascending: bool = True


_COLUMNS = [
    item_comments.c.comment_id,
    item_comments.c.position,
    items.c.kind,
    items.c.number,
    items.c.blob_id,
    item_comments.c.created_at,
    item_comments.c.updated_at,
]


def list_comments(
    connection: Connection,
    metadata_id: MetadataId,
    wanted: CommentQuery,
    *,
    seen: ItemVisibility,
    offset: int = 0,
    limit: int | None = None,
) -> tuple[IndexedComment, ...]:
    """One page of what is wanted: an index alone tells which these are, and only they are looked up."""
    chosen = and_(*_conditions(metadata_id, wanted, seen=seen))
    places = select(item_comments.c.item_id, item_comments.c.position).where(chosen).order_by(*_ordered(wanted))
    page = places.offset(offset).limit(limit).subquery()
    same = and_(item_comments.c.item_id == page.c.item_id, item_comments.c.position == page.c.position)
    joined = page.join(item_comments, same).join(items, items.c.id == item_comments.c.item_id)
    listing = select(*_COLUMNS).select_from(joined).order_by(*_ordered(wanted))
    return tuple(IndexedComment(*row) for row in connection.execute(listing))


def count_comments(
    connection: Connection, metadata_id: MetadataId, wanted: CommentQuery, *, seen: ItemVisibility
) -> int:
    """How many `list_comments` has on all its pages."""
    chosen = and_(*_conditions(metadata_id, wanted, seen=seen))
    return connection.execute(select(func.count()).select_from(item_comments).where(chosen)).scalar_one()


def _conditions(
    metadata_id: MetadataId, wanted: CommentQuery, *, seen: ItemVisibility
) -> Iterator[ColumnElement[bool]]:
    yield item_comments.c.metadata_id == metadata_id
    if wanted.kind:
        yield item_comments.c.kind == wanted.kind
    if wanted.on_line is not None:
        yield item_comments.c.on_line == wanted.on_line
    if wanted.comment_id is not None:
        yield item_comments.c.comment_id == wanted.comment_id
    yield from wanted.updated.holds(item_comments.c.updated_at)
    if not seen.is_everything:
        hidden = and_(items.c.metadata_id == metadata_id, ~seen.condition)
        of_kind = items.c.kind == wanted.kind if wanted.kind else true()
        yield item_comments.c.item_id.not_in(select(items.c.id).where(hidden, of_kind))


def _ordered(wanted: CommentQuery) -> tuple[ColumnElement[object], ...]:
    column = item_comments.c.updated_at if wanted.by_update else item_comments.c.created_at
    columns = (column, item_comments.c.item_id, item_comments.c.position)
    first, *others = (one.asc() if wanted.ascending else one.desc() for one in columns)
    return (first.nulls_last(), *others)
