"""What people write and do on an item: texts with their files, comments, reactions, events of the timeline."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

from matou.model.metadata.base import JsonObject, Markup, MetadataValue, PersonKey, require_digest

EventAction: TypeAlias = Literal[
    "closed",
    "reopened",
    "labeled",
    "unlabeled",
    "milestoned",
    "demilestoned",
    "assigned",
    "unassigned",
    "renamed",
    "referenced",
    "merged",
    "head_changed",
    "base_changed",
    "review_requested",
    "approved",
    "unapproved",
    "draft",
    "ready",
    "locked",
    "moved",
    "status",
    "other",
]
"""What an event tells; `status` has `from` and `to` in its data, `other` is a sentence of the platform's alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkupText(MetadataValue):
    """A text as its author wrote it. HTML stands only where the platform gives no source text."""

    markup: Markup
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachedFile(MetadataValue):
    """A file that a text names, or that is attached to an item.

    Attributes:
        url: as it stands in the text; never a signed one.
        sha256: the blob that has its bytes; None where they are not saved.
        size: bytes.
        type: the media type that its bytes show.
        missing: why the bytes are not saved.
    """

    url: str
    sha256: str | None = None
    size: int | None = None
    name: str
    type: str | None = None
    missing: str | None = None

    def __post_init__(self) -> None:
        MetadataValue.__post_init__(self)
        require_digest(self.sha256)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reaction(MetadataValue):
    """One emoji, by the platform's name for it, and who gave it."""

    name: str
    by: tuple[PersonKey, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineEvent(MetadataValue):
    """Something that was done to an item. `data` has what the kind needs; `text` is the platform's sentence."""

    id: str | None = None
    kind: EventAction
    by: PersonKey | None = None
    at: datetime | None = None
    data: JsonObject
    text: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment(MetadataValue):
    """A comment. `reply_to` is the id of another one; `gone_in` the run that found it deleted at the source."""

    id: str
    reply_to: str | None = None
    by: PersonKey | None = None
    at: datetime | None = None
    edited_at: datetime | None = None
    text: MarkupText
    files: tuple[AttachedFile, ...] = ()
    reactions: tuple[Reaction, ...] | None = None
    gone_in: int | None = None
    extra: JsonObject | None = None
