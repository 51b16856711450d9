"""What CODING's Open API may be asked around the code, and our client does not ask; as `wire_requests`."""

from collections.abc import Mapping
from typing import ClassVar

from matou.platforms.coding import wire_merges
from matou.platforms.coding.wire import Response
from matou.platforms.coding.wire_requests import OfDepot, Request
from matou.platforms.coding.wire_requests_metadata import OfIssue


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


SERVED_ACTIONS: Mapping[str, type[Request]] = {
    request.__name__: request
    for request in (
        DescribeMergeRequest,
        DescribeMergeReqCommits,
        DescribeMergeRequestReviewers,
        DescribeSingeMergeRequestNotes,
        DescribeGitReleaseDetail,
        DescribeSubIssueList,
    )
}
