"""Which threads are settled, where one part of a platform tells it and another one tells what was said."""

from typing import Any

from matou.model.metadata import ChangeBase, ChangeHead, ChangeRequest, Comment, MarkupText, ReviewThread
from matou.platforms.base.metadata import CommentRow
from matou.transfer.backup.metadata.merging import Listed, merged

SAID = Comment(id="5", text=MarkupText(markup="markdown", body="这里"))


def change(*threads: ReviewThread) -> ChangeRequest:
    ends: Any = {"head": ChangeHead(), "base": ChangeBase(branch="main")}
    return ChangeRequest(number="1", id="1", title="x", state="open", threads=threads, **ends)


def thread(*comments: Comment, resolved: bool | None = None, path: str | None = "a.c") -> ReviewThread:
    return ReviewThread(id="5", path=path, resolved=resolved, comments=comments)


def after(before: ChangeRequest | None, now: ChangeRequest, *rows: CommentRow) -> list[ReviewThread]:
    item = merged(before, now, Listed(rows=rows, is_whole=False, run=2))
    assert isinstance(item, ChangeRequest)
    return list(item.threads)


def row() -> CommentRow:
    return CommentRow(key="1", comment=SAID, updated_at=None, thread=thread())


def test_a_list_of_comments_tells_the_place_and_the_item_whether_it_is_settled() -> None:
    assert after(None, change(thread(resolved=True, path=None)), row()) == [thread(SAID, resolved=True)]


def test_what_is_only_told_of_is_no_thread() -> None:
    assert after(None, change(thread(resolved=True))) == []


def test_a_new_comment_leaves_it_settled() -> None:
    assert after(change(thread(SAID, resolved=True)), change(), row()) == [thread(SAID, resolved=True)]


def test_what_was_said_stays_where_it_is_settled_later() -> None:
    now = change(thread(resolved=True, path=None))

    assert after(change(thread(SAID)), now) == [thread(SAID, resolved=True)]


def test_a_platform_that_tells_all_with_the_item_can_open_it_again() -> None:
    assert after(change(thread(SAID, resolved=True)), change(thread(SAID))) == [thread(SAID)]
