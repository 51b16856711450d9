"""The table of kinds: what can be saved around the code, whose it is and where it lies in a metadata repository.

Verify, show, restore, export, reindex and the index know kinds by this table alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeAlias

from matou.model.metadata.base import MetadataValue
from matou.model.metadata.by_option import Artifact, TestCase
from matou.model.metadata.changes import ChangeRequest, CommitComment
from matou.model.metadata.discussions import Advisory, Discussion
from matou.model.metadata.issues import Issue
from matou.model.metadata.people import MemberGrant, Participant
from matou.model.metadata.project import (
    Announcement,
    Board,
    LabelDefinition,
    Milestone,
    ProtectionRule,
    Webhook,
    WikiPage,
    WikiVersion,
)
from matou.model.metadata.releases import SavedRelease


class TreeLayout(StrEnum):
    """How the items of a kind lie in the tree."""

    NUMBERED = "numbered"
    """One JSON file an item, in folders by number: `issues/0007/712.json`."""
    NAMED = "named"
    """One JSON file an item, by its safe name: `releases/v1.0.json`."""
    FOLDERS = "folders"
    """One JSON file an item, in folders by the parts of its key: `artifacts/maven/demo/1.0.json`."""
    TABLE = "table"
    """All in one JSON file, by key: `labels.json`."""
    PAGES = "pages"
    """One Markdown file an item, with a head of JSON: `announcements/3.md`."""
    POINTERS = "pointers"
    """Pointers of git-lfs to blobs: `assets/v1.0/app.zip`."""
    WITHIN = "within"
    """No file of their own: they stand in items of other kinds."""


class Belonging(StrEnum):
    """What has items of a kind."""

    REPOSITORY = "repository"
    NAMESPACE = "namespace"
    EITHER = "either"


@dataclass(frozen=True, slots=True)
class MetadataKind:
    """One kind.

    Attributes:
        name: what manifests and programs call it.
        option: what `--only` and `--without` call it, together with others that are saved and left out with it.
        layout: how its items lie in the tree, below or in `place`.
        value: the class of its items; None where they are no JSON.
        key: the field of an item by which it is told from others of the kind; empty where the key is computed.
        is_default: whether a backup saves it unasked.
    """

    name: str
    option: str
    layout: TreeLayout
    place: str
    value: type[MetadataValue] | None
    key: str
    belongs_to: Belonging = Belonging.EITHER
    is_default: bool = True


ISSUE: Final = MetadataKind("issue", "issues", TreeLayout.NUMBERED, "issues", Issue, "number")
CHANGE: Final = MetadataKind(
    "change", "changes", TreeLayout.NUMBERED, "changes", ChangeRequest, "number", Belonging.REPOSITORY
)
RELEASE: Final = MetadataKind(
    "release", "releases", TreeLayout.NAMED, "releases", SavedRelease, "tag", Belonging.REPOSITORY
)
COMMIT_COMMENT: Final = MetadataKind(
    "commit-comment",
    "commit-comments",
    TreeLayout.NUMBERED,
    "commit-comments",
    CommitComment,
    "id",
    Belonging.REPOSITORY,
)
DISCUSSION: Final = MetadataKind(
    "discussion", "discussions", TreeLayout.NUMBERED, "discussions", Discussion, "number", Belonging.REPOSITORY
)
ADVISORY: Final = MetadataKind(
    "advisory", "advisories", TreeLayout.NAMED, "advisories", Advisory, "id", Belonging.REPOSITORY
)
LABEL: Final = MetadataKind("label", "issues", TreeLayout.TABLE, "labels.json", LabelDefinition, "name")
MILESTONE: Final = MetadataKind("milestone", "issues", TreeLayout.TABLE, "milestones.json", Milestone, "")
BOARD: Final = MetadataKind("board", "issues", TreeLayout.TABLE, "boards.json", Board, "id")
PROTECTION: Final = MetadataKind(
    "protection", "settings", TreeLayout.TABLE, "protections.json", ProtectionRule, "", Belonging.REPOSITORY
)
SETTING: Final = MetadataKind("setting", "settings", TreeLayout.TABLE, "settings.json", None, "")
HOOK: Final = MetadataKind("hook", "hooks", TreeLayout.TABLE, "hooks.json", Webhook, "id")
MEMBER: Final = MetadataKind("member", "people", TreeLayout.TABLE, "members.json", MemberGrant, "person")
PERSON: Final = MetadataKind("person", "people", TreeLayout.TABLE, "people.json", Participant, "key")
WIKI_PAGE: Final = MetadataKind("wiki", "wiki", TreeLayout.PAGES, "wiki", WikiPage, "id", Belonging.NAMESPACE)
WIKI_VERSION: Final = MetadataKind(
    "wiki-version", "wiki", TreeLayout.PAGES, "wiki-versions", WikiVersion, "", Belonging.NAMESPACE
)
ANNOUNCEMENT: Final = MetadataKind(
    "announcement", "announcements", TreeLayout.PAGES, "announcements", Announcement, "id", Belonging.NAMESPACE
)
ARTIFACT: Final = MetadataKind(
    "artifact", "artifacts", TreeLayout.FOLDERS, "artifacts", Artifact, "key", Belonging.NAMESPACE, is_default=False
)
TEST_CASE: Final = MetadataKind(
    "test-case", "tests", TreeLayout.NUMBERED, "tests", TestCase, "id", Belonging.NAMESPACE, is_default=False
)
ATTACHMENT: Final = MetadataKind("attachment", "attachments", TreeLayout.POINTERS, "attachments", None, "sha256")
ASSET: Final = MetadataKind("asset", "assets", TreeLayout.POINTERS, "assets", None, "", Belonging.REPOSITORY)
COMMENT: Final = MetadataKind("comment", "issues", TreeLayout.WITHIN, "", None, "id")
REVIEW: Final = MetadataKind("review", "changes", TreeLayout.WITHIN, "", None, "id", Belonging.REPOSITORY)
LINK: Final = MetadataKind("link", "links", TreeLayout.WITHIN, "", None, "", Belonging.REPOSITORY)
"""Which issues a change request belongs to, where that is a request for each that changed."""
EVENT: Final = MetadataKind("event", "events", TreeLayout.WITHIN, "", None, "", is_default=False)
REACTION: Final = MetadataKind("reaction", "reactions", TreeLayout.WITHIN, "", None, "", is_default=False)
FILE_DRIVE: Final = MetadataKind("drive", "drive", TreeLayout.WITHIN, "", None, "", Belonging.NAMESPACE)
"""Files that people put beside the code and in no text; no platform's API gives them, which a report says."""

