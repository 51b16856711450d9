"""What was said and done on an item, in the order of time, and how it falls into pages. Pure."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import chain
from typing import Final

from matou.model.metadata import ChangeRequest, Comment, Item, MarkupText, Review, ReviewThread, TimelineEvent

MOST_COMMENTS: Final = 50
"""Of a page."""

MOST_BYTES: Final = 60_000
"""Of a page's texts as they were written, and of what stands around them, about."""

LONGEST_COUNTED: Final = 10_000
"""Bytes of a text; what is longer stands on a page of its own."""

AROUND_COMMENT: Final = 900
AROUND_EVENT: Final = 300
"""Bytes of HTML, about."""

_EARLIEST: Final = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineEntry:
    """A comment, a review or an event.

    Attributes:
        thread: what the comment is in.
        opens_thread: it is the first of its thread on its page.
    """

    at: datetime | None
    comment: Comment | None = None
    review: Review | None = None
    event: TimelineEvent | None = None
    thread: ReviewThread | None = None
    opens_thread: bool = False

    @property
    def text(self) -> MarkupText | None:
        said = self.comment or self.review
        return None if said is None else said.text

    @property
    def weight(self) -> int:
        """Bytes of its page, about."""
        if self.event is not None:
            return AROUND_EVENT
        body = "" if self.text is None else self.text.body
        return AROUND_COMMENT + min(len(body[:LONGEST_COUNTED].encode(errors="replace")), LONGEST_COUNTED)


def timeline_of(item: Item) -> list[TimelineEntry]:
    """All of it, the oldest first; what has no time stands first, and comments of a thread stay together."""
    groups = [*_comments(item), *_events(item), *_reviews(item), *_threads(item)]
    groups.sort(key=lambda group: group[0].at or _EARLIEST)
    return list(chain.from_iterable(groups))


def without_gone_comments(item: Item) -> Item:
    """As the source has it now; the very item where nothing of it is gone."""
    threads = item.threads if isinstance(item, ChangeRequest) else ()
    said = chain(item.comments, *(thread.comments for thread in threads))
    if all(comment.gone_in is None for comment in said):
        return item
    there = replace(item, comments=_there(item.comments))
    if not isinstance(there, ChangeRequest):
        return there
    return replace(there, threads=tuple(replace(thread, comments=_there(thread.comments)) for thread in threads))


def _there(comments: Sequence[Comment]) -> tuple[Comment, ...]:
    return tuple(comment for comment in comments if comment.gone_in is None)


def pages_of(entries: Sequence[TimelineEntry], first_weight: int) -> list[Sequence[TimelineEntry]]:
    """At least one page. Args: first_weight: what the first page has to hold besides."""
    pages: list[list[TimelineEntry]] = [[]]
    weight, comments = first_weight, 0
    for entry in entries:
        comments += entry.event is None
        weight += entry.weight
        if pages[-1] and (comments > MOST_COMMENTS or weight > MOST_BYTES):
            pages.append([])
            weight, comments = entry.weight, int(entry.event is None)
        pages[-1].append(entry)
    return [tuple(_opened(page)) for page in pages]


def page_with(pages: Sequence[Sequence[TimelineEntry]], comment_id: str) -> int:
    """The number of the page that has a comment; the first where none has it."""
    for number, page in enumerate(pages, start=1):
        if any(entry.comment is not None and entry.comment.id == comment_id for entry in page):
            return number
    return 1


def anchor_of(comment_id: str) -> str:
    """What a link to a comment ends with."""
    return "comment-" + re.sub(r"[^\w.-]", "_", comment_id)[:100]


def _comments(item: Item) -> Iterator[list[TimelineEntry]]:
    return ([TimelineEntry(at=comment.at, comment=comment)] for comment in item.comments)


def _events(item: Item) -> Iterator[list[TimelineEntry]]:
    return ([TimelineEntry(at=event.at, event=event)] for event in item.events)


def _reviews(item: Item) -> Iterator[list[TimelineEntry]]:
    reviews = item.reviews if isinstance(item, ChangeRequest) else ()
    return ([TimelineEntry(at=review.at, review=review)] for review in reviews)


def _threads(item: Item) -> Iterator[list[TimelineEntry]]:
    for thread in item.threads if isinstance(item, ChangeRequest) else ():
        if thread.comments:
            yield [TimelineEntry(at=comment.at, comment=comment, thread=thread) for comment in thread.comments]


def _opened(page: Sequence[TimelineEntry]) -> Iterator[TimelineEntry]:
    before: ReviewThread | None = None
    for entry in page:
        is_new = entry.thread is not None and entry.thread is not before
        before = entry.thread
        yield (
            TimelineEntry(at=entry.at, comment=entry.comment, thread=entry.thread, opens_thread=True)
            if is_new
            else entry
        )
