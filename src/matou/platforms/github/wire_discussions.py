"""Discussions and what was said in them, as our own queries name their fields: as REST names the same ones."""

from msgspec import UNSET, UnsetType

from matou.platforms.base.wire_struct import OriginalStruct
from matou.platforms.github.wire_issues import GitHubUser


class GitHubCategory(OriginalStruct, frozen=True, kw_only=True):
    """Where a discussion stands. `id` is GraphQL's: REST knows none."""

    id: str
    name: str


class GitHubDiscussionAnswer(OriginalStruct, frozen=True, kw_only=True):
    id: int | None = None


class GitHubNames(OriginalStruct, frozen=True, kw_only=True):
    nodes: list[dict[str, object]]


class GitHubReply(OriginalStruct, frozen=True, kw_only=True):
    """A comment in a discussion, or a reply to one; `node` is GraphQL's id of it."""

    id: int
    node: str
    body: str
    html_url: str | UnsetType | None = UNSET
    user: GitHubUser | None = None
    created_at: str
    edited_at: str | None = None
    replies: dict[str, object] | UnsetType | None = UNSET


class GitHubTalk(OriginalStruct, frozen=True, kw_only=True):
    """A discussion. Its comments are a connection."""

    number: int
    id: int | None = None
    title: str
    body: str
    html_url: str | None = None
    user: GitHubUser | None = None
    category: GitHubCategory | None = None
    labels: GitHubNames | None = None
    created_at: str
    updated_at: str
    closed: bool = False
    closed_at: str | None = None
    locked: bool = False
    answer: GitHubDiscussionAnswer | None = None
    answer_chosen_at: str | None = None
    answer_chosen_by: GitHubUser | None = None
    comments: dict[str, object]
