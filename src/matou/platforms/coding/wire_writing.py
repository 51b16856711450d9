"""What CODING's Open API answers where something was written."""

from matou.platforms.coding.wire import CodingStruct, Response
from matou.platforms.coding.wire_merges import MergeRequestNote
from matou.platforms.coding.wire_planning import CodingIteration


class IterationResponse(Response, kw_only=True):
    iteration: CodingIteration


class CreatedMergeRequest(CodingStruct, kw_only=True):
    """`merge_id` counts within the depot, as everywhere."""

    merge_id: int


class CreatedMergeRequestResponse(Response, kw_only=True):
    request: CreatedMergeRequest


class CreatedNoteResponse(Response, kw_only=True):
    note: MergeRequestNote


class StatusOfIssues(CodingStruct, kw_only=True):
    """`type` is COMPLETED for what ends an issue; teams have statuses of their own, each of one of three types."""

    type: str = ""


class ProjectIssueStatus(CodingStruct, kw_only=True):
    """A status that an issue of a type can have in a project."""

    issue_status_id: int
    is_default: bool = False
    issue_status: StatusOfIssues


class IssueStatusesResponse(Response, kw_only=True):
    project_issue_status_list: list[ProjectIssueStatus]


class PresignedUpload(CodingStruct, kw_only=True):
    """Where a file is to be put. `headers` is JSON in a text; all of it is secret for as long as it holds."""

    upload_link: str
    storage_key: str
    auth_token: str
    headers: str = ""


class PresignedUploadResponse(Response, kw_only=True):
    data: PresignedUpload


class CreatedFile(CodingStruct, kw_only=True):
    id: int


class CreatedFileResponse(Response, kw_only=True):
    data: CreatedFile
