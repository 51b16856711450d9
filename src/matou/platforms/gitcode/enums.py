"""The words and numbers that GitCode's API takes for a choice."""

from dataclasses import dataclass
from enum import IntEnum, StrEnum

from matou.model import repository_settings

MergeMethod = repository_settings.MergeMethod
"""30: a merge commit, one onto a rebased branch, or no merge commit."""


class GitCodeRole(StrEnum):
    """32. CUSTOMIZED goes with the id of a role of the repository's own (34)."""

    PULL = "pull"
    PUSH = "push"
    ADMIN = "admin"
    CUSTOMIZED = "customized"


class MembersOf(IntEnum):
    """15, 16: whose members may do something in a repository."""

    ORGANIZATION = 1
    REPOSITORY = 2


class ContributorKind(StrEnum):
    """9: whose name counts."""

    AUTHORS = "authors"
    COMMITTERS = "committers"


class ForkSort(StrEnum):
    """By when it was forked, or by its stars."""

    NEWEST = "newest"
    OLDEST = "oldest"
    STARGAZERS = "stargazers"


class EventFilter(StrEnum):
    """38."""

    ALL = "all"
    PUSH = "push"
    MERGED = "merged"
    ISSUE = "issue"
    COMMENTS = "comments"
    TEAM = "team"
    PROJECT = "project"


class RepositoryKind(StrEnum):
    """What a repository is for; each is a git repository."""

    CODE = "code"
    MODEL = "model"
    DATASET = "dataset"
    SPACE = "space"
    ALL = "all"


class ArchiveFormat(StrEnum):
    ZIP = "zip"
    TAR_GZ = "tar.gz"


@dataclass(frozen=True, slots=True)
class Author:
    """Whom a commit is by; without one it is by whoever asks."""

    name: str
    email: str
