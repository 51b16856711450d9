"""What a migration asks of CODING's Open API to write what people said. See `wire_requests`."""

from typing import ClassVar

from msgspec import UNSET, UnsetType

from matou.platforms.coding import wire_issues, wire_writing
from matou.platforms.coding.wire_requests import Request

MISSION = "MISSION"
"""Of the five types of issues the one that every project has, and that has no rules of its own."""

NO_PARENT = 0


class CreateIssue(Request, kw_only=True):
    """`priority`: "0" (low) to "3" (urgent)."""

    answer: ClassVar = wire_issues.IssueResponse
    project_name: str
    type: str
    name: str
    priority: str
    description: str
    label_ids: list[int] | UnsetType = UNSET
    iteration_code: int = 0


class ModifyIssue(Request, kw_only=True):
    """What is not named stays. `update_label_ids` are all that it is to have."""

    answer: ClassVar = wire_issues.IssueResponse
    project_name: str
    issue_code: int
    name: str | UnsetType = UNSET
    update_label_ids: list[int] | UnsetType = UNSET
    iteration_code: int | UnsetType = UNSET
    status_id: int | UnsetType = UNSET


class ModifyIssueDescription(Request, kw_only=True):
    project_name: str
    issue_code: int
    description: str


class CreateWiki(Request, kw_only=True):
    """A page; `parent_iid` is 0 at the top. `content` is Markdown of at most 50,000 characters."""

    project_name: str
    title: str
    content: str
    parent_iid: int


class ModifyWiki(Request, kw_only=True):
    project_name: str
    iid: int
    title: str
    content: str


class CreateIssueComment(Request, kw_only=True):
    """It answers nothing of what it made."""

    project_name: str
    issue_code: int
    content: str
    parent_id: int


class ModifyIssueComment(Request, kw_only=True):
    project_name: str
    issue_code: int
    comment_id: int
    content: str


class CreateProjectLabel(Request, kw_only=True):
    """`color`: six hexadecimal digits with a mark before them."""

    project_id: int
    name: str
    color: str


class CreateIteration(Request, kw_only=True):
    """Days are written `2020-01-01`."""

    answer: ClassVar = wire_writing.IterationResponse
    project_name: str
    name: str
    goal: str = ""
    end_at: str = ""


class ModifyIterationStatus(Request, kw_only=True):
    """`operator`: start, which wants `start_at`; complete, which wants `end_at`; restart."""

    project_name: str
    iteration_code: int
    operator: str
    start_at: str = ""
    end_at: str = ""


class CreateGitMergeRequest(Request, kw_only=True):
    answer: ClassVar = wire_writing.CreatedMergeRequestResponse
    depot_id: int
    title: str
    content: str
    src_branch: str
    dest_branch: str


class ModifyGitMergeRequest(Request, kw_only=True):
    depot_id: int
    merge_id: int
    title: str | UnsetType = UNSET
    content: str | UnsetType = UNSET


class ModifyCloseMR(Request, kw_only=True):
    """The name is the vendor's."""

    depot_id: int
    merge_id: int


class CreateMergeRequestNote(Request, kw_only=True):
    answer: ClassVar = wire_writing.CreatedNoteResponse
    depot_path: str
    merge_id: int
    content: str
    parent_id: int


class CreateGitRelease(Request, kw_only=True):
    """It answers nothing of what it made."""

    depot_id: int
    tag_name: str
    commit_sha: str
    target_commit_branch: str
    title: str
    description: str
    pre: bool


class ModifyGitRelease(Request, kw_only=True):
    depot_id: int
    release_id: int
    tag_name: str
    description: str


class DescribePreSignUploadUrl(Request, kw_only=True):
    """`folder_type`: 1 for what issues name; it makes nothing yet."""

    answer: ClassVar = wire_writing.PresignedUploadResponse
    project_name: str
    file_name: str
    content_type: str
    folder_id: int
    folder_type: int


class CreateFile(Request, kw_only=True):
    answer: ClassVar = wire_writing.CreatedFileResponse
    auth_token: str
    storage_key: str
