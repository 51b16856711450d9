"""What is kept of an item once it was read again: what the platform has now, and what it has no more."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

from matou.archive.metadata.tree_paths import natural_order
from matou.model.metadata import ChangeRequest, Comment, Item, MetadataValue, ReviewThread
from matou.platforms.base.metadata import CommentRow, ItemRead

LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """What came of an item's comments.

    Attributes:
        rows: from the list of the whole repository.
        is_whole: whether what is not among them, or not with the item, is gone at the source.
        run: this one, in which it was found to be gone.
    """

    rows: Sequence[CommentRow] = ()
    is_whole: bool
    run: int


def merged(before: MetadataValue | None, now: MetadataValue, listed: Listed) -> MetadataValue:
    """An item as it is to stand: as it is now, with the comments of before that are not here."""
    if not isinstance(now, Item):
        return now
    old = before if isinstance(before, Item) else None
    talk = [row.comment for row in listed.rows if row.thread is None]
    comments = merged_comments(old.comments if old else (), (*now.comments, *talk), listed)
    if not isinstance(now, ChangeRequest):
        return replace(now, comments=comments)
    threads = _merged_threads(old.threads if isinstance(old, ChangeRequest) else (), now.threads, listed)
    return _with_commits_of(old, replace(now, comments=comments, threads=threads))


def merged_comments(before: Iterable[Comment], now: Iterable[Comment], listed: Listed) -> tuple[Comment, ...]:
    """All comments in the order in which they were written; one that is gone keeps its text."""
    by_id = {comment.id: comment for comment in now}
    for old in before:
        if old.id not in by_id:
            is_new = listed.is_whole and old.gone_in is None
            by_id[old.id] = replace(old, gone_in=listed.run) if is_new else old
    return tuple(sorted(by_id.values(), key=_order))


def _order(comment: Comment) -> tuple[datetime, object]:
    return comment.at or LONG_AGO, natural_order(comment.id)


def _merged_threads(
    before: Iterable[ReviewThread], now: Iterable[ReviewThread], listed: Listed
) -> tuple[ReviewThread, ...]:
    threads = {thread.id: thread for thread in now}
    comments: dict[str, list[Comment]] = {thread.id: list(thread.comments) for thread in now}
    for row in listed.rows:
        if row.thread is not None:
            threads[row.thread.id] = row.thread
            comments.setdefault(row.thread.id, []).append(row.comment)
    old, stated = {thread.id: thread for thread in before}, {thread.id: thread for thread in now}
    merged_ = (
        replace(
            _with_resolution(threads.get(id_), stated.get(id_), old.get(id_)),
            comments=merged_comments(old[id_].comments if id_ in old else (), comments.get(id_, ()), listed),
        )
        for id_ in dict.fromkeys((*threads, *old))
    )
    return tuple(sorted((thread for thread in merged_ if thread.comments), key=_order_of_thread))


def _with_resolution(
    listed: ReviewThread | None, stated: ReviewThread | None, old: ReviewThread | None
) -> ReviewThread:
    """Where a list tells of comments and something else of threads, each has what it tells.

    Args:
        listed: as it came with a comment, or with its item.
        stated: as it came with its item; without comments where these are in a list of their own.
    """
    if listed is not None and listed is stated and listed.comments:
        return listed
    place = old if old is not None and (listed is None or listed is stated) else listed
    assert place is not None  # noqa: S101 - it is one of them
    if place is not old and place.resolved is not None:
        return place
    known = next((one for one in (stated, old) if one is not None and one.resolved is not None), place)
    return replace(place, resolved=known.resolved, resolved_by=known.resolved_by)


def _order_of_thread(thread: ReviewThread) -> tuple[datetime, object]:
    first = thread.comments[0].at if thread.comments else None
    return first or LONG_AGO, natural_order(thread.id)


def _with_commits_of(before: MetadataValue | None, now: ChangeRequest) -> ChangeRequest:
    """Whether its commits are saved is known of the same head, and the platform does not say it."""
    if not isinstance(before, ChangeRequest) or now.commits is not None or before.head.commit != now.head.commit:
        return now
    return replace(now, commits=before.commits, commits_ref=now.commits_ref or before.commits_ref)


def unfinished(read: ItemRead) -> ItemRead:
    """One of which a part was not read is not known to be as of any time, so that the next run reads it again."""
    changes: dict[str, Any] = {"updated_at": None}
    return replace(read, item=replace(read.item, **changes)) if hasattr(read.item, "updated_at") else read


def unread(before: MetadataValue) -> ItemRead:
    """An item that is as it was but for its comments, which came from a list of their own."""
    if isinstance(before, ChangeRequest):
        return ItemRead(item=replace(before, comments=(), threads=()))
    return ItemRead(item=replace(before, comments=()) if isinstance(before, Item) else before)
