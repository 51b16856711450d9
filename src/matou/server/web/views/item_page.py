"""The page of one issue or change request: what was said and done, in the order of time."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, cast

from starlette.responses import RedirectResponse, Response

from matou.forge.conversation.conversation import NoSuchItem
from matou.forge.conversation.references import COMMIT, TextReference, find_references
from matou.markup import tokens_in
from matou.model.metadata import (
    AttachedFile,
    ChangeRequest,
    Item,
    MarkupText,
    Reaction,
    Reviewer,
)
from matou.model.metadata.kinds import MetadataKind
from matou.server.web.conversation.code_lines import ThreadHead, commits_of, thread_head
from matou.server.web.conversation.item_facts import facts_of
from matou.server.web.conversation.page_texts import PageTexts, ShownText, is_picture
from matou.server.web.conversation.paged_timelines import PagedTimeline, paged_timeline
from matou.server.web.conversation.saved_page import PersonName, SavedPage, shown
from matou.server.web.conversation.timeline import (
    AROUND_COMMENT,
    AROUND_EVENT,
    TimelineEntry,
    anchor_of,
    page_with,
    without_gone_comments,
)
from matou.server.web.page import HtmlPage, Paging
from matou.server.web.views.items import sign_of
from matou.transfer.export.facts import decision_text, event_text

MOST_BYTES: Final = 88_000
"""Of a page, for texts and what stands around them; its head and foot come besides."""

MOST_FILES: Final = 20
MOST_REACTIONS: Final = 10
BODY: Final = "body"
"""What the item's own text is called, among the ids of comments."""


@dataclass(frozen=True, slots=True)
class FileLink:
    """A file that belongs to a text. `href` is empty where its bytes were not saved, which `missing` tells of."""

    name: str
    href: str
    size: int | None
    missing: str
    is_picture: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryView:
    """A comment, a review or an event as a page shows it.

    Attributes:
        sentence: what was done.
        thread: where it stands, if it is the first of its thread here.
    """

    by: PersonName | None
    at: datetime | None
    sentence: str = ""
    text: ShownText | None = None
    anchor: str = ""
    reply_to: str = ""
    edited_at: datetime | None = None
    is_gone: bool = False
    files: Sequence[FileLink] = ()
    reactions: Sequence[tuple[str, int]] = ()
    thread: ThreadHead | None = None
    is_in_thread: bool = False


@dataclass(frozen=True, slots=True)
class ReviewerView:
    who: PersonName | None
    role: str
    decision: str


@dataclass(frozen=True, slots=True)
class ChangeView:
    """What a change request has besides. Commits are by what they are to it, and empty where they are not here."""

    change: ChangeRequest
    head: str
    base: str
    commits: Mapping[str, str]
    merged_by: PersonName | None
    reviewers: Sequence[ReviewerView] = field(default_factory=list)


def show_item(page: SavedPage, kind: MetadataKind, words: tuple[str, ...]) -> HtmlPage | Response:
    """Raises NoSuchItem."""
    number, *rest = words
    if len(rest) == 2 and rest[0] == "text":
        return _show_text(page, kind, number, rest[1])
    if rest:
        raise NoSuchItem("there is no {kind} {number}", kind=kind.name, number=repr("/".join(words))[:100])
    etag = page.etag("item")
    item = _seen_item(page, kind, number)
    timeline = _timeline(page, kind, item)
    pages = timeline.pages
    comment = page.view.query.get("comment")
    if comment:
        return RedirectResponse(
            f"{page.url(page.word, number)}?page={page_with(pages, comment)}#{anchor_of(comment)}", 302
        )
    paging = Paging(min(page.view.number, len(pages)), len(pages), 1)
    values = _values(page, kind, timeline, paging)
    return page.html("item.html", values, etag)


def _values(page: SavedPage, kind: MetadataKind, timeline: PagedTimeline, paging: Paging) -> Mapping[str, object]:
    item, entries = timeline.item, timeline.pages[paging.number - 1]
    references = find_references(page.conversation, _words(item, entries, is_first=paging.number == 1))
    commits = frozenset(word for word, one in references.items() if one.kind == COMMIT)
    around = sum(AROUND_EVENT if entry.event is not None else AROUND_COMMENT for entry in entries)
    texts = PageTexts(references, page.file_url, most_bytes=MOST_BYTES - around)
    body = texts.show(item.text, item.files, _whole(page, item, BODY)) if paging.number == 1 else None
    return {
        "item": item,
        "title": shown(item.title, 1000) or item.number,
        "name": sign_of(kind) + shown(item.number, 40),
        "by": page.person(item.by),
        "body": body,
        "body_files": files_beside(page, item.files, item.text),
        "body_reactions": reactions_of(item.reactions),
        "entries": [_entry(page, item, entry, texts, commits) for entry in entries],
        "facts": facts_of(page, item),
        "participants": page.people(timeline.participants),
        "change": _change(page, item, commits) if isinstance(item, ChangeRequest) else None,
        "comment_count": timeline.comment_count,
        "source": page.source(item.url),
        "paging": paging,
    }


def _seen_item(page: SavedPage, kind: MetadataKind, number: str) -> Item:
    """Without the comments that were deleted at the source, for whoever may not read earlier states."""
    item = cast("Item", page.conversation.find_item(kind, number))
    return item if page.conversation.seen.gone else without_gone_comments(item)


def _timeline(page: SavedPage, kind: MetadataKind, item: Item) -> PagedTimeline:
    place = (str(page.subject.path), kind.name)
    return paged_timeline(page.view.forge, item, place, first_weight=_weight_of(item.text))


