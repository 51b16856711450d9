"""Change requests: what is proposed, who reviewed it, what was said on its lines; and what was said on commits."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from matou.model.metadata.base import JsonObject, MetadataValue, PersonKey
from matou.model.metadata.conversation import AttachedFile, Comment, MarkupText, Reaction
from matou.model.metadata.issues import Item


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeHead(MetadataValue):
    """What is to be merged. `repository` is the fork's path where it comes from one."""

    repository: str | None = None
    branch: str | None = None
    commit: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeBase(MetadataValue):
    """What it is to be merged into."""

    branch: str
    commit: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewer(MetadataValue):
    """Somebody who was asked for a review, and what came of it so far."""

    by: PersonKey
    role: Literal["reviewer", "tester", "owner"]
    state: Literal["requested", "approved", "rejected", "commented"]
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Review(MetadataValue):
    """A review as an object of its own, where the platform has such."""

    id: str
    by: PersonKey | None = None
    at: datetime | None = None
    state: Literal["approved", "changes_requested", "commented", "dismissed", "pending"]
    text: MarkupText | None = None
    commit: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DiffPosition(MetadataValue):
    """Where in a difference a thread stands.

    Attributes:
        commit: the new side of the difference; `base` is its old one, `start` where the target branch was.
        line: in the file of that side; `first_line` begins a range of lines that ends there.
        diff_index: the line within the difference, where the platform counts so.
        as_given: the platform's own position, whole.
    """

    commit: str | None = None
    base: str | None = None
    start: str | None = None
    old_path: str | None = None
    path: str
    side: Literal["new", "old"] | None = None
    line: int | None = None
    first_line: int | None = None
    diff_index: int | None = None
    hunk: str | None = None
    as_given: JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitComment(MetadataValue):
    """What somebody said on a commit, or on a line of what it changed.

    Attributes:
        commit: which; None where the platform lists its comments and does not say it.
        position: None for the commit as a whole.
        updated_at: when it last changed; that is when it was written where nobody has changed it.
    """

    id: str
    reply_to: str | None = None
    commit: str | None = None
    position: DiffPosition | None = None
    text: MarkupText
    by: PersonKey | None = None
    at: datetime | None = None
    updated_at: datetime | None = None
    files: tuple[AttachedFile, ...] = ()
    reactions: tuple[Reaction, ...] | None = None
    url: str | None = None
    gone_in: int | None = None
    extra: JsonObject | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewThread(MetadataValue):
    """Comments that belong together, on a line where there is a position."""

    id: str
    path: str | None = None
    position: DiffPosition | None = None
    resolved: bool | None = None
    resolved_by: PersonKey | None = None
    outdated: bool | None = None
    comments: tuple[Comment, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRequest(Item):
    """A change request: an item with what is proposed.

    Attributes:
        commits_ref: the source's ref for its commits, or ours (`refs/matou/change/12/head`).
        commits: whether the head's commit is in the saved repository.
    """

    kind: Literal["change"] = "change"
    draft: bool | None = None
    merged_at: datetime | None = None
    merged_by: PersonKey | None = None
    merge_commit: str | None = None
    closed_by: PersonKey | None = None
    head: ChangeHead
    base: ChangeBase
    merge_base: str | None = None
    commits_ref: str | None = None
    commits: Literal["present", "absent"] | None = None
    reviewers: tuple[Reviewer, ...] = ()
    reviews: tuple[Review, ...] = ()
    threads: tuple[ReviewThread, ...] = ()
