"""Wiki pages of a project at CODING with their versions, and announcements; read and written as `wire` is."""

from typing import ClassVar

from msgspec import UNSET, UnsetType, field

from matou.platforms.coding.wire import CodingStruct, Milliseconds, Response
from matou.platforms.coding.wire_issues import CodingUser


class WikiNode(CodingStruct, kw_only=True):
    """A page in the tree, with its text. `iid` counts within the project; `parent_iid` is 0 at the top."""

    keeps_original: ClassVar[bool] = True

    iid: int
    id: int = 0
    title: str = ""
    content: str = ""
    parent_iid: int = 0
    order: float = 0.0
    creator: CodingUser | UnsetType = UNSET
    editor: CodingUser | UnsetType = UNSET
    is_shared: bool = False
    is_tree_shared: bool = False
    visible_range: str = ""
    created_at: Milliseconds = Milliseconds(0)
    updated_at: Milliseconds = Milliseconds(0)
    children: list["WikiNode"] = field(default_factory=list)


class WikiPageVersion(CodingStruct, kw_only=True):
    """One page as it was in one of its versions. Its times are texts of China's clock: `2020-09-22 00:00:00`."""

    keeps_original: ClassVar[bool] = True

    iid: int
    id: int = 0
    title: str = ""
    content: str = ""
    html: str = ""
    msg: str = ""
    parent_iid: int = 0
    order: int = 0
    path: str = ""
    creator: CodingUser | UnsetType = UNSET
    editor: CodingUser | UnsetType = UNSET
    created_at: str = ""
    updated_at: str = ""
    current_version: int = 0
    last_version: int = 0
    history_id: int = 0
    histories_count: int = 0
    can_maintain: bool = False
    can_read: bool = False
    parent_shared: bool = False
    parent_visible_range: str = ""
    visible_range: str = ""


class CodingAnnouncement(CodingStruct, kw_only=True):
    """Neither who wrote it nor when is said."""

    keeps_original: ClassVar[bool] = True

    id: int
    content_html: str = ""
    content_origin: str = ""


class WikiTreeResponse(Response, kw_only=True):
    data: list[WikiNode]


class WikiVersionResponse(Response, kw_only=True):
    data: WikiPageVersion


class AnnouncementsResponse(Response, kw_only=True):
    rows: list[CodingAnnouncement] = field(name="List")
    page_number: int = 0
    page_size: int = 0
    total_count: int = 0
