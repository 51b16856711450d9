"""Releases and the files attached to them as Gitee's API v5 writes them. Sources as in `wire_issues`."""

from msgspec import UNSET, UnsetType

from matou.platforms.base.wire_struct import OriginalStruct
from matou.platforms.gitee.wire_issues import GiteeUserBasic
from matou.platforms.gitee.wire_v3 import Moment


class GiteeReleaseFile(OriginalStruct, frozen=True, kw_only=True):
    """One of a release's `assets`: an attached file, or an archive of the sources that Gitee makes when asked."""

    browser_download_url: str
    name: str | UnsetType | None = UNSET


class GiteeRelease(OriginalStruct, frozen=True, kw_only=True):
    """One of `GET …/releases`."""

    id: int
    tag_name: str
    target_commitish: str | UnsetType | None = UNSET
    prerelease: bool | UnsetType | None = UNSET
    name: str | UnsetType | None = UNSET
    body: str | UnsetType | None = UNSET
    author: GiteeUserBasic | UnsetType | None = UNSET
    created_at: Moment | UnsetType | None = UNSET
    assets: list[GiteeReleaseFile] | UnsetType | None = UNSET


class GiteeAttachFile(OriginalStruct, frozen=True, kw_only=True):
    """One of `GET …/releases/{id}/attach_files`, which alone tells its size."""

    id: int
    name: str
    size: int | UnsetType | None = UNSET
    uploader: GiteeUserBasic | UnsetType | None = UNSET
    browser_download_url: str | UnsetType | None = UNSET
