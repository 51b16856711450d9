"""Items as the index has them: what is looked up of each, and which words find it."""

from collections.abc import Iterator
from typing import Any

from matou.archive.metadata.items import files_in
from matou.db.items import DRAFT, ItemVisibility, NewComment, NewItem, PersonRole
from matou.model.metadata import (
    Board,
    ChangeRequest,
    Comment,
    CommitComment,
    Issue,
    Item,
    MarkupText,
    MetadataValue,
    ReviewThread,
    SavedRelease,
)
from matou.model.metadata.kinds import CHANGE, COMMIT_COMMENT, ISSUE, RELEASE, MetadataKind
from matou.model.names import ObjectId

INDEXED_KINDS: tuple[MetadataKind, ...] = (ISSUE, CHANGE, RELEASE, COMMIT_COMMENT)

IndexedValue = Issue | ChangeRequest | SavedRelease | CommitComment

_ROLES = {"reviewer": PersonRole.REVIEWER, "tester": PersonRole.TESTER}


def index_row(value: IndexedValue, blob_id: ObjectId) -> NewItem:
    """What the index has of an item whose file is that blob."""
    if isinstance(value, SavedRelease):
        return _of_release(value, blob_id)
    return _of_commit_comment(value, blob_id) if isinstance(value, CommitComment) else _of_item(value, blob_id)


def words_of(value: IndexedValue) -> str:
    """The texts in which a search looks: title, body, comments."""
    if isinstance(value, SavedRelease):
        return "\n".join((value.tag, value.name, _body(value.text)))
    if isinstance(value, CommitComment):
        return value.text.body
    return "\n".join((value.title, _body(value.text), *(one.text.body for one in comments_of(value))))


def is_confidential(value: MetadataValue) -> bool:
    """Whether it is for those who work on the repository alone."""
    return isinstance(value, Item | Board) and bool(value.confidential)


def may_be_seen(value: MetadataValue, seen: ItemVisibility) -> bool:
    """As the index says it of an item's row."""
    is_draft = isinstance(value, SavedRelease) and value.draft
    is_gone = getattr(value, "gone_in", None) is not None
    hidden = (is_confidential(value), seen.confidential), (is_draft, seen.drafts), (is_gone, seen.gone)
    return not any(is_hidden and not is_seen for is_hidden, is_seen in hidden)


def comments_of(item: Item) -> Iterator[Comment]:
    """Every comment of an item that the source still has: what was said on lines comes first, thread by thread."""
    return (comment for comment, _ in spoken_on(item))


def spoken_on(item: Item) -> Iterator[tuple[Comment, bool]]:
    """As `comments_of`, with whether each stands on a line."""
    if isinstance(item, ChangeRequest):
        for thread in item.threads:
            on_line = stands_on_line(item, thread)
            yield from ((comment, on_line) for comment in thread.comments if comment.gone_in is None)
    yield from ((comment, False) for comment in item.comments if comment.gone_in is None)


def stands_on_line(change: ChangeRequest, thread: ReviewThread) -> bool:
    """Not where the commits are not saved: nobody could show the line."""
    return thread.position is not None and bool(thread.position.line) and change.commits != "absent"


def _of_item(item: Issue | ChangeRequest, blob_id: ObjectId) -> NewItem:
    return NewItem(
        kind=item.kind,
        number=item.number,
        blob_id=blob_id,
        title=plain(item.title),
        state=item.state,
        status=_name(item.status),
        status_group=None if item.status is None else item.status.group,
        type=_name(item.type),
        priority=_name(item.priority),
        author=item.by,
        milestone=item.milestone,
        iteration=item.iteration,
        parent=item.parent,
        confidential=is_confidential(item),
        gone_in=item.gone_in,
        created_at=item.at,
        updated_at=item.updated_at or item.at,
        closed_at=item.closed_at,
        labels=tuple(map(plain, item.labels)),
        people=tuple(_people_of(item)),
        comments=[_comment(one, on_line=on_line) for one, on_line in spoken_on(item)],
        files=tuple((one.sha256, plain(one.name)) for one in files_in(item) if one.sha256 is not None),
        **(_of_change(item) if isinstance(item, ChangeRequest) else {}),
    )


def _of_change(change: ChangeRequest) -> dict[str, Any]:
    return {
        "head_branch": plain(change.head.branch or ""),
        "base_branch": plain(change.base.branch),
        "merged_at": change.merged_at,
        "links": tuple(plain(link.to) for link in change.links),
    }


def _of_release(release: SavedRelease, blob_id: ObjectId) -> NewItem:
    return NewItem(
        kind=RELEASE.name,
        number=release.tag,
        blob_id=blob_id,
        title=plain(release.name),
        state=DRAFT if release.draft else "published",
        author=release.by,
        gone_in=release.gone_in,
        created_at=release.at or release.published_at,
        updated_at=release.published_at or release.at,
        files=(
            *((one.sha256, plain(one.name)) for one in release.assets if one.sha256 is not None),
            *((one.sha256, plain(one.name)) for one in release.files if one.sha256 is not None),
        ),
    )


def _of_commit_comment(comment: CommitComment, blob_id: ObjectId) -> NewItem:
    """Its parent is the commit."""
    return NewItem(
        kind=COMMIT_COMMENT.name,
        number=comment.id,
        blob_id=blob_id,
        title="",
        state="published",
        author=comment.by,
        parent=comment.commit,
        gone_in=comment.gone_in,
        created_at=comment.at,
        updated_at=comment.updated_at or comment.at,
        files=tuple((one.sha256, plain(one.name)) for one in comment.files if one.sha256 is not None),
    )


def _people_of(item: Item) -> Iterator[tuple[PersonRole, str]]:
    yield from ((PersonRole.ASSIGNEE, person) for person in item.assignees)
    for reviewer in item.reviewers if isinstance(item, ChangeRequest) else ():
        if reviewer.role in _ROLES:
            yield _ROLES[reviewer.role], reviewer.by


def _comment(comment: Comment, *, on_line: bool) -> NewComment:
    return NewComment(comment.id, comment.by, comment.at, comment.edited_at or comment.at, on_line)


def _body(text: MarkupText | None) -> str:
    return "" if text is None else text.body


def _name(value: object) -> str | None:
    name: str | None = getattr(value, "name", None)
    return None if name is None else plain(name)


def plain(text: str) -> str:
    """As a database takes it: PostgreSQL knows no NUL, and neither any lone surrogate."""
    return text.replace("\0", "�").encode(errors="replace").decode()
