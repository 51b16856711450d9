"""A git release of CODING and what is attached to it; read and written as `wire` is."""

from typing import Annotated, ClassVar

from msgspec import field

from matou.platforms.base.decoder import ONE_OR_MANY
from matou.platforms.coding.wire import CodingStruct, Milliseconds, Response, Rows


class ReleaseAttachment(CodingStruct, kw_only=True):
    attachment_name: str = ""
    attachment_download_url: str = ""
    attachment_size: int = 0


class Release(CodingStruct, kw_only=True):
    """`id` is internal, `release_id` counts within the project. The vendor's own migration tool reads `iid`."""

    keeps_original: ClassVar[bool] = True

    body: str = ""
    commit_sha: str = ""
    created_at: Milliseconds = Milliseconds(0)
    creator_id: int = 0
    depot_id: int = 0
    html: str = ""
    id: int
    iid: int = field(default=0, name="iid")
    pre: bool = False
    project_id: int = 0
    release_id: int = 0
    tag_name: str = ""
    target_commit_branch: str = ""
    title: str = ""
    updated_at: Milliseconds = Milliseconds(0)
    image_download_url: list[str] = field(default_factory=list)
    release_attachment: Annotated[list[ReleaseAttachment], ONE_OR_MANY] = field(default_factory=list)


class ReleasePageList(Rows, kw_only=True):
    releases: list[Release] = field(default_factory=list)
    total_count: int


class ReleasesResponse(Response, kw_only=True):
    release_page_list: ReleasePageList
