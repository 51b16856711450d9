"""Pull requests, and comments on them and on commits, as GitCode's API v5 writes them. Sources as in `wire_issues`."""

from msgspec import UNSET, UnsetType, field

from matou.platforms.base.wire_struct import OriginalStruct
from matou.platforms.gitcode.wire_base import ChinaMoment
from matou.platforms.gitcode.wire_issues import GitCodeLabel, GitCodeMilestone
from matou.platforms.gitcode.wire_users import Person


class GitCodeReviewer(Person, frozen=True, kw_only=True):
    """Who is to review or to test. `accept`: whether this person has said yes."""

    accept: bool | UnsetType | None = UNSET
    assignee: bool | UnsetType | None = UNSET
    code_owner: bool | UnsetType | None = UNSET


class GitCodePullRepository(OriginalStruct, frozen=True, kw_only=True):
    """`full_name` has spaces around its slash in some answers; `full_path` has none."""

    id: int | UnsetType = UNSET
    full_path: str | UnsetType | None = UNSET
    full_name: str | UnsetType | None = UNSET
    path: str | UnsetType | None = UNSET
    name: str | UnsetType | None = UNSET
    html_url: str | UnsetType | None = UNSET


class GitCodePullEnd(OriginalStruct, frozen=True, kw_only=True):
    """`head` or `base`; the fork may be gone."""

    label: str | UnsetType | None = UNSET
    ref: str
    sha: str | UnsetType | None = UNSET
    repo: GitCodePullRepository | UnsetType | None = UNSET
    user: Person | UnsetType | None = UNSET


class GitCodeDiffRefs(OriginalStruct, frozen=True, kw_only=True):
    base_sha: str | UnsetType | None = UNSET
    start_sha: str | UnsetType | None = UNSET
    head_sha: str | UnsetType | None = UNSET


class GitCodePullRequest(OriginalStruct, frozen=True, kw_only=True):
    """One of `GET …/pulls`, and `GET …/pulls/{number}`, which alone says what came of the reviews.

    Attributes:
        state: open, closed, merged or locked.
        assignees, testers: objects with `accept`; in a list, by the description, names.
        notes: how many comments, those of the system too.
    """

    id: int
    iid: int | UnsetType = UNSET
    number: int
    project_id: int | UnsetType | None = UNSET
    url: str | UnsetType | None = UNSET
    html_url: str | UnsetType | None = UNSET
    web_url: str | UnsetType | None = UNSET
    issue_url: str | UnsetType | None = UNSET
    state: str
    locked: bool | UnsetType | None = UNSET
    draft: bool | UnsetType | None = UNSET
    title: str
    body: str | UnsetType | None = UNSET
    user: Person | UnsetType | None = UNSET
    head: GitCodePullEnd
    base: GitCodePullEnd
    source_branch: str | UnsetType | None = UNSET
    target_branch: str | UnsetType | None = UNSET
    diff_refs: GitCodeDiffRefs | UnsetType | None = UNSET
    labels: list[GitCodeLabel] | UnsetType | None = UNSET
    milestone: GitCodeMilestone | UnsetType | None = UNSET
    assignees: list[object] | UnsetType | None = UNSET
    assignees_number: int | UnsetType | None = UNSET
    testers: list[object] | UnsetType | None = UNSET
    testers_number: int | UnsetType | None = UNSET
    approval_reviewers: list[GitCodeReviewer] | UnsetType | None = UNSET
    notes: int | UnsetType | None = UNSET
    merged_by: Person | UnsetType | None = UNSET
    closed_by: Person | UnsetType | None = UNSET
    mergeable: bool | UnsetType | None = UNSET
    mergeable_state: dict[str, object] | UnsetType | None = UNSET
    can_merge_check: bool | UnsetType | None = UNSET
    created_at: ChinaMoment | UnsetType | None = UNSET
    updated_at: ChinaMoment | UnsetType | None = UNSET
    closed_at: ChinaMoment | UnsetType | None = UNSET
    merged_at: ChinaMoment | UnsetType | None = UNSET


class GitCodeDiffPosition(OriginalStruct, frozen=True, kw_only=True):
    """Lines in the files of both sides."""

    start_new_line: int | UnsetType | None = UNSET
    end_new_line: int | UnsetType | None = UNSET
    start_old_line: int | UnsetType | None = UNSET
    end_old_line: int | UnsetType | None = UNSET


class GitCodePullReply(OriginalStruct, frozen=True, kw_only=True):
    id: str
    body: str | UnsetType | None = UNSET
    user: Person | UnsetType | None = UNSET
    created_at: ChinaMoment | UnsetType | None = UNSET
    updated_at: ChinaMoment | UnsetType | None = UNSET


class GitCodePullComment(GitCodePullReply, frozen=True, kw_only=True):
    """One of `GET …/pulls/{number}/comments`, with the replies to it. `comment_type`: diff_comment or pr_comment."""

    discussion_id: str | UnsetType | None = UNSET
    comment_type: str | UnsetType | None = UNSET
    diff_file: str | UnsetType | None = UNSET
    diff_position: GitCodeDiffPosition | UnsetType | None = UNSET
    resolved: bool | UnsetType | None = UNSET
    replies: list[GitCodePullReply] | UnsetType | None = field(name="reply", default=UNSET)


class GitCodeCommitComment(OriginalStruct, frozen=True, kw_only=True):
    """One of `GET …/comments`, and of `GET …/commits/{ref}/comments`.

    In the examples `target` is empty, so that the list of the repository does not tell which commit it is.

    Attributes:
        position: the line in the file, as in comments on pull requests.
    """

    id: int
    body: str | UnsetType | None = UNSET
    user: Person | UnsetType | None = UNSET
    target: dict[str, object] | UnsetType | None = UNSET
    created_at: ChinaMoment | UnsetType | None = UNSET
    updated_at: ChinaMoment | UnsetType | None = UNSET
    in_reply_to_id: int | UnsetType | None = UNSET
    html_url: str | UnsetType | None = UNSET
    commit_id: str | UnsetType | None = UNSET
    path: str | UnsetType | None = UNSET
    position: int | UnsetType | None = UNSET
    new_line: int | UnsetType | None = UNSET
