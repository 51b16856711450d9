"""Releases, webhooks and protections as GitCode's API v5 writes them. Sources as in `wire_issues`."""

from msgspec import UNSET, UnsetType

from matou.platforms.base.wire_struct import OriginalStruct
from matou.platforms.gitcode.wire_base import ChinaMoment
from matou.platforms.gitcode.wire_users import Person


class GitCodeReleaseFile(OriginalStruct, frozen=True, kw_only=True):
    """An attached file, or an archive that GitCode makes of the sources when asked. Nothing tells a size.

    Attributes:
        id: not of the description, but of the running API, for what was attached.
    """

    id: int | UnsetType | None = UNSET
    name: str
    browser_download_url: str
    type: str | UnsetType | None = UNSET


class GitCodeRelease(OriginalStruct, frozen=True, kw_only=True):
    """One of `GET …/releases`, known by its tag alone."""

    tag_name: str
    target_commitish: str | UnsetType | None = UNSET
    prerelease: bool | UnsetType | None = UNSET
    name: str | UnsetType | None = UNSET
    body: str | UnsetType | None = UNSET
    author: Person | UnsetType | None = UNSET
    created_at: ChinaMoment | UnsetType | None = UNSET
    assets: list[GitCodeReleaseFile] | UnsetType | None = UNSET


class GitCodeHook(OriginalStruct, frozen=True, kw_only=True):
    """One of `GET …/hooks`. `password` is the secret, which no record holds; `result` is what the last call gave."""

    id: int
    url: str
    password: str | UnsetType | None = UNSET
    project_id: int | UnsetType | None = UNSET
    result: str | UnsetType | None = UNSET
    result_code: int | UnsetType | None = UNSET
    push_events: bool | UnsetType | None = UNSET
    tag_push_events: bool | UnsetType | None = UNSET
    issues_events: bool | UnsetType | None = UNSET
    note_events: bool | UnsetType | None = UNSET
    merge_requests_events: bool | UnsetType | None = UNSET
    created_at: ChinaMoment | UnsetType | None = UNSET


class GitCodeProtectedBranch(OriginalStruct, frozen=True, kw_only=True):
    """One of `GET …/protect_branches`: who may do what, by role and by name. `name` may be a pattern."""

    name: str
    merged: bool | UnsetType | None = UNSET
    developers_can_push: bool | UnsetType | None = UNSET
    developers_can_merge: bool | UnsetType | None = UNSET
    committer_can_push: bool | UnsetType | None = UNSET
    committer_can_merge: bool | UnsetType | None = UNSET
    master_can_push: bool | UnsetType | None = UNSET
    master_can_merge: bool | UnsetType | None = UNSET
    maintainer_can_push: bool | UnsetType | None = UNSET
    maintainer_can_merge: bool | UnsetType | None = UNSET
    owner_can_push: bool | UnsetType | None = UNSET
    owner_can_merge: bool | UnsetType | None = UNSET
    no_one_can_push: bool | UnsetType | None = UNSET
    no_one_can_merge: bool | UnsetType | None = UNSET
    push_users: list[object] | UnsetType | None = UNSET
    merge_users: list[object] | UnsetType | None = UNSET
    updated_at: ChinaMoment | UnsetType | None = UNSET


class GitCodeProtectedTag(OriginalStruct, frozen=True, kw_only=True):
    """One of `GET …/protected_tags`."""

    name: str
    create_access_level: int | UnsetType | None = UNSET
    create_access_level_desc: str | UnsetType | None = UNSET