KINDS: Final[Mapping[str, MetadataKind]] = {
    kind.name: kind
    for kind in (
        ISSUE,
        CHANGE,
        RELEASE,
        COMMIT_COMMENT,
        DISCUSSION,
        ADVISORY,
        LABEL,
        MILESTONE,
        BOARD,
        PROTECTION,
        SETTING,
        HOOK,
        MEMBER,
        PERSON,
        WIKI_PAGE,
        WIKI_VERSION,
        ANNOUNCEMENT,
        ARTIFACT,
        TEST_CASE,
        ATTACHMENT,
        ASSET,
        COMMENT,
        REVIEW,
        LINK,
        EVENT,
        REACTION,
        FILE_DRIVE,
    )
}
"""By name, in the order in which reports list them."""

OPTIONS: Final[tuple[str, ...]] = tuple(dict.fromkeys(kind.option for kind in KINDS.values()))
"""What `--only` and `--without` take."""

REPOSITORY_LISTS: Final = ("starred", "watched")
"""Repositories that are not an account's own: what it has marked, and what it is told of."""

ADDITIONAL_OPTIONS: Final[tuple[str, ...]] = (
    *(option for option in OPTIONS if not any(kind.is_default for kind in KINDS.values() if kind.option == option)),
    *REPOSITORY_LISTS,
)
"""What `--with` takes: those that are left out by default."""

NumberedItem: TypeAlias = Issue | ChangeRequest
