"""What people said on a commit, for its page: some at a time, each with the lines of code that it stands at."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Final

from matou.db.items import ItemOrder, ItemQuery
from matou.db.repositories import Repository
from matou.errors import Damaged, NotFound, Refused
from matou.forge.access import Authorized, MaySee
from matou.forge.conversation.references import find_references
from matou.markup import tokens_in
from matou.model.metadata import CommitComment, ReviewThread
from matou.model.metadata.kinds import COMMIT_COMMENT
from matou.server.web.conversation.code_lines import ThreadHead, thread_head
from matou.server.web.conversation.page_texts import PageTexts
from matou.server.web.conversation.saved_page import SavedPage, open_saved
from matou.server.web.conversation.timeline import AROUND_COMMENT, anchor_of
from matou.server.web.page import WebRequest
from matou.server.web.views.item_page import EntryView, files_beside, reactions_of

SHOWN: Final = 10
MOST_BYTES: Final = 13_000
"""For them all: the difference has the rest of the page."""


@dataclass(frozen=True, slots=True)
class CommitTalk:
    """Some of the comments on a commit. `before` and `after` are pages of them; 0 for none."""

    entries: Sequence[EntryView] = ()
    count: int = 0
    before: int = 0
    after: int = 0


@dataclass(frozen=True, slots=True)
class CommitTalkPage:
    """What of the comments on a commit somebody looks at."""

    page: SavedPage | None
    commit: str
    number: int

    @property
    def state(self) -> Hashable:
        """What decides how it looks, beside texts that speak of something."""
        conversation = None if self.page is None else self.page.conversation
        if conversation is None or conversation.indexed is None:
            return None
        return conversation.indexed.commit_id, conversation.seen.confidential, self.number

    def read(self) -> CommitTalk:
        if self.page is None:
            return CommitTalk()
        wanted = ItemQuery(kind=COMMIT_COMMENT.name, parent=self.commit, order=ItemOrder.CREATED, ascending=True)
        offset = (self.number - 1) * SHOWN
        found, total = self.page.conversation.list_items(wanted, offset=offset, limit=SHOWN)
        comments = [one for one in found if isinstance(one, CommitComment)]
        is_last = offset + SHOWN >= total
        before = self.number - 1 if total else 0
        return CommitTalk(_entries(self.page, comments), total, before, 0 if is_last else self.number + 1)


def talk_on(view: WebRequest, granted: Authorized[Repository, MaySee], commit: str) -> CommitTalkPage:
    """Nothing is there for whoever may not read it."""
    number = view.query.get("comments", "")
    try:
        page = open_saved(view, granted, "commits")
    except (NotFound, Refused, Damaged):
        page = None
    return CommitTalkPage(page, commit, max(1, int(number)) if number.isascii() and number.isdigit() else 1)


def _entries(page: SavedPage, comments: Sequence[CommitComment]) -> list[EntryView]:
    words = set[str]().union(*(tokens_in(one.text.body) for one in comments))
    references = find_references(page.conversation, words)
    texts = PageTexts(references, page.file_url, most_bytes=MOST_BYTES - AROUND_COMMENT * len(comments))
    return [_entry(page, one, texts) for one in comments]


def _entry(page: SavedPage, comment: CommitComment, texts: PageTexts) -> EntryView:
    return EntryView(
        by=page.person(comment.by),
        at=comment.at,
        text=texts.show(comment.text, comment.files, ""),
        anchor=anchor_of(comment.id),
        edited_at=comment.updated_at if comment.updated_at != comment.at else None,
        is_gone=comment.gone_in is not None,
        files=files_beside(page, comment.files, comment.text),
        reactions=reactions_of(comment.reactions),
        thread=_head(page, comment, texts),
    )


def _head(page: SavedPage, comment: CommitComment, texts: PageTexts) -> ThreadHead | None:
    if comment.position is None:
        return None
    place = ReviewThread(id=comment.id, position=comment.position, comments=())
    head = thread_head(page, place, frozenset({comment.commit or ""}))
    if texts.take(head.size_bytes):
        return head
    return ThreadHead(head.place, head.href, (), head.resolved, head.resolved_by, head.outdated)
