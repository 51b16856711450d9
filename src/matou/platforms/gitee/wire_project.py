"""Who works on a repository and what is set for it, as Gitee's API v5 writes it. Sources as in `wire_issues`."""

from msgspec import UNSET, UnsetType

from matou.platforms.base.wire_struct import OriginalStruct
from matou.platforms.gitee.wire_issues import GiteeUserBasic
from matou.platforms.gitee.wire_v3 import Moment
from matou.platforms.gitee.wire_v5 import GiteeBranchTip, GiteePermission


class GiteeProjectMember(GiteeUserBasic, frozen=True, kw_only=True):
    """One of `GET …/collaborators`."""

    permissions: GiteePermission | UnsetType | None = UNSET


class GiteeHook(OriginalStruct, frozen=True, kw_only=True):
    """One of `GET …/hooks`. `password` is the secret, which no record holds; `result` is what the last call gave."""

    id: int
    url: str
    created_at: Moment | UnsetType | None = UNSET
    password: str | UnsetType | None = UNSET
    project_id: int | UnsetType | None = UNSET
    result: str | UnsetType | None = UNSET
    result_code: int | UnsetType | None = UNSET
    push_events: bool | UnsetType | None = UNSET
    tag_push_events: bool | UnsetType | None = UNSET
    issues_events: bool | UnsetType | None = UNSET
    note_events: bool | UnsetType | None = UNSET
    merge_requests_events: bool | UnsetType | None = UNSET
    title: str | UnsetType | None = UNSET


class GiteeProtectedBranch(OriginalStruct, frozen=True, kw_only=True):
    """One of `GET …/branches`, read for whether it is protected."""

    name: str
    commit: GiteeBranchTip | UnsetType | None = UNSET
    protected: bool | UnsetType | None = UNSET
    protection_url: str | UnsetType | None = UNSET
