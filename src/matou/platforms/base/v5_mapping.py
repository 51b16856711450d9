"""What the APIs of GitHub's kin tell alike becomes metadata here: labels, milestones, webhooks, comments, logs."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final, Literal, Protocol, TypeAlias

from msgspec import UnsetType

from matou.errors import UnknownShape
from matou.model.metadata import (
    WITHHELD,
    CommitComment,
    DiffPosition,
    ItemLink,
    JsonObject,
    LabelDefinition,
    MarkupText,
    Milestone,
    Participant,
    PersonKey,
    TimelineEvent,
    Webhook,
)
from matou.platforms.base.metadata import ItemRead
from matou.platforms.base.metadata_values import (
    Rules,
    color_of,
    commit_in,
    day_of,
    is_commit,
    is_time,
    markdown,
    time_of,
)
from matou.platforms.base.metadata_walks import key_by

Text: TypeAlias = str | UnsetType | None

MILESTONE: Final[Rules] = {
    **dict.fromkeys(("url", "html_url", "repository_id")),
    # Counts of what the issues themselves say.
    **dict.fromkeys(("open_issues", "closed_issues")),
    **dict.fromkeys(("number", "title", "description", "state")),
    **dict.fromkeys(("created_at", "updated_at", "due_on"), is_time),
}

POSITION: Final = ("path", "position", "new_line", "commit_id")

EVENTS: Final = {
    "push_events": "push",
    "tag_push_events": "tag_push",
    "issues_events": "issues",
    "note_events": "note",
    "merge_requests_events": "merge_requests",
}

HOOK: Final[Rules] = {
    **dict.fromkeys(("id", "url", "password", "project_id", *EVENTS)),
    # What the last call of it gave.
    **dict.fromkeys(("result", "result_code")),
    "created_at": is_time,
}


COMMIT_COMMENT: Final[Rules] = {
    **dict.fromkeys(("id", "body", "body_html", "url", "html_url", "in_reply_to_id", "path", "position", "new_line")),
    "commit_id": is_commit,
    **dict.fromkeys(("created_at", "updated_at"), is_time),
    "target": {"commit": {"sha": is_commit, "id": is_commit}},
}
"""Whose `user` and `in_reply_to_user` each platform adds in its own way."""


class V5CommitComment(Protocol):
    @property
    def id(self) -> int: ...
    @property
    def html_url(self) -> Text: ...
    @property
    def in_reply_to_id(self) -> int | UnsetType | None: ...
    @property
    def commit_id(self) -> Text: ...
    @property
    def target(self) -> Mapping[str, object] | UnsetType | None: ...
    @property
    def path(self) -> Text: ...
    @property
    def created_at(self) -> Text: ...
    @property
    def updated_at(self) -> Text: ...


class V5Label(Protocol):
    @property
    def id(self) -> int | UnsetType: ...
    @property
    def name(self) -> str: ...
    @property
    def color(self) -> Text: ...


class V5Milestone(Protocol):
    @property
    def number(self) -> int: ...
    @property
    def title(self) -> str: ...
    @property
    def state(self) -> Text: ...
    @property
    def description(self) -> Text: ...
    @property
    def due_on(self) -> Text: ...
    @property
    def created_at(self) -> Text: ...
    @property
    def updated_at(self) -> Text: ...


class V5Hook(Protocol):
    @property
    def id(self) -> int: ...
    @property
    def password(self) -> Text: ...
    @property
    def created_at(self) -> Text: ...


class V5Log(Protocol):
    @property
    def id(self) -> int | UnsetType: ...
    @property
    def content(self) -> Text: ...
    @property
    def created_at(self) -> Text: ...


def label_of(row: V5Label, extra: JsonObject) -> LabelDefinition:
    return LabelDefinition(
        name=row.name, id=str(row.id) if row.id else None, color=color_of(row.color), extra=extra or None
    )


def milestone_of(
    row: V5Milestone, states: Mapping[str, Literal["open", "closed"]], extra: JsonObject, *, what: str
) -> Milestone:
    """A milestone that says nothing of its state is open.

    Args:
        states: what the platform calls them.
        what: the platform and its name for it, for an error.

    Raises:
        UnknownShape: it is in a state that has no name here.
    """
    if row.state and row.state not in states:
        raise UnknownShape(f"{what}.state", row.state)
    return Milestone(
        number=str(row.number),
        title=row.title,
        text=markdown(row.description or None),
        state=states[row.state or "open"],
        due=day_of(row.due_on),
        at=time_of(row.created_at),
        updated_at=time_of(row.updated_at),
        kind="milestone",
        extra=extra or None,
    )


def hook_of(row: V5Hook, extra: JsonObject, *, name: str | None = None) -> Webhook:
    """Whoever knows its address may post to it, so that no record has that either."""
    return Webhook(
        id=str(row.id),
        name=name,
        url=WITHHELD,
        events=tuple(event for key, event in EVENTS.items() if getattr(row, key) is True),
        secret=WITHHELD if row.password else None,
        at=time_of(row.created_at),
        extra=extra or None,
    )


def commit_comment_of(
    row: V5CommitComment,
    by: PersonKey | None,
    extra: JsonObject,
    *,
    text: MarkupText | None,
    line: int | None = None,
    diff_index: int | None = None,
    given: JsonObject,
) -> CommitComment:
    """What was said on a commit.

    Args:
        line, diff_index: where, as far as the platform tells it, if the comment has a path.
        given: the row as it came.
    """
    commit = _commit_of(row)
    position = None
    if row.path:
        as_given = {key: value for key, value in given.items() if key in POSITION and value is not None}
        position = DiffPosition(
            commit=commit, path=row.path, side="new", line=line, diff_index=diff_index, as_given=as_given
        )
    return CommitComment(
        id=str(row.id),
        reply_to=str(row.in_reply_to_id) if row.in_reply_to_id else None,
        commit=commit,
        position=position,
        text=text or MarkupText(markup="markdown", body=""),
        by=by,
        at=time_of(row.created_at),
        updated_at=time_of(row.updated_at) or time_of(row.created_at),
        url=row.html_url or None,
        extra=extra or None,
    )


def _commit_of(row: V5CommitComment) -> str | None:
    """No description says where it stands; the lists of some servers say it nowhere."""
    named = row.target.get("commit") if row.target else None
    within = [named.get("sha"), named.get("id")] if isinstance(named, Mapping) else []
    return next((commit for one in (row.commit_id, *within) if (commit := commit_in(one))), None)


def link_of(row: object, repository: str) -> ItemLink:
    """To an issue of a repository by its number, to one of another by its address. Raises UnknownShape."""
    number = key_by("number")(row)
    given = row if isinstance(row, Mapping) else {}
    of = given.get("repository")
    path = of.get("full_name") if isinstance(of, Mapping) else None
    addresses = [one for name in ("html_url", "url") if isinstance(one := given.get(name), str) and one]
    is_named = any(f"/{repository}/issues/" in address for address in addresses)
    is_here = path == repository if path else is_named or not addresses
    return ItemLink(kind="relates", to=number if is_here or not addresses else addresses[0])


def event_of(row: V5Log, by: PersonKey | None, data: JsonObject) -> TimelineEvent:
    """A sentence, from which nobody can tell what was done."""
    return TimelineEvent(
        id=str(row.id) if row.id else None,
        kind="other",
        by=by,
        at=time_of(row.created_at),
        data=data,
        text=row.content or None,
    )


def with_events(read: ItemRead, events: Iterable[TimelineEvent], people: Iterable[Participant]) -> ItemRead:
    """An issue or a change request with what was done to it."""
    item = replace(read.item, events=tuple(events))  # type: ignore[call-arg]
    return replace(read, item=item, people=(*read.people, *people))
