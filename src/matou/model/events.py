"""What happens to a repository, by kind."""

from enum import StrEnum


class EventKind(StrEnum):
    """A kind of event; its text stands in the database.

    What an event tells besides its kind, its time and who caused it are its details, small values of JSON. The names
    that can be shown to others are those in `forge.activity.SHOWN`; anything else stays in the database.
    """

    PUSH = "push"
    BRANCH_CREATED = "branch_created"
    BRANCH_DELETED = "branch_deleted"
    TAG_CREATED = "tag_created"
    TAG_DELETED = "tag_deleted"
    MEMBER_ADDED = "member_added"
    MEMBER_CHANGED = "member_changed"
    MEMBER_REMOVED = "member_removed"
    STARRED = "starred"
    UNSTARRED = "unstarred"
    WATCHED = "watched"
    UNWATCHED = "unwatched"
    FORKED = "forked"
    CREATED = "created"
    RENAMED = "renamed"
    TRANSFERRED = "transferred"
    ARCHIVED = "archived"
    REOPENED = "reopened"
    SETTINGS_CHANGED = "settings_changed"
    VISIBILITY_CHANGED = "visibility_changed"
    UPLOADED = "uploaded"
