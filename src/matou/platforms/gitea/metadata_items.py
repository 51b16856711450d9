"""Gitea's issues and the comments on them as metadata: what the model has no place for stands in `extra`."""

from collections.abc import Iterable, Mapping
from typing import Final, Literal
from urllib.parse import urlsplit

from msgspec import UnsetType

from matou.errors import UnknownShape
from matou.model.metadata import AttachedFile, Comment, Issue, MarkupText
from matou.platforms.base.decoder import original_of
from matou.platforms.base.metadata import CommentRow, ItemRead
from matou.platforms.base.metadata_values import Rules, day_of, edited_at, is_time, leftover, markdown, tail_of, time_of
from matou.platforms.gitea.metadata_people import DECODER, GiteaPeople, are_people, is_person
from matou.platforms.gitea.wire_issues import GiteaComment, GiteaFile, GiteaIssue

STATES: Final[Mapping[str, Literal["open", "closed"]]] = {"open": "open", "closed": "closed"}

ATTACHMENTS: Final = "/attachments/"
"""What stands before the name of a file that belongs to an issue, a comment or a release."""

ITEM: Final[Rules] = {
    **dict.fromkeys(("id", "number", "title", "body", "url", "html_url", "state", "labels", "is_locked", "assets")),
    **dict.fromkeys(("created_at", "updated_at", "closed_at", "due_date"), is_time),
    "user": is_person,
    "original_author": None,
    "original_author_id": lambda value: value == 0,
    "milestone": lambda value: isinstance(value, Mapping) and "id" in value,
    # The first of `assignees`, kept for programs that know of one alone.
    "assignee": is_person,
    "assignees": are_people,
    # A count of what the comments themselves say.
    "comments": None,
    "pin_order": lambda value: value == 0,
}
"""What issues and pull requests share."""

ISSUE: Final[Rules] = {
    **ITEM,
    "repository": None,
    "ref": lambda value: value == "",
    "time_estimate": lambda value: value == 0,
    "pull_request": None,
}

COMMENT: Final[Rules] = {
    **dict.fromkeys(("id", "html_url", "issue_url", "pull_request_url", "body", "assets", "original_author")),
    "user": is_person,
    "original_author_id": lambda value: value == 0,
    **dict.fromkeys(("created_at", "updated_at"), is_time),
}


def issue_of(value: object) -> ItemRead:
    """An issue without its comments, which are in a list of their own. Raises UnknownShape."""
    row, named = DECODER.read(GiteaIssue, value), GiteaPeople()
    if row.state not in STATES:
        raise UnknownShape("gitea Issue.state", row.state)
    item = Issue(
        number=str(row.number),
        id=str(row.id),
        title=row.title,
        text=markdown(row.body),
        by=named.author(row),
        at=time_of(row.created_at),
        updated_at=time_of(row.updated_at),
        closed_at=time_of(row.closed_at),
        state=STATES[row.state],
        labels=tuple(label.name for label in row.labels or ()),
        milestone=str(row.milestone.id) if row.milestone else None,
        assignees=named.keys_of(row.assignees),
        due=day_of(row.due_date),
        locked=row.is_locked or None,
        files=files_of(row.assets),
        url=row.html_url or None,
        extra={**leftover(original_of(row), ISSUE), **named.importer(row)} or None,
    )
    return ItemRead(item=item, people=named.seen, addresses=addresses_of(row.assets))


def is_of_pull(row: object) -> bool:
    """Whether a comment is on a pull request."""
    return isinstance(row, Mapping) and bool(row.get("pull_request_url"))


def comment_of(value: object) -> CommentRow:
    """A comment on an issue, or on a pull request as a whole. Raises UnknownShape."""
    row, named = DECODER.read(GiteaComment, value), GiteaPeople()
    number = tail_of(row.pull_request_url or row.issue_url)
    if number is None or not number.isdigit():
        raise UnknownShape("gitea Comment.issue_url", row.issue_url)
    comment = Comment(
        id=str(row.id),
        by=named.author(row),
        at=time_of(row.created_at),
        edited_at=edited_at(row.created_at, row.updated_at),
        text=markdown(row.body) or MarkupText(markup="markdown", body=""),
        files=files_of(row.assets),
        extra={**leftover(original_of(row), COMMENT), **named.importer(row)} or None,
    )
    updated_at = time_of(row.updated_at) or time_of(row.created_at)
    addresses = addresses_of(row.assets)
    return CommentRow(key=number, comment=comment, updated_at=updated_at, people=named.seen, addresses=addresses)


def files_of(rows: Iterable[GiteaFile] | UnsetType | None) -> tuple[AttachedFile, ...]:
    return tuple(AttachedFile(url=row.browser_download_url, name=row.name, size=row.size or None) for row in rows or ())


def addresses_of(rows: Iterable[GiteaFile] | UnsetType | None) -> dict[str, str]:
    """Where the token opens the files of an item, by each of the ways in which a text names them, too."""
    addresses: dict[str, str] = {}
    for row in rows or ():
        split = urlsplit(row.browser_download_url)
        if row.uuid:
            place = f"{ATTACHMENTS}{row.uuid}"
            site = f"{split.scheme}://{split.netloc}"
            addresses |= dict.fromkeys((row.browser_download_url, place, f"{site}{place}"), f"{site}{place}")
    return addresses
