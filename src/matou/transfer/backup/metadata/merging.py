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
    old = {thread.id: thread for thread in before}
    merged_ = (
        replace(
            threads.get(id_) or old[id_],
            comments=merged_comments(old[id_].comments if id_ in old else (), comments.get(id_, ()), listed),
        )
        for id_ in dict.fromkeys((*threads, *old))
    )
    return tuple(sorted(merged_, key=_order_of_thread))


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
