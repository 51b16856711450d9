"""Issues, and what an issue shares with a change request."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from matou.model.metadata.base import Day, JsonObject, MetadataValue, PersonKey
from matou.model.metadata.conversation import AttachedFile, Comment, MarkupText, Reaction, TimelineEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowStatus(MetadataValue):
    """A status that a team has defined; `group` says what it comes to."""

    id: str | None = None
    name: str
    group: Literal["todo", "doing", "done", "rejected"] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueType(MetadataValue):
    """A type that a team has defined; `group` says which of the common ones it is."""

    id: str | None = None
    name: str
    group: Literal["task", "bug", "requirement", "epic", "subtask"] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Priority(MetadataValue):
    """The platform's name for it, and its rank from 0, the lowest, to 3."""

    name: str
    rank: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemLink(MetadataValue):
    """A relation to another item. `to` is its number, or its address where it is not of this repository."""

    kind: Literal["blocks", "blocked_by", "relates", "duplicate", "fixed_by"]
    to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeEntry(MetadataValue):
    """Hours that somebody spent on an item."""

    by: PersonKey | None = None
    at: datetime | None = None
    hours: float
    text: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomField(MetadataValue):
    """A field that a team has defined; its value is whatever JSON the platform gives."""

    id: str | None = None
    name: str
    type: str | None = None
    value: object = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Item(MetadataValue):
    """What issues and change requests share.

    Attributes:
        number: what people see; a text, for Gitee's issues have letters in it.
        labels: names, as labels.json has them.
        milestone: the key of one in milestones.json; `iteration` is the number of one that is an iteration.
        estimate: hours.
        url: the item's page at the platform.
        gone_in: the run whose complete listing had it no more.
        extra: what else the platform told.
    """

    number: str
    id: str | None = None
    title: str
    text: MarkupText | None = None
    by: PersonKey | None = None
    at: datetime | None = None
    updated_at: datetime | None = None
    closed_at: datetime | None = None
    state: Literal["open", "closed", "merged"]
    status: WorkflowStatus | None = None
    type: IssueType | None = None
    priority: Priority | None = None
    labels: tuple[str, ...] = ()
    milestone: str | None = None
    iteration: str | None = None
    assignees: tuple[PersonKey, ...] = ()
    watchers: tuple[PersonKey, ...] | None = None
    parent: str | None = None
    children: tuple[str, ...] | None = None
    links: tuple[ItemLink, ...] = ()
    start: Day | None = None
    due: Day | None = None
    estimate: float | None = None
    spent: tuple[TimeEntry, ...] | None = None
    confidential: bool | None = None
    locked: bool | None = None
    fields: tuple[CustomField, ...] | None = None
    files: tuple[AttachedFile, ...] = ()
    reactions: tuple[Reaction, ...] | None = None
    comments: tuple[Comment, ...] = ()
    events: tuple[TimelineEvent, ...] = ()
    url: str | None = None
    gone_in: int | None = None
    extra: JsonObject | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue(Item):
    """An issue; at CODING also a requirement, a defect, a mission, an epic or a sub-task."""

    kind: Literal["issue"] = "issue"
