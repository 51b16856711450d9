"""What CODING's Open API may be asked around the code, and our client does not ask; as `wire_requests`."""

from collections.abc import Mapping
from typing import ClassVar

from matou.platforms.coding import wire_merges
from matou.platforms.coding.wire import Response
from matou.platforms.coding.wire_requests import OfDepot, Paged, Request
from matou.platforms.coding.wire_requests_metadata import OfIssue, OfProject


class OfMergeRequest(OfDepot, kw_only=True):
    merge_id: int


class DescribeMergeRequest(OfMergeRequest, kw_only=True):
    answer: ClassVar = Response


class DescribeMergeReqCommits(OfMergeRequest, kw_only=True):
    answer: ClassVar = Response


class DescribeMergeRequestReviewers(OfMergeRequest, kw_only=True):
    answer: ClassVar = Response


class DescribeSingeMergeRequestNotes(Request, kw_only=True):
    """The name is the vendor's."""

    answer: ClassVar = wire_merges.MergeRequestNotesResponse
    depot_path: str
    merge_id: int


class DescribeGitReleaseDetail(OfDepot, kw_only=True):
    """By `release_id`, or by `tag_name` where that is 0."""

    answer: ClassVar = Response
    release_id: int = 0
    tag_name: str = ""
    show_resource_url: bool = False


class DescribeSubIssueList(OfIssue, kw_only=True):
    """What is below an issue, which a backup knows by what names it as its parent."""

    answer: ClassVar = Response


class DescribeIssueLogList(OfIssue, kw_only=True):
    """What was done to an issue: `action_type` as UPDATE, `target` as STATUS."""

    answer: ClassVar = Response
    action_type: str
    target: str


class DescribeProjectIssueTypeList(OfProject, kw_only=True):
    answer: ClassVar = Response


class DescribeProjectIssueStatusList(OfProject, kw_only=True):
    answer: ClassVar = Response
    issue_type: str
    issue_type_id: int = 0


class DescribeIteration(OfProject, kw_only=True):
    answer: ClassVar = Response
    iteration_code: int


class DescribeProjectMergeRequests(Paged, kw_only=True):
    """As `DescribeDepotMergeRequests`, of all depots of a project, and with one of each condition."""

    answer: ClassVar = wire_merges.MergeRequestsResponse
    project_id: int
    status: str = ""
    sort: str = ""
    is_sort_direction_asc: bool = False
    created_at_start_date: str = ""
    created_at_end_date: str = ""
    updated_at_start_date: str = ""
    updated_at_end_date: str = ""
    creator_email: str = ""
    creator_global_key: str = ""
    key_word: str = ""
    label: str = ""
    merger_email: str = ""
    merger_global_key: str = ""
    reviewer_email: str = ""
    reviewer_global_key: str = ""
    source_branch: str = ""
    target_branch: str = ""


SERVED_ACTIONS: Mapping[str, type[Request]] = {
    request.__name__: request
    for request in (
        DescribeMergeRequest,
        DescribeMergeReqCommits,
        DescribeMergeRequestReviewers,
        DescribeSingeMergeRequestNotes,
        DescribeGitReleaseDetail,
        DescribeSubIssueList,
        DescribeIssueLogList,
        DescribeProjectIssueTypeList,
        DescribeProjectIssueStatusList,
        DescribeIteration,
        DescribeProjectMergeRequests,
    )
}
