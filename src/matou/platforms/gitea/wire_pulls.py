"""Pull requests, reviews, and what was said on lines, as Gitea's API v1 writes them. Source as in `wire`."""

from msgspec import UNSET, UnsetType

from matou.platforms.base.wire_struct import OriginalStruct
from matou.platforms.gitea.wire_issues import GiteaLabel, GiteaMilestone, GiteaUser


class GiteaPullRepository(OriginalStruct, frozen=True, kw_only=True):
    """What we need of the repository that an end of a pull request is in."""

    id: int | UnsetType = UNSET
    full_name: str


class GiteaPullEnd(OriginalStruct, frozen=True, kw_only=True):
    """`head` or `base`, whose repository may be gone; `label` is the branch, `ref` may be `refs/pull/7/head`."""

    label: str | UnsetType | None = UNSET
    ref: str
    sha: str | UnsetType | None = UNSET
    repo: GiteaPullRepository | UnsetType | None = UNSET


class GiteaPullRequest(OriginalStruct, frozen=True, kw_only=True):
    """One of `GET …/pulls`. `merge_base`: the commit that both ends grew from."""

    id: int
    number: int
    title: str
    body: str | UnsetType | None = UNSET
    state: str
    draft: bool | UnsetType | None = UNSET
    is_locked: bool | UnsetType | None = UNSET
    user: GiteaUser | UnsetType | None = UNSET
    labels: list[GiteaLabel] | UnsetType | None = UNSET
    milestone: GiteaMilestone | UnsetType | None = UNSET
    assignees: list[GiteaUser] | UnsetType | None = UNSET
    requested_reviewers: list[GiteaUser] | UnsetType | None = UNSET
    head: GiteaPullEnd
    base: GiteaPullEnd
    merge_base: str | UnsetType | None = UNSET
    html_url: str | UnsetType | None = UNSET
    due_date: str | UnsetType | None = UNSET
    created_at: str | UnsetType | None = UNSET
    updated_at: str | UnsetType | None = UNSET
    closed_at: str | UnsetType | None = UNSET
    merged: bool | UnsetType | None = UNSET
    merged_at: str | UnsetType | None = UNSET
    merge_commit_sha: str | UnsetType | None = UNSET
    merged_by: GiteaUser | UnsetType | None = UNSET


class GiteaReview(OriginalStruct, frozen=True, kw_only=True):
    """One of `GET …/pulls/{number}/reviews`.

    Attributes:
        state: APPROVED, REQUEST_CHANGES, COMMENT; PENDING is one's own that was not sent yet, REQUEST_REVIEW none at
            all: somebody was asked for one.
        comments_count: how many it has on lines.
    """

    id: int
    user: GiteaUser | UnsetType | None = UNSET
    body: str | UnsetType | None = UNSET
    state: str
    dismissed: bool | UnsetType | None = UNSET
    commit_id: str | UnsetType | None = UNSET
    comments_count: int | UnsetType | None = UNSET
    submitted_at: str | UnsetType | None = UNSET


class GiteaReviewComment(OriginalStruct, frozen=True, kw_only=True):
    """One of `GET …/reviews/{id}/comments`. `position` is a line of the new file, `original_position` of the old."""

    id: int
    body: str | UnsetType | None = UNSET
    user: GiteaUser | UnsetType | None = UNSET
    resolver: GiteaUser | UnsetType | None = UNSET
    path: str
    commit_id: str | UnsetType | None = UNSET
    original_commit_id: str | UnsetType | None = UNSET
    diff_hunk: str | UnsetType | None = UNSET
    position: int | UnsetType | None = UNSET
    original_position: int | UnsetType | None = UNSET
    created_at: str | UnsetType | None = UNSET
    updated_at: str | UnsetType | None = UNSET
