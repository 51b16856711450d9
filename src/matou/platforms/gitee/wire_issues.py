"""People, issues, their comments, labels and milestones as Gitee's API v5 writes them.

Source: Gitee's Swagger 5.3.85, and for what is newer than it the description that the PyPI package gitee_client 1.1.2
(2026-07) is generated from. Both say "string" of nearly everything; the types here are those of real answers.
"""

from msgspec import UNSET, UnsetType

from matou.platforms.base.wire_struct import OriginalStruct
from matou.platforms.gitee.wire_v3 import Moment


class GiteeUserBasic(OriginalStruct, frozen=True, kw_only=True):
    """Whoever is part of something else. Of accounts that are gone too little is known, so that nothing is needed.

    Attributes:
        remark: the name that the person's enterprise has given.
    """

    id: int | UnsetType = UNSET
    login: str | UnsetType = UNSET
    name: str | UnsetType | None = UNSET
    avatar_url: str | UnsetType | None = UNSET
    url: str | UnsetType | None = UNSET
    html_url: str | UnsetType | None = UNSET
    remark: str | UnsetType | None = UNSET
    followers_url: str | UnsetType | None = UNSET
    following_url: str | UnsetType | None = UNSET
    gists_url: str | UnsetType | None = UNSET
    starred_url: str | UnsetType | None = UNSET
    subscriptions_url: str | UnsetType | None = UNSET
    organizations_url: str | UnsetType | None = UNSET
    repos_url: str | UnsetType | None = UNSET
    events_url: str | UnsetType | None = UNSET
    received_events_url: str | UnsetType | None = UNSET
    type: str | UnsetType | None = UNSET
    member_role: str | UnsetType | None = UNSET


class GiteeAssignee(GiteeUserBasic, frozen=True, kw_only=True):
    """Who is to review or to test a pull request. `accept`: whether this person has said yes."""

    assignee: bool | UnsetType | None = UNSET
    code_owner: bool | UnsetType | None = UNSET
    accept: bool | UnsetType | None = UNSET


class GiteeLabel(OriginalStruct, frozen=True, kw_only=True):
    """`color`: six hexadecimal digits, without a mark."""

    id: int | UnsetType = UNSET
    name: str
    color: str | UnsetType | None = UNSET
    repository_id: int | UnsetType | None = UNSET
    url: str | UnsetType | None = UNSET
    created_at: Moment | UnsetType | None = UNSET
    updated_at: Moment | UnsetType | None = UNSET


class GiteeMilestone(OriginalStruct, frozen=True, kw_only=True):
    """Its number is its id. `due_on` is a day; `state`: open or closed."""

    url: str | UnsetType | None = UNSET
    html_url: str | UnsetType | None = UNSET
    number: int
    repository_id: int | UnsetType | None = UNSET
    state: str | UnsetType | None = UNSET
    title: str
    description: str | UnsetType | None = UNSET
    updated_at: Moment | UnsetType | None = UNSET
    created_at: Moment | UnsetType | None = UNSET
    open_issues: int | UnsetType | None = UNSET
    closed_issues: int | UnsetType | None = UNSET
    due_on: str | UnsetType | None = UNSET


class GiteeIssueType(OriginalStruct, frozen=True, kw_only=True):
    """One of those that an enterprise has defined, or of Gitee's own."""

    id: int | UnsetType = UNSET
    title: str
    template: str | UnsetType | None = UNSET
    ident: str | UnsetType | None = UNSET
    color: str | UnsetType | None = UNSET
    is_system: bool | UnsetType | None = UNSET
    created_at: Moment | UnsetType | None = UNSET
    updated_at: Moment | UnsetType | None = UNSET


class GiteeIssueState(OriginalStruct, frozen=True, kw_only=True):
    """One of those that an enterprise has defined, or of Gitee's own."""

    id: int | UnsetType = UNSET
    title: str
    color: str | UnsetType | None = UNSET
    icon: str | UnsetType | None = UNSET
    command: str | UnsetType | None = UNSET
    serial: int | UnsetType | None = UNSET
    created_at: Moment | UnsetType | None = UNSET
    updated_at: Moment | UnsetType | None = UNSET


class GiteeProgram(OriginalStruct, frozen=True, kw_only=True):
    """An enterprise's project, which is over several repositories."""

    id: int | UnsetType = UNSET
    name: str | UnsetType | None = UNSET
    description: str | UnsetType | None = UNSET
    assignee: GiteeUserBasic | UnsetType | None = UNSET
    author: GiteeUserBasic | UnsetType | None = UNSET


