"""People, issues, what was said on them, labels and milestones as GitLab's API v4 writes them. Source as in `wire`."""

from msgspec import UNSET, UnsetType

from matou.platforms.base.wire_struct import OriginalStruct


class GitLabUser(OriginalStruct, frozen=True, kw_only=True):
    """Whoever is part of something else. What accounts have left that are gone belongs to `ghost`.

    Attributes:
        state: active, blocked, deactivated, banned and others.
    """

    id: int | UnsetType = UNSET
    username: str | UnsetType = UNSET
    name: str | UnsetType | None = UNSET
    state: str | UnsetType | None = UNSET
    public_email: str | UnsetType | None = UNSET
    web_url: str | UnsetType | None = UNSET


class GitLabLabel(OriginalStruct, frozen=True, kw_only=True):
    """One of `GET …/labels`. `is_project_label`: no group's."""

    id: int | UnsetType = UNSET
    name: str
    color: str | UnsetType | None = UNSET
    description: str | UnsetType | None = UNSET
    is_project_label: bool | UnsetType | None = UNSET


class GitLabMilestone(OriginalStruct, frozen=True, kw_only=True):
    """Of a project or of a group, which count theirs each from one by `iid`. `state`: active or closed."""

    id: int
    title: str
    description: str | UnsetType | None = UNSET
    state: str | UnsetType | None = UNSET
    start_date: str | UnsetType | None = UNSET
    due_date: str | UnsetType | None = UNSET
    created_at: str | UnsetType | None = UNSET
    updated_at: str | UnsetType | None = UNSET


class GitLabTimeStats(OriginalStruct, frozen=True, kw_only=True):
    """Seconds."""

    time_estimate: int | UnsetType | None = UNSET


class GitLabItem(OriginalStruct, frozen=True, kw_only=True):
    """What issues and merge requests have alike; `iid` is the number that people see.

    Attributes:
        user_notes_count: how many comments it has, those that the server writes itself left aside.
    """

    id: int
    iid: int
    title: str
    description: str | UnsetType | None = UNSET
    state: str
    author: GitLabUser | UnsetType | None = UNSET
    labels: list[str] | UnsetType | None = UNSET
    milestone: GitLabMilestone | UnsetType | None = UNSET
    assignees: list[GitLabUser] | UnsetType | None = UNSET
    closed_by: GitLabUser | UnsetType | None = UNSET
    user_notes_count: int | UnsetType | None = UNSET
    discussion_locked: bool | UnsetType | None = UNSET
    time_stats: GitLabTimeStats | UnsetType | None = UNSET
    web_url: str | UnsetType | None = UNSET
    created_at: str | UnsetType | None = UNSET
    updated_at: str | UnsetType | None = UNSET
    closed_at: str | UnsetType | None = UNSET


class GitLabIssue(GitLabItem, frozen=True, kw_only=True):
    """One of `GET …/issues`. `issue_type`: issue, incident, test_case, requirement, task and others."""

    issue_type: str | UnsetType | None = UNSET
    confidential: bool | UnsetType | None = UNSET
    due_date: str | UnsetType | None = UNSET
    start_date: str | UnsetType | None = UNSET


class GitLabNote(OriginalStruct, frozen=True, kw_only=True):
    """A comment, or a line that the server wrote about what was done (`system`).

    Attributes:
        type: DiffNote on a line, DiscussionNote where it can be answered; None of what stands alone.
        position: of a DiffNote: commits, paths and lines.
    """

    id: int
    type: str | UnsetType | None = UNSET
    body: str | UnsetType | None = UNSET
    author: GitLabUser | UnsetType | None = UNSET
    system: bool | UnsetType | None = UNSET
    created_at: str | UnsetType | None = UNSET
    updated_at: str | UnsetType | None = UNSET
    position: dict[str, object] | UnsetType | None = UNSET
    resolvable: bool | UnsetType | None = UNSET
    resolved: bool | UnsetType | None = UNSET
    resolved_by: GitLabUser | UnsetType | None = UNSET
    resolved_at: str | UnsetType | None = UNSET


class GitLabDiscussion(OriginalStruct, frozen=True, kw_only=True):
    """One of `GET …/discussions`. `individual_note`: one that nobody can answer."""

    id: str
    individual_note: bool | UnsetType | None = UNSET
    notes: list[GitLabNote] | UnsetType | None = UNSET


class GitLabResourceEvent(OriginalStruct, frozen=True, kw_only=True):
    """One of `GET …/resource_state_events`, and of the like for labels and milestones.

    Attributes:
        state: closed, reopened, merged; of those about states alone.
        action: add or remove.
    """

    id: int
    user: GitLabUser | UnsetType | None = UNSET
    created_at: str | UnsetType | None = UNSET
    state: str | UnsetType | None = UNSET
    action: str | UnsetType | None = UNSET
    label: GitLabLabel | UnsetType | None = UNSET
    milestone: GitLabMilestone | UnsetType | None = UNSET
