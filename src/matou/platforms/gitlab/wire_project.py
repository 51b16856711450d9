"""Releases, members, boards, webhooks and protections as GitLab's API v4 writes them. Source as in `wire`."""

from msgspec import UNSET, UnsetType

from matou.platforms.base.wire_struct import OriginalStruct
from matou.platforms.gitlab.wire_issues import GitLabLabel, GitLabMilestone, GitLabUser


class GitLabReleaseLink(OriginalStruct, frozen=True, kw_only=True):
    """Anything that somebody has linked to: a package, an upload, or a page anywhere."""

    id: int
    name: str
    url: str


class GitLabReleaseAssets(OriginalStruct, frozen=True, kw_only=True):
    """`sources` are archives of the code, which the server makes of the tag."""

    links: list[GitLabReleaseLink] | UnsetType | None = UNSET


class GitLabCommitId(OriginalStruct, frozen=True, kw_only=True):
    """What we need of a commit."""

    id: str


class GitLabRelease(OriginalStruct, frozen=True, kw_only=True):
    """One of `GET …/releases`; each is of a tag."""

    tag_name: str
    name: str | UnsetType | None = UNSET
    description: str | UnsetType | None = UNSET
    author: GitLabUser | UnsetType | None = UNSET
    commit: GitLabCommitId | UnsetType | None = UNSET
    milestones: list[GitLabMilestone] | UnsetType | None = UNSET
    assets: GitLabReleaseAssets | UnsetType | None = UNSET
    created_at: str | UnsetType | None = UNSET
    released_at: str | UnsetType | None = UNSET


class GitLabMember(GitLabUser, frozen=True, kw_only=True):
    """One of `GET …/members/all`."""

    access_level: int


class GitLabBoardList(OriginalStruct, frozen=True, kw_only=True):
    """A column: of a label, a person, a milestone or an iteration."""

    id: int
    position: int | UnsetType | None = UNSET
    label: GitLabLabel | UnsetType | None = UNSET
    assignee: GitLabUser | UnsetType | None = UNSET
    milestone: GitLabMilestone | UnsetType | None = UNSET


class GitLabBoard(OriginalStruct, frozen=True, kw_only=True):
    """One of `GET …/boards`."""

    id: int
    name: str
    lists: list[GitLabBoardList] | UnsetType | None = UNSET


class GitLabHook(OriginalStruct, frozen=True, kw_only=True):
    """One of `GET …/hooks`; no answer has its token, and records have not its address."""

    id: int
    name: str | UnsetType | None = UNSET
    created_at: str | UnsetType | None = UNSET


class GitLabAccessLevel(OriginalStruct, frozen=True, kw_only=True):
    """Who may: a role, a person or a group."""

    access_level_description: str | UnsetType | None = UNSET


class GitLabProtectedBranch(OriginalStruct, frozen=True, kw_only=True):
    """One of `GET …/protected_branches`."""

    id: int | UnsetType = UNSET
    name: str
    push_access_levels: list[GitLabAccessLevel] | UnsetType | None = UNSET
    merge_access_levels: list[GitLabAccessLevel] | UnsetType | None = UNSET
    allow_force_push: bool | UnsetType | None = UNSET


class GitLabProtectedTag(OriginalStruct, frozen=True, kw_only=True):
    """One of `GET …/protected_tags`."""

    name: str
    create_access_levels: list[GitLabAccessLevel] | UnsetType | None = UNSET


class GitLabVersionOfServer(OriginalStruct, frozen=True, kw_only=True):
    """`GET /version`: `17.5.1-ee`."""

    version: str
