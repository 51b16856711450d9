"""Issues, their comments, labels and milestones as GitCode's API v5 writes them.

Source: GicodeOpenAPI 1.0.0 (240 operations), and where it differs what others recorded of the running API, 2026-06 to
2026-08. The description says `nubmer`; the API says `number`.
"""

from msgspec import UNSET, UnsetType

from matou.platforms.base.wire_struct import OriginalStruct
from matou.platforms.gitcode.wire_base import ChinaMoment
from matou.platforms.gitcode.wire_users import Person


class GitCodeLabel(OriginalStruct, frozen=True, kw_only=True):
    """`color` has a mark before its six digits."""

    id: int | UnsetType = UNSET
    name: str
    color: str | UnsetType | None = UNSET
    title: str | UnsetType | None = UNSET
    repository_id: int | UnsetType | None = UNSET
    created_at: ChinaMoment | UnsetType | None = UNSET
    updated_at: ChinaMoment | UnsetType | None = UNSET


class GitCodeMilestone(OriginalStruct, frozen=True, kw_only=True):
    """It has no id. `state`: active or open, and closed; `due_on` is a day."""

    number: int
    title: str
    state: str | UnsetType | None = UNSET
    description: str | UnsetType | None = UNSET
    due_on: str | UnsetType | None = UNSET
    repository_id: int | UnsetType | None = UNSET
    open_issues: int | UnsetType | None = UNSET
    closed_issues: int | UnsetType | None = UNSET
    url: str | UnsetType | None = UNSET
    html_url: str | UnsetType | None = UNSET
    created_at: ChinaMoment | UnsetType | None = UNSET
    updated_at: ChinaMoment | UnsetType | None = UNSET


class GitCodeIssueState(OriginalStruct, frozen=True, kw_only=True):
    id: int | UnsetType = UNSET
    title: str
    serial: int | UnsetType | None = UNSET


class GitCodeIssueType(OriginalStruct, frozen=True, kw_only=True):
    id: int | UnsetType = UNSET
    title: str
    is_system: bool | UnsetType | None = UNSET


class GitCodeIssuePriority(OriginalStruct, frozen=True, kw_only=True):
    id: str | UnsetType = UNSET
    title: str


class GitCodeCustomField(OriginalStruct, frozen=True, kw_only=True):
    """A field that an organization has defined; only `GET …/issues/{number}` tells of it."""

    field_name: str
    field_type: str | UnsetType | None = UNSET
    field_values: list[object] | UnsetType | None = UNSET
    field_visibility: str | UnsetType | None = UNSET


class GitCodeIssue(OriginalStruct, frozen=True, kw_only=True):
    """One of any list of issues, which has the text as well, and `GET …/issues/{number}`.

    Attributes:
        number: of its repository; pull requests have numbers of their own.
        state: open or closed; `opened` in older answers.
        issue_state: the name of a state that the organization has defined.
    """

    id: int
    html_url: str | UnsetType | None = UNSET
    url: str | UnsetType | None = UNSET
    number: str
    state: str
    issue_state: str | UnsetType | None = UNSET
    issue_state_detail: GitCodeIssueState | UnsetType | None = UNSET
    issue_type: str | UnsetType | None = UNSET
    issue_type_detail: GitCodeIssueType | UnsetType | None = UNSET
    title: str
    body: str | UnsetType | None = UNSET
    user: Person | UnsetType | None = UNSET
    assignee: Person | UnsetType | None = UNSET
    repository: dict[str, object] | UnsetType | None = UNSET
    repository_url: str | UnsetType | None = UNSET
    labels: list[GitCodeLabel] | UnsetType | None = UNSET
    milestone: GitCodeMilestone | UnsetType | None = UNSET
    priority: int | UnsetType | None = UNSET
    issue_priority_detail: GitCodeIssuePriority | UnsetType | None = UNSET
    parent_id: int | UnsetType | None = UNSET
    comments: int | UnsetType | None = UNSET
    custom_fields: list[GitCodeCustomField] | UnsetType | None = UNSET
    visibility_reason: str | UnsetType | None = UNSET
    created_at: ChinaMoment | UnsetType | None = UNSET
    updated_at: ChinaMoment | UnsetType | None = UNSET
    deadline: str | UnsetType | None = UNSET
    finished_at: ChinaMoment | UnsetType | None = UNSET


class GitCodeNoteIssue(OriginalStruct, frozen=True, kw_only=True):
    id: int | UnsetType = UNSET
    number: str | UnsetType | None = UNSET
    nubmer: str | UnsetType | None = UNSET
    title: str | UnsetType | None = UNSET


class GitCodeNoteTarget(OriginalStruct, frozen=True, kw_only=True):
    issue: GitCodeNoteIssue | UnsetType | None = UNSET


class GitCodeNote(OriginalStruct, frozen=True, kw_only=True):
    """A comment on an issue. `updated_at` may be null."""

    id: int
    body: str | UnsetType | None = UNSET
    user: Person | UnsetType | None = UNSET
    target: GitCodeNoteTarget | UnsetType | None = UNSET
    created_at: ChinaMoment | UnsetType | None = UNSET
    updated_at: ChinaMoment | UnsetType | None = UNSET


class GitCodeOperateLog(OriginalStruct, frozen=True, kw_only=True):
    """Something that was done to an issue or a pull request. `content` is a sentence."""

    id: int | UnsetType = UNSET
    action: str | UnsetType | None = UNSET
    action_type: str | UnsetType | None = UNSET
    content: str | UnsetType | None = UNSET
    user: Person | UnsetType | None = UNSET
    issue_id: str | UnsetType | None = UNSET
    merge_request_id: int | UnsetType | None = UNSET
    discussion_id: str | UnsetType | None = UNSET
    created_at: ChinaMoment | UnsetType | None = UNSET
    updated_at: ChinaMoment | UnsetType | None = UNSET
    update_at: ChinaMoment | UnsetType | None = UNSET
