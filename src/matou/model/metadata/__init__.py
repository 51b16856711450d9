"""What people said about the code, in a form that no platform owns (docs/archive-format.md, "Metadata").

Frozen values, whose fields have the names of their keys in JSON; `kinds` is the table of what there is.
"""

from matou.model.metadata.base import Day, JsonObject, Markup, MetadataValue, PersonKey
from matou.model.metadata.by_option import Artifact, TestCase, TestStep
from matou.model.metadata.changes import (
    ChangeBase,
    ChangeHead,
    ChangeRequest,
    CommitComment,
    DiffPosition,
    Review,
    Reviewer,
    ReviewThread,
)
from matou.model.metadata.conversation import (
    AttachedFile,
    Comment,
    EventAction,
    MarkupText,
    Reaction,
    TimelineEvent,
)
from matou.model.metadata.discussions import Advisory, Discussion
from matou.model.metadata.issues import (
    CustomField,
    Issue,
    IssueType,
    Item,
    ItemLink,
    Priority,
    TimeEntry,
    WorkflowStatus,
)
from matou.model.metadata.people import MemberGrant, Participant
from matou.model.metadata.project import (
    WITHHELD,
    Announcement,
    Board,
    BoardColumn,
    LabelDefinition,
    Milestone,
    ProtectionRule,
    Webhook,
    WikiPage,
    WikiVersion,
)
from matou.model.metadata.releases import ReleaseAsset, SavedRelease

__all__ = [
    "WITHHELD",
    "Advisory",
    "Announcement",
    "Artifact",
    "AttachedFile",
    "Board",
    "BoardColumn",
    "ChangeBase",
    "ChangeHead",
    "ChangeRequest",
    "Comment",
    "CommitComment",
    "CustomField",
    "Day",
    "DiffPosition",
    "Discussion",
    "EventAction",
    "Issue",
    "IssueType",
    "Item",
    "ItemLink",
    "JsonObject",
    "LabelDefinition",
    "Markup",
    "MarkupText",
    "MemberGrant",
    "MetadataValue",
    "Milestone",
    "Participant",
    "PersonKey",
    "Priority",
    "ProtectionRule",
    "Reaction",
    "ReleaseAsset",
    "Review",
    "ReviewThread",
    "Reviewer",
    "SavedRelease",
    "TestCase",
    "TestStep",
    "TimeEntry",
    "TimelineEvent",
    "Webhook",
    "WikiPage",
    "WikiVersion",
    "WorkflowStatus",
]
