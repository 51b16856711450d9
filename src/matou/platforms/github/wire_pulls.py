"""Pull requests, reviews, and what was said on lines, as GitHub's API writes them. Source as in `wire`."""

from msgspec import UNSET, UnsetType

from matou.platforms.base.wire_struct import OriginalStruct
from matou.platforms.github.wire_issues import GitHubLabel, GitHubMilestone, GitHubUser


class GitHubPullRepository(OriginalStruct, frozen=True, kw_only=True):
    """What we need of the repository that an end of a pull request is in."""

    id: int | UnsetType = UNSET
    full_name: str


class GitHubPullEnd(OriginalStruct, frozen=True, kw_only=True):
    """`head` or `base`; the repository of a head may be gone."""

    label: str | UnsetType | None = UNSET
    ref: str
    sha: str | UnsetType | None = UNSET
    user: GitHubUser | UnsetType | None = UNSET
    repo: GitHubPullRepository | UnsetType | None = UNSET


class GitHubPullRequest(OriginalStruct, frozen=True, kw_only=True):
    """One of `GET …/pulls`, and `GET …/pulls/{number}`.

    Attributes:
        state: open or closed; merged where `merged_at` is told.
        merge_commit_sha: of one that is merged; else what a merge would give today.
        merged_by: in the pull request itself alone.
    """

    id: int
    number: int
    title: str
    body: str | UnsetType | None = UNSET
    state: str
    draft: bool | UnsetType | None = UNSET
    locked: bool | UnsetType | None = UNSET
    user: GitHubUser | UnsetType | None = UNSET
    labels: list[GitHubLabel] | UnsetType | None = UNSET
    milestone: GitHubMilestone | UnsetType | None = UNSET
    assignees: list[GitHubUser] | UnsetType | None = UNSET
    requested_reviewers: list[GitHubUser] | UnsetType | None = UNSET
    head: GitHubPullEnd
    base: GitHubPullEnd
    html_url: str | UnsetType | None = UNSET
    created_at: str | UnsetType | None = UNSET
    updated_at: str | UnsetType | None = UNSET
    closed_at: str | UnsetType | None = UNSET
    merged_at: str | UnsetType | None = UNSET
    merge_commit_sha: str | UnsetType | None = UNSET
    merged_by: GitHubUser | UnsetType | None = UNSET


class GitHubReview(OriginalStruct, frozen=True, kw_only=True):
    """One of `GET …/pulls/{number}/reviews`.

    Attributes:
        state: APPROVED, CHANGES_REQUESTED, COMMENTED, DISMISSED; PENDING is one's own that was not sent yet.
    """

    id: int
    user: GitHubUser | UnsetType | None = UNSET
    body: str | UnsetType | None = UNSET
    state: str
    submitted_at: str | UnsetType | None = UNSET
    commit_id: str | UnsetType | None = UNSET


class GitHubCommitComment(OriginalStruct, frozen=True, kw_only=True):
    """One of `GET …/comments`: on a commit, or on a line of what it changed.

    Attributes:
        position: in the difference, counted from its first hunk.
        line: of the file, where GitHub still tells it.
    """

    id: int
    body: str | UnsetType | None = UNSET
    user: GitHubUser | UnsetType | None = UNSET
    html_url: str | UnsetType | None = UNSET
    commit_id: str | UnsetType | None = UNSET
    path: str | UnsetType | None = UNSET
    line: int | UnsetType | None = UNSET
    position: int | UnsetType | None = UNSET
    created_at: str | UnsetType | None = UNSET
    updated_at: str | UnsetType | None = UNSET


class GitHubReviewComment(OriginalStruct, frozen=True, kw_only=True):
    """One of `GET …/pulls/comments`: on a line, or on a whole file.

    Attributes:
        line, position: None where the line is in the difference no more; then `original_line` says where it was, in
            `original_commit_id`.
        side: LEFT is the old file, RIGHT the new one.
        in_reply_to_id: the first comment of the thread.
    """

    id: int
    path: str
    body: str | UnsetType | None = UNSET
    user: GitHubUser | UnsetType | None = UNSET
    pull_request_url: str
    html_url: str | UnsetType | None = UNSET
    in_reply_to_id: int | UnsetType | None = UNSET
    line: int | UnsetType | None = UNSET
    start_line: int | UnsetType | None = UNSET
    original_line: int | UnsetType | None = UNSET
    original_start_line: int | UnsetType | None = UNSET
    side: str | UnsetType | None = UNSET
    position: int | UnsetType | None = UNSET
    original_position: int | UnsetType | None = UNSET
    commit_id: str | UnsetType | None = UNSET
    original_commit_id: str | UnsetType | None = UNSET
    diff_hunk: str | UnsetType | None = UNSET
    created_at: str | UnsetType | None = UNSET
    updated_at: str | UnsetType | None = UNSET
