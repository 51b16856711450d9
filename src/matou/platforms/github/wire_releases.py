"""Releases, members, webhooks and protected branches as GitHub's API writes them. Source as in `wire`."""

from msgspec import UNSET, UnsetType

from matou.platforms.base.wire_struct import OriginalStruct
from matou.platforms.github.wire import GitHubPermissions
from matou.platforms.github.wire_issues import GitHubUser


class GitHubAsset(OriginalStruct, frozen=True, kw_only=True):
    """A file of a release; `url` is where the API gives its bytes."""

    id: int
    url: str
    name: str
    size: int | UnsetType | None = UNSET
    download_count: int | UnsetType | None = UNSET
    browser_download_url: str
    created_at: str | UnsetType | None = UNSET
    uploader: GitHubUser | UnsetType | None = UNSET


class GitHubRelease(OriginalStruct, frozen=True, kw_only=True):
    """One of `GET …/releases`. Drafts are seen by those who may push; several may be of one tag, which is not there."""

    id: int
    tag_name: str
    target_commitish: str | UnsetType | None = UNSET
    name: str | UnsetType | None = UNSET
    body: str | UnsetType | None = UNSET
    draft: bool | UnsetType | None = UNSET
    prerelease: bool | UnsetType | None = UNSET
    author: GitHubUser | UnsetType | None = UNSET
    html_url: str | UnsetType | None = UNSET
    created_at: str | UnsetType | None = UNSET
    published_at: str | UnsetType | None = UNSET
    assets: list[GitHubAsset] | UnsetType | None = UNSET


class GitHubCollaborator(GitHubUser, frozen=True, kw_only=True):
    """One of `GET …/collaborators`. `role_name` may be one that an organization has defined."""

    permissions: GitHubPermissions | UnsetType | None = UNSET
    role_name: str | UnsetType | None = UNSET


class GitHubHookSettings(OriginalStruct, frozen=True, kw_only=True):
    """`secret` is given as asterisks; records have neither it nor the address."""

    content_type: str | UnsetType | None = UNSET
    secret: str | UnsetType | None = UNSET


class GitHubHook(OriginalStruct, frozen=True, kw_only=True):
    """One of `GET …/hooks`."""

    id: int
    name: str | UnsetType | None = UNSET
    active: bool | UnsetType | None = UNSET
    events: list[str] | UnsetType | None = UNSET
    config: GitHubHookSettings | UnsetType | None = UNSET
    created_at: str | UnsetType | None = UNSET
    updated_at: str | UnsetType | None = UNSET


class GitHubProtectedBranch(OriginalStruct, frozen=True, kw_only=True):
    """One of `GET …/branches?protected=true`; another server may not look at that."""

    name: str
    protected: bool | UnsetType | None = UNSET