class GiteeRepositoryOfIssue(OriginalStruct, frozen=True, kw_only=True):
    """What we need of the repository that comes with each issue, whole; null where an enterprise's has none."""

    id: int | UnsetType = UNSET
    full_name: str


class GiteeIssue(OriginalStruct, frozen=True, kw_only=True):
    """One of any list of issues, and `GET …/issues/{number}`.

    Attributes:
        number: six letters and digits after an `I`, of all of Gitee.
        state: open, progressing, closed or rejected; `issue_state` is its name.
        parent_id: an id, not a number; 0 for none.
        priority: 0 not said, 1 unimportant, 2 minor, 3 major, 4 serious.
        security_hole: only those who work on the repository see it.
        scheduled_time: days.
    """

    id: int
    url: str | UnsetType | None = UNSET
    repository_url: str | UnsetType | None = UNSET
    labels_url: str | UnsetType | None = UNSET
    comments_url: str | UnsetType | None = UNSET
    html_url: str | UnsetType | None = UNSET
    parent_url: str | UnsetType | None = UNSET
    number: str
    parent_id: int | UnsetType | None = UNSET
    depth: int | UnsetType | None = UNSET
    state: str
    title: str
    body: str | UnsetType | None = UNSET
    body_html: str | UnsetType | None = UNSET
    user: GiteeUserBasic | UnsetType | None = UNSET
    labels: list[GiteeLabel] | UnsetType | None = UNSET
    assignee: GiteeUserBasic | UnsetType | None = UNSET
    collaborators: list[GiteeUserBasic] | UnsetType | None = UNSET
    repository: GiteeRepositoryOfIssue | UnsetType | None = UNSET
    milestone: GiteeMilestone | UnsetType | None = UNSET
    created_at: Moment | UnsetType | None = UNSET
    updated_at: Moment | UnsetType | None = UNSET
    plan_started_at: str | UnsetType | None = UNSET
    deadline: str | UnsetType | None = UNSET
    finished_at: Moment | UnsetType | None = UNSET
    scheduled_time: float | UnsetType | None = UNSET
    comments: int | UnsetType | None = UNSET
    priority: int | UnsetType | None = UNSET
    issue_type: str | UnsetType | None = UNSET
    program: GiteeProgram | UnsetType | None = UNSET
    security_hole: bool | UnsetType | None = UNSET
    issue_state: str | UnsetType | None = UNSET
    branch: str | UnsetType | None = UNSET
    issue_type_detail: GiteeIssueType | UnsetType | None = UNSET
    issue_state_detail: GiteeIssueState | UnsetType | None = UNSET
    cve_id: str | UnsetType | None = UNSET


class GiteeNoteIssue(OriginalStruct, frozen=True, kw_only=True):
    id: int | UnsetType = UNSET
    title: str | UnsetType | None = UNSET
    number: str


class GiteeNoteTarget(OriginalStruct, frozen=True, kw_only=True):
    """What a comment is about."""

    issue: GiteeNoteIssue | UnsetType | None = UNSET
    pull_request: dict[str, object] | UnsetType | None = UNSET


class GiteeNote(OriginalStruct, frozen=True, kw_only=True):
    """A comment on an issue."""

    id: int
    body: str | UnsetType | None = UNSET
    body_html: str | UnsetType | None = UNSET
    user: GiteeUserBasic | UnsetType | None = UNSET
    source: str | UnsetType | None = UNSET
    target: GiteeNoteTarget | UnsetType | None = UNSET
    created_at: Moment | UnsetType | None = UNSET
    updated_at: Moment | UnsetType | None = UNSET
    in_reply_to_id: int | UnsetType | None = UNSET
    in_reply_to_user: GiteeUserBasic | UnsetType | None = UNSET


class GiteeOperateLog(OriginalStruct, frozen=True, kw_only=True):
    """Something that was done to an issue or a pull request. `content` is a sentence, in Chinese and with HTML."""

    id: int | UnsetType = UNSET
    icon: str | UnsetType | None = UNSET
    user: GiteeUserBasic | UnsetType | None = UNSET
    target: dict[str, object] | UnsetType | None = UNSET
    content: str | UnsetType | None = UNSET
    link_target: dict[str, object] | UnsetType | None = UNSET
    created_at: Moment | UnsetType | None = UNSET
    action_type: str | UnsetType | None = UNSET
    before_change_value: str | UnsetType | None = UNSET
    after_change_value: str | UnsetType | None = UNSET
    before_change_id: int | UnsetType | None = UNSET
    after_change_id: int | UnsetType | None = UNSET
