"""GitHub's discussions as metadata: polls, votes and what else the model has no place for stand in `extra`."""

from collections.abc import Iterable, Mapping
from typing import Final

from matou.model.metadata import Comment, Discussion, IssueType, MarkupText
from matou.platforms.base.decoder import original_of
from matou.platforms.base.metadata import ItemRead
from matou.platforms.base.metadata_values import People, Rules, is_time, leftover, time_of
from matou.platforms.github.metadata_people import DECODER, is_person, people
from matou.platforms.github.wire_discussions import GitHubReply, GitHubTalk
from matou.platforms.github.wire_issues import GitHubUser


def is_no_vote(value: object) -> bool:
    return value in (0, False) or value == []


def has_no_reactors(value: object) -> bool:
    """Counts by emoji; who gave which costs a request for each item."""
    groups = value if isinstance(value, list) else [None]
    return all(isinstance(one, Mapping) and one.get("reactors") == {"totalCount": 0} for one in groups)


_SPOKEN: Final[Rules] = {
    **dict.fromkeys(("id", "body", "html_url")),
    "user": is_person,
    "created_at": is_time,
    "reactions": has_no_reactors,
    "upvotes": is_no_vote,
}

TALK: Final[Rules] = {
    **_SPOKEN,
    **dict.fromkeys(("number", "title", "closed", "locked", "comments", "answer")),
    **dict.fromkeys(("updated_at", "closed_at", "answer_chosen_at"), is_time),
    "answer_chosen_by": is_person,
    "category": {"id": None, "name": None},
    "labels": {"nodes": {"name": None}},
}

SAID: Final[Rules] = {
    **_SPOKEN,
    **dict.fromkeys(("node", "replies")),
    "edited_at": is_time,
    "is_answer": is_no_vote,
    "is_minimized": is_no_vote,
}


def discussion_of(value: object, comments: Iterable[tuple[object, str | None]]) -> ItemRead:
    """Raises UnknownShape.

    Args:
        comments: all of them, each with the id of the one that it replies to.
    """
    row, named = DECODER.read(GitHubTalk, value), people()
    category = row.category
    said = tuple(_comment_of(DECODER.read(GitHubReply, one), reply_to, named) for one, reply_to in comments)
    item = Discussion(
        number=str(row.number),
        id=None if row.id is None else str(row.id),
        title=row.title,
        text=MarkupText(markup="markdown", body=row.body),
        by=named.key_of(row.user),
        at=time_of(row.created_at),
        updated_at=time_of(row.updated_at),
        closed_at=time_of(row.closed_at),
        state="closed" if row.closed else "open",
        type=None if category is None else IssueType(id=category.id, name=category.name),
        labels=tuple(str(label["name"]) for label in (row.labels.nodes if row.labels else ()) if "name" in label),
        locked=row.locked or None,
        answer=str(row.answer.id) if row.answer and row.answer.id else None,
        answered_at=time_of(row.answer_chosen_at),
        answered_by=named.key_of(row.answer_chosen_by),
        comments=said,
        url=row.html_url,
        extra=leftover(original_of(row), TALK) or None,
    )
    return ItemRead(item=item, people=named.seen)


def _comment_of(row: GitHubReply, reply_to: str | None, named: People[GitHubUser]) -> Comment:
    return Comment(
        id=str(row.id),
        reply_to=reply_to,
        by=named.key_of(row.user),
        at=time_of(row.created_at),
        edited_at=time_of(row.edited_at),
        text=MarkupText(markup="markdown", body=row.body),
        extra={**leftover(original_of(row), SAID), **({"html_url": row.html_url} if row.html_url else {})} or None,
    )
