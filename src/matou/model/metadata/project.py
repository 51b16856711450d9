"""What a repository or a namespace has but once: labels, milestones, boards, protections, hooks."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from matou.model.metadata.base import Day, JsonObject, MetadataValue, PersonKey
from matou.model.metadata.conversation import AttachedFile, MarkupText

WITHHELD: Final = "[withheld]"
"""Stands where a platform gave a secret."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelDefinition(MetadataValue):
    """A label. `color` has six hexadecimal digits in lower case."""

    name: str
    id: str | None = None
    color: str
    description: str | None = None
    exclusive: bool | None = None
    gone_in: int | None = None
    extra: JsonObject | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Milestone(MetadataValue):
    """A milestone, an iteration, or a version of a project."""

    number: str
    id: str | None = None
    title: str
    text: MarkupText | None = None
    state: Literal["open", "closed"]
    start: Day | None = None
    due: Day | None = None
    at: datetime | None = None
    updated_at: datetime | None = None
    closed_at: datetime | None = None
    kind: Literal["milestone", "iteration", "version"]
    files: tuple[AttachedFile, ...] = ()
    gone_in: int | None = None
    extra: JsonObject | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardColumn(MetadataValue):
    """A column of a board, and the numbers of the items in it, in their order."""

    id: str | None = None
    name: str
    items: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Board(MetadataValue):
    """A board on which items are moved. One that is `confidential` not everybody sees who sees the repository."""

    id: str
    name: str
    columns: tuple[BoardColumn, ...] = ()
    confidential: bool | None = None
    url: str | None = None
    gone_in: int | None = None
    extra: JsonObject | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtectionRule(MetadataValue):
    """What may be done with branches or tags of a name or a pattern.

    Attributes:
        push: who may push, as the platform names them: people, roles or groups; likewise `merge`.
        approvals: how many a change request needs.
    """

    id: str | None = None
    pattern: str
    target: Literal["branch", "tag"]
    push: tuple[str, ...] | None = None
    merge: tuple[str, ...] | None = None
    force_push: bool | None = None
    deletion: bool | None = None
    approvals: int | None = None
    gone_in: int | None = None
    extra: JsonObject | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook(MetadataValue):
    """A webhook. What is secret of it, its address where that holds a key, is WITHHELD."""

    id: str
    name: str | None = None
    url: str
    events: tuple[str, ...] = ()
    active: bool | None = None
    content_type: str | None = None
    secret: str | None = None
    at: datetime | None = None
    updated_at: datetime | None = None
    gone_in: int | None = None
    extra: JsonObject | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement(MetadataValue):
    """An announcement of a project."""

    id: str
    title: str | None = None
    text: MarkupText
    by: PersonKey | None = None
    at: datetime | None = None
    updated_at: datetime | None = None
    files: tuple[AttachedFile, ...] = ()
    gone_in: int | None = None
    extra: JsonObject | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WikiPage(MetadataValue):
    """A page of a wiki that is no git repository.

    Attributes:
        parent: the id of the page above it.
        order: its place among the pages of its parent.
        version: how many versions it has had, this one included.
    """

    id: str
    title: str
    parent: str | None = None
    order: int | None = None
    version: int | None = None
    text: MarkupText
    by: PersonKey | None = None
    at: datetime | None = None
    updated_by: PersonKey | None = None
    updated_at: datetime | None = None
    files: tuple[AttachedFile, ...] = ()
    url: str | None = None
    gone_in: int | None = None
    extra: JsonObject | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WikiVersion(MetadataValue):
    """What a page of a wiki once was. `page` is its id, `version` counts from 1."""

    page: str
    version: int
    title: str
    text: MarkupText
    by: PersonKey | None = None
    at: datetime | None = None
    files: tuple[AttachedFile, ...] = ()
    extra: JsonObject | None = None