def _words(item: Item, entries: Iterable[TimelineEntry], *, is_first: bool) -> set[str]:
    """What on a page may speak of something: words in texts, and the commits that a change request names."""
    texts = [entry.text for entry in entries] + ([item.text] if is_first else [])
    found = set[str]().union(*(tokens_in(text.body) for text in texts if text is not None))
    if isinstance(item, ChangeRequest):
        found |= set(_named_commits(item).values())
        found |= {commits_of(entry.thread) for entry in entries if entry.thread is not None}
    return found - {""}


def _named_commits(change: ChangeRequest) -> dict[str, str]:
    named = {
        "head": change.head.commit,
        "base": change.base.commit,
        "merge": change.merge_commit,
        "merge_base": change.merge_base,
    }
    return {name: commit or "" for name, commit in named.items()}


def _change(page: SavedPage, change: ChangeRequest, commits: frozenset[str]) -> ChangeView:
    from_fork = f"{change.head.repository}:" if change.head.repository else ""
    return ChangeView(
        change,
        shown(from_fork + (change.head.branch or ""), 200),
        shown(change.base.branch, 200),
        {name: commit if commit in commits else "" for name, commit in _named_commits(change).items()},
        page.person(change.merged_by),
        [_reviewer(page, one) for one in change.reviewers[:50]],
    )


def _reviewer(page: SavedPage, reviewer: Reviewer) -> ReviewerView:
    return ReviewerView(page.person(reviewer.by), reviewer.role, decision_text(reviewer))


def _entry(page: SavedPage, item: Item, entry: TimelineEntry, texts: PageTexts, commits: frozenset[str]) -> EntryView:
    if entry.event is not None:
        return EntryView(by=page.person(entry.event.by), at=entry.at, sentence=shown(event_text(entry.event)))
    if entry.review is not None:
        review = entry.review
        text = texts.show(review.text, (), _whole(page, item, review.id))
        return EntryView(by=page.person(review.by), at=entry.at, sentence=decision_text(review), text=text)
    return _comment(page, item, entry, texts, commits)


def _comment(page: SavedPage, item: Item, entry: TimelineEntry, texts: PageTexts, commits: frozenset[str]) -> EntryView:
    comment = entry.comment
    assert comment is not None  # noqa: S101 - no event, and no review
    head = thread_head(page, entry.thread, commits) if entry.thread is not None and entry.opens_thread else None
    if head is not None and not texts.take(head.size_bytes):
        head = ThreadHead(head.place, head.href, (), head.resolved, head.resolved_by, head.outdated)
    return EntryView(
        by=page.person(comment.by),
        at=entry.at,
        text=texts.show(comment.text, comment.files, _whole(page, item, comment.id)),
        anchor=anchor_of(comment.id),
        reply_to="" if comment.reply_to is None or entry.thread is not None else anchor_of(comment.reply_to),
        edited_at=comment.edited_at if comment.edited_at != comment.at else None,
        is_gone=comment.gone_in is not None,
        files=files_beside(page, comment.files, comment.text),
        reactions=reactions_of(comment.reactions),
        thread=head,
        is_in_thread=entry.thread is not None,
    )


def files_beside(page: SavedPage, files: Sequence[AttachedFile], text: MarkupText | None) -> list[FileLink]:
    """Those that the text does not show already."""
    body = "" if text is None else text.body
    listed = (one for one in files if one.sha256 is None or not (is_picture(one) and one.url in body))
    return [
        FileLink(shown(one.name, 100), page.file_url(one), one.size, shown(one.missing or ""), is_picture(one))
        for _, one in zip(range(MOST_FILES), listed, strict=False)
    ]


def reactions_of(reactions: Sequence[Reaction] | None) -> list[tuple[str, int]]:
    return [(shown(one.name, 30), len(one.by)) for one in (reactions or ())[:MOST_REACTIONS]]


def _weight_of(text: MarkupText | None) -> int:
    return TimelineEntry(at=None).weight if text is None else min(len(text.body.encode(errors="replace")), 40_000)


def _whole(page: SavedPage, item: Item, text_id: str) -> str:
    return page.url(page.word, item.number, "text", text_id if text_id == BODY else anchor_of(text_id))


def _show_text(page: SavedPage, kind: MetadataKind, number: str, text_id: str) -> HtmlPage:
    """One text alone, which is longer than what a page of many has room for."""
    etag = page.etag("text")
    item = _seen_item(page, kind, number)
    text, files = _text_of(_timeline(page, kind, item), text_id)
    references: Mapping[str, TextReference] = find_references(page.conversation, tokens_in(text.body))
    parts = PageTexts(references, page.file_url, most_bytes=MOST_BYTES).parts(text, files)
    paging = Paging(min(page.view.number, len(parts)), len(parts), 1)
    values = {
        "name": sign_of(kind) + shown(item.number, 40),
        "title": shown(item.title, 1000) or item.number,
        "href": page.url(page.word, item.number),
        "html": parts[paging.number - 1],
        "paging": paging,
    }
    return page.html("item_text.html", values, etag)


def _text_of(timeline: PagedTimeline, text_id: str) -> tuple[MarkupText, Sequence[AttachedFile]]:
    item = timeline.item
    if text_id == BODY and item.text is not None:
        return item.text, item.files
    for entry in timeline.entries:
        said = entry.comment or entry.review
        if said is not None and anchor_of(said.id) == text_id and said.text is not None:
            return said.text, entry.comment.files if entry.comment else ()
    raise NoSuchItem("there is no {kind} {number}", kind="text", number=repr(text_id)[:100])
