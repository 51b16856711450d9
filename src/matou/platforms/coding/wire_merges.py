"""CODING's merge requests, their reviewers and what is said about them; read and written as `wire` is."""

from typing import ClassVar

from msgspec import UNSET, UnsetType, field

from matou.platforms.coding.wire import CodingStruct, Milliseconds, Response, Rows


class CodingAuthor(CodingStruct, kw_only=True):
    """A person as merge requests name them; `status` is a word here, such as ACTIVE."""

    id: int = 0
    team_id: int = 0
    name: str = ""
    email: str = ""
    global_key: str = ""
    status: str = ""
    avatar: str = ""


class MergeRequest(CodingStruct, kw_only=True):
    """A row of a list, which has all but the conflicts of one. `merge_id` counts within the depot.

    `status`: CANMERGE, CANNOTMERGE, ACCEPTED (merged), REFUSED (closed), CANCEL, MERGING or ABNORMAL. `describe` is
    Markdown. Lists say `UpdateAt` where the detail says `UpdatedAt`.
    """

    keeps_original: ClassVar[bool] = True

    id: int = 0
    merge_id: int
    title: str = ""
    describe: str = ""
    status: str = ""
    author: CodingAuthor | UnsetType = UNSET
    action_author: CodingAuthor | UnsetType = UNSET
    action_at: Milliseconds = Milliseconds(0)
    reviewers: list[CodingAuthor] = field(default_factory=list)
    granted: int = 0
    labels: list[str] = field(default_factory=list)
    comment_count: int = 0
    source_branch: str = ""
    source_branch_sha: str = ""
    target_branch: str = ""
    target_branch_sha: str = ""
    target_branch_protected: bool = False
    base_sha: str = ""
    merge_commit_sha: str = ""
    sticking_point: str = ""
    reminded: bool = False
    depot_id: int = 0
    project_id: int = 0
    path: str = ""
    created_at: Milliseconds = Milliseconds(0)
    update_at: Milliseconds = Milliseconds(0)


class MergeRequestPage(Rows, kw_only=True):
    rows: list[MergeRequest] = field(default_factory=list, name="List")
    page_number: int = 0
    page_size: int = 0
    total_page: int = 0
    total_row: int


class MergeRequestNote(CodingStruct, kw_only=True):
    """`index` counts the lines of the difference, not of the file; without `path` it is about the whole request."""

    keeps_original: ClassVar[bool] = True

    id: int
    merge_id: int
    parent_id: int = 0
    author: CodingAuthor | UnsetType = UNSET
    content: str = ""
    commit_sha: str = ""
    path: str = ""
    index: int = 0
    created_at: Milliseconds = Milliseconds(0)
    updated_at: Milliseconds = Milliseconds(0)


class MergeRequestThread(CodingStruct, kw_only=True):
    """Notes that answer one another, or stand at the same line."""

    note: list[MergeRequestNote] = field(default_factory=list)


class MergeRequestsResponse(Response, kw_only=True):
    data: MergeRequestPage


class MergeRequestNotesResponse(Response, kw_only=True):
    notes: list[MergeRequestThread]
