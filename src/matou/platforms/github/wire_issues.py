"""People, issues, comments, labels and milestones as GitHub's API writes them. Source as in `wire`."""

from msgspec import UNSET, UnsetType

from matou.platforms.base.wire_struct import OriginalStruct


class GitHubUser(OriginalStruct, frozen=True, kw_only=True):
    """Whoever is part of something else. `login` is ghost where the account is gone, or there is nobody at all."""

    id: int | UnsetType = UNSET
    login: str | UnsetType = UNSET
    name: str | UnsetType | None = UNSET
    html_url: str | UnsetType | None = UNSET
    type: str | UnsetType | None = UNSET


class GitHubLabel(OriginalStruct, frozen=True, kw_only=True):
    """`color`: six hexadecimal digits, without a mark."""

    id: int | UnsetType = UNSET
    name: str
    color: str | UnsetType | None = UNSET
    description: str | UnsetType | None = UNSET
    default: bool | UnsetType | None = UNSET


class GitHubMilestone(OriginalStruct, frozen=True, kw_only=True):
    """Known by its number within the repository. `state`: open or closed."""

    id: int | UnsetType = UNSET
    number: int
    title: str
    description: str | UnsetType | None = UNSET
    state: str | UnsetType | None = UNSET
    due_on: str | UnsetType | None = UNSET
    created_at: str | UnsetType | None = UNSET
    updated_at: str | UnsetType | None = UNSET
    closed_at: str | UnsetType | None = UNSET


class GitHubIssueType(OriginalStruct, frozen=True, kw_only=True):
    """One of those that an organization has defined."""

    id: int | UnsetType = UNSET
    name: str


class GitHubCounts(OriginalStruct, frozen=True, kw_only=True):
    """How many sub-issues an issue has, and how many block it, or are blocked by it."""

    total: int | UnsetType | None = UNSET
    total_blocked_by: int | UnsetType | None = UNSET
    total_blocking: int | UnsetType | None = UNSET


class GitHubIssue(OriginalStruct, frozen=True, kw_only=True):
    """One of `GET …/issues`, in which pull requests stand as well: they have `pull_request`.

    Attributes:
        state: open or closed; `state_reason` says why: completed, not_planned, duplicate, reopened.
        closed_by: in the issue itself alone.
    """

    id: int
    number: int
    title: str
    body: str | UnsetType | None = UNSET
    state: str
    state_reason: str | UnsetType | None = UNSET
    user: GitHubUser | UnsetType | None = UNSET
    labels: list[GitHubLabel] | UnsetType | None = UNSET
    milestone: GitHubMilestone | UnsetType | None = UNSET
    assignees: list[GitHubUser] | UnsetType | None = UNSET
    type: GitHubIssueType | UnsetType | None = UNSET
    locked: bool | UnsetType | None = UNSET
    html_url: str | UnsetType | None = UNSET
    created_at: str | UnsetType | None = UNSET
    updated_at: str | UnsetType | None = UNSET
    closed_at: str | UnsetType | None = UNSET
    closed_by: GitHubUser | UnsetType | None = UNSET
    pull_request: dict[str, object] | UnsetType | None = UNSET
    repository_url: str | UnsetType | None = UNSET
    parent_issue_url: str | UnsetType | None = UNSET
    sub_issues_summary: GitHubCounts | UnsetType | None = UNSET
    issue_dependencies_summary: GitHubCounts | UnsetType | None = UNSET


class GitHubComment(OriginalStruct, frozen=True, kw_only=True):
    """One of `GET …/issues/comments`: on an issue or on a pull request as a whole; the number says on which."""

    id: int
    body: str | UnsetType | None = UNSET
    user: GitHubUser | UnsetType | None = UNSET
    issue_url: str
    html_url: str | UnsetType | None = UNSET
    created_at: str | UnsetType | None = UNSET
    updated_at: str | UnsetType | None = UNSET


class GitHubEvent(OriginalStruct, frozen=True, kw_only=True):
    """One of `GET …/issues/{number}/timeline`; what is in it depends on `event`."""

    id: int | UnsetType | None = UNSET
    event: str
    actor: GitHubUser | UnsetType | None = UNSET
    created_at: str | UnsetType | None = UNSET
    label: GitHubLabel | UnsetType | None = UNSET
    milestone: dict[str, object] | UnsetType | None = UNSET
    assignee: GitHubUser | UnsetType | None = UNSET
    rename: dict[str, object] | UnsetType | None = UNSET
    commit_id: str | UnsetType | None = UNSET
