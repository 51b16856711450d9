"""Pull requests, and comments on them and on commits, as Gitee's API v5 writes them. Sources as in `wire_issues`."""

from msgspec import UNSET, UnsetType, field

from matou.platforms.base.wire_struct import OriginalStruct
from matou.platforms.gitee.wire_issues import GiteeAssignee, GiteeLabel, GiteeMilestone, GiteeUserBasic
from matou.platforms.gitee.wire_v3 import Moment


class GiteePullRepository(OriginalStruct, frozen=True, kw_only=True):
    """What we need of the repository that an end of a pull request is in."""

    id: int | UnsetType = UNSET
    full_name: str
    human_name: str | UnsetType | None = UNSET
    html_url: str | UnsetType | None = UNSET


class GiteePullEnd(OriginalStruct, frozen=True, kw_only=True):
    """`head` or `base`. `label` is the branch, with its owner before it where that is another; the fork may be gone."""

    label: str | UnsetType | None = UNSET
    ref: str
    sha: str | UnsetType | None = UNSET
    user: GiteeUserBasic | UnsetType | None = UNSET
    repo: GiteePullRepository | UnsetType | None = UNSET


class GiteeRefPullRequest(OriginalStruct, frozen=True, kw_only=True):
    """A pull request that belongs to another."""

    id: int | UnsetType = UNSET
    number: int | str
    title: str | UnsetType | None = UNSET
    state: str | UnsetType | None = UNSET


class GiteePullRequest(OriginalStruct, frozen=True, kw_only=True):
    """One of `GET …/pulls`, and `GET …/pulls/{number}`.

    Attributes:
        state: open, closed or merged.
        assignees, testers, api_reviewers: those who are to review, with what came of it.
        mergeable: as the server finds it when it is asked; no property of the pull request.
    """

    id: int
    url: str | UnsetType | None = UNSET
    html_url: str | UnsetType | None = UNSET
    diff_url: str | UnsetType | None = UNSET
    patch_url: str | UnsetType | None = UNSET
    issue_url: str | UnsetType | None = UNSET
    commits_url: str | UnsetType | None = UNSET
    review_comments_url: str | UnsetType | None = UNSET
    review_comment_url: str | UnsetType | None = UNSET
    comments_url: str | UnsetType | None = UNSET
    statuses_url: str | UnsetType | None = UNSET
    number: int
    close_related_issue: int | UnsetType | None = UNSET
    prune_branch: bool | UnsetType | None = UNSET
    state: str
    title: str
    body: str | UnsetType | None = UNSET
    body_html: str | UnsetType | None = UNSET
    assignees_number: int | UnsetType | None = UNSET
    testers_number: int | UnsetType | None = UNSET
    assignees: list[GiteeAssignee] | UnsetType | None = UNSET
    testers: list[GiteeAssignee] | UnsetType | None = UNSET
    api_reviewers_number: int | UnsetType | None = UNSET
    api_reviewers: list[GiteeAssignee] | UnsetType | None = UNSET
    milestone: GiteeMilestone | UnsetType | None = UNSET
    labels: list[GiteeLabel] | UnsetType | None = UNSET
    locked: bool | UnsetType | None = UNSET
    created_at: Moment | UnsetType | None = UNSET
    updated_at: Moment | UnsetType | None = UNSET
    closed_at: Moment | UnsetType | None = UNSET
    draft: bool | UnsetType | None = UNSET
    merged_at: Moment | UnsetType | None = UNSET
    security_hole: bool | UnsetType | None = UNSET
    mergeable: bool | UnsetType | None = UNSET
    can_merge_check: bool | UnsetType | None = UNSET
    head: GiteePullEnd
    base: GiteePullEnd
    links: dict[str, object] | UnsetType | None = field(name="_links", default=UNSET)
    user: GiteeUserBasic | UnsetType | None = UNSET
    ref_pull_requests: list[GiteeRefPullRequest] | UnsetType | None = UNSET


class GiteePullComment(OriginalStruct, frozen=True, kw_only=True):
    """One of `GET …/pulls/comments`. Without `path` it is on the pull request as a whole.

    Attributes:
        position: the line within the difference; None where the line is there no more.
        new_line: the line in the file.
        pull_request_url: the only thing that tells which pull request it is on.
        comment_type: diff_comment or pr_comment.
    """

    url: str | UnsetType | None = UNSET
    id: int
    path: str | UnsetType | None = UNSET
    position: int | UnsetType | None = UNSET
    original_position: int | UnsetType | None = UNSET
    new_line: int | UnsetType | None = UNSET
    commit_id: str | UnsetType | None = UNSET
    original_commit_id: str | UnsetType | None = UNSET
    user: GiteeUserBasic | UnsetType | None = UNSET
    created_at: Moment | UnsetType | None = UNSET
    updated_at: Moment | UnsetType | None = UNSET
    body: str | UnsetType | None = UNSET
    html_url: str | UnsetType | None = UNSET
    pull_request_url: str
    links: dict[str, object] | UnsetType | None = field(name="_links", default=UNSET)
    comment_type: str | UnsetType | None = UNSET
    in_reply_to_id: int | UnsetType | None = UNSET


class GiteeCommitComment(OriginalStruct, frozen=True, kw_only=True):
    """One of `GET …/comments`, and of `GET …/commits/{ref}/comments`.

    The description tells of `target` that there is one: which commit it is may stand in it, in `commit_id` or nowhere.

    Attributes:
        position: the line within the difference, as it is posted.
    """

    id: int
    body: str | UnsetType | None = UNSET
    body_html: str | UnsetType | None = UNSET
    user: GiteeUserBasic | UnsetType | None = UNSET
    source: str | UnsetType | None = UNSET
    target: dict[str, object] | UnsetType | None = UNSET
    created_at: Moment | UnsetType | None = UNSET
    updated_at: Moment | UnsetType | None = UNSET
    in_reply_to_id: int | UnsetType | None = UNSET
    in_reply_to_user: GiteeUserBasic | UnsetType | None = UNSET
    html_url: str | UnsetType | None = UNSET
    commit_id: str | UnsetType | None = UNSET
    path: str | UnsetType | None = UNSET
    position: int | UnsetType | None = UNSET
    new_line: int | UnsetType | None = UNSET
