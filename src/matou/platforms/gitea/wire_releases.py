"""Releases, members, webhooks and protections as Gitea's API v1 writes them. Source as in `wire`."""

from msgspec import UNSET, UnsetType

from matou.platforms.base.wire_struct import OriginalStruct
from matou.platforms.gitea.wire_issues import GiteaFile, GiteaUser


class GiteaAsset(GiteaFile, frozen=True, kw_only=True):
    """A file of a release."""

    download_count: int | UnsetType | None = UNSET


class GiteaRelease(OriginalStruct, frozen=True, kw_only=True):
    """One of `GET …/releases`. Drafts are seen by those who may push; several may be of one tag, which is not there."""

    id: int
    tag_name: str
    target_commitish: str | UnsetType | None = UNSET
    name: str | UnsetType | None = UNSET
    body: str | UnsetType | None = UNSET
    draft: bool | UnsetType | None = UNSET
    prerelease: bool | UnsetType | None = UNSET
    author: GiteaUser | UnsetType | None = UNSET
    html_url: str | UnsetType | None = UNSET
    created_at: str | UnsetType | None = UNSET
    published_at: str | UnsetType | None = UNSET
    assets: list[GiteaAsset] | UnsetType | None = UNSET


class GiteaGrant(OriginalStruct, frozen=True, kw_only=True):
    """`GET …/collaborators/{login}/permission`: owner, admin, write, read or none."""

    permission: str


class GiteaHook(OriginalStruct, frozen=True, kw_only=True):
    """One of `GET …/hooks`; records have neither its address nor what authorizes it."""

    id: int
    type: str | UnsetType | None = UNSET
    active: bool | UnsetType | None = UNSET
    events: list[str] | UnsetType | None = UNSET
    config: dict[str, object] | UnsetType | None = UNSET
    created_at: str | UnsetType | None = UNSET
    updated_at: str | UnsetType | None = UNSET


class GiteaBranchProtection(OriginalStruct, frozen=True, kw_only=True):
    """One of `GET …/branch_protections`; older servers name the branch alone."""

    rule_name: str | UnsetType | None = UNSET
    branch_name: str | UnsetType | None = UNSET
    enable_force_push: bool | UnsetType | None = UNSET
    required_approvals: int | UnsetType | None = UNSET


class GiteaTagProtection(OriginalStruct, frozen=True, kw_only=True):
    """One of `GET …/tag_protections`."""

    id: int
    name_pattern: str
