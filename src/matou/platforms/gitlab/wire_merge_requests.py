"""Merge requests, their reviewers, approvals and versions as GitLab's API v4 writes them. Source as in `wire`."""

from msgspec import UNSET, UnsetType

from matou.platforms.base.wire_struct import OriginalStruct
from matou.platforms.gitlab.wire_issues import GitLabItem, GitLabUser


class GitLabDiffRefs(OriginalStruct, frozen=True, kw_only=True):
    """What a difference is made of: `base_sha` is where both ends part, `start_sha` the target's commit."""

    base_sha: str | UnsetType | None = UNSET
    head_sha: str | UnsetType | None = UNSET
    start_sha: str | UnsetType | None = UNSET


class GitLabMergeRequest(GitLabItem, frozen=True, kw_only=True):
    """One of `GET …/merge_requests`; `diff_refs` comes with one alone. `state`: opened, closed, locked, merged.

    Attributes:
        work_in_progress: what older servers call `draft`.
        merged_by: what older servers call `merge_user`.
        sha: the commit at its head.
    """

    draft: bool | UnsetType | None = UNSET
    work_in_progress: bool | UnsetType | None = UNSET
    source_branch: str
    target_branch: str
    source_project_id: int | UnsetType | None = UNSET
    target_project_id: int | UnsetType | None = UNSET
    sha: str | UnsetType | None = UNSET
    diff_refs: GitLabDiffRefs | UnsetType | None = UNSET
    reviewers: list[GitLabUser] | UnsetType | None = UNSET
    merged_at: str | UnsetType | None = UNSET
    merged_by: GitLabUser | UnsetType | None = UNSET
    merge_user: GitLabUser | UnsetType | None = UNSET
    merge_commit_sha: str | UnsetType | None = UNSET
    squash_commit_sha: str | UnsetType | None = UNSET


class GitLabReviewer(OriginalStruct, frozen=True, kw_only=True):
    """One of `GET …/reviewers`. `state`: unreviewed, reviewed, requested_changes, approved and others."""

    user: GitLabUser | UnsetType | None = UNSET
    state: str | UnsetType | None = UNSET
    created_at: str | UnsetType | None = UNSET


class GitLabApproval(OriginalStruct, frozen=True, kw_only=True):
    """One of `approved_by`. Servers before 17.8 do not say when."""

    user: GitLabUser | UnsetType | None = UNSET
    approved_at: str | UnsetType | None = UNSET


class GitLabApprovals(OriginalStruct, frozen=True, kw_only=True):
    """`GET …/approvals`."""

    approved_by: list[GitLabApproval] | UnsetType | None = UNSET


class GitLabVersion(OriginalStruct, frozen=True, kw_only=True):
    """One of `GET …/versions`: what the difference was after a push."""

    id: int
    head_commit_sha: str | UnsetType | None = UNSET
    base_commit_sha: str | UnsetType | None = UNSET
    start_commit_sha: str | UnsetType | None = UNSET
    created_at: str | UnsetType | None = UNSET


class GitLabSourceProject(OriginalStruct, frozen=True, kw_only=True):
    """What we need of the project that a merge request comes from."""

    path_with_namespace: str
