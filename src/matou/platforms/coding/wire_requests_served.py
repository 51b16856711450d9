"""What CODING's Open API may be asked for what lies around the code, and our client does not ask; as `wire_requests`.

Some are asked by our client with fewer parameters: a server must know the others, too, so as not to pass them over.
"""

from collections.abc import Mapping
from typing import ClassVar

import msgspec

from matou.platforms.coding import wire_requests_metadata as asked
from matou.platforms.coding.wire import Response
from matou.platforms.coding.wire_requests import OfDepot, Request


class DescribeDepotMergeRequests(asked.DescribeDepotMergeRequests, kw_only=True):
    """`key_word`: words of the texts. People are named by `global_key` or by mail."""

    creator_emails: list[str] = msgspec.field(default_factory=list)
    creator_global_keys: list[str] = msgspec.field(default_factory=list)
    key_word: str = ""
    labels: list[str] = msgspec.field(default_factory=list)
    merger_emails: list[str] = msgspec.field(default_factory=list)
    merger_global_keys: list[str] = msgspec.field(default_factory=list)
    reviewer_emails: list[str] = msgspec.field(default_factory=list)
    reviewer_global_keys: list[str] = msgspec.field(default_factory=list)
    source_branches: list[str] = msgspec.field(default_factory=list)
    target_branches: list[str] = msgspec.field(default_factory=list)


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

    answer: ClassVar = asked.DescribeAllMergeRequestNotes.answer
    depot_path: str
    merge_id: int


class DescribeGitReleaseDetail(OfDepot, kw_only=True):
    """By `release_id`, or by `tag_name` where that is 0."""

    answer: ClassVar = Response
    release_id: int = 0
    tag_name: str = ""
    show_resource_url: bool = False


SERVED_ACTIONS: Mapping[str, type[Request]] = {
    request.__name__: request
    for request in (
        DescribeMergeRequest,
        DescribeMergeReqCommits,
        DescribeMergeRequestReviewers,
        DescribeSingeMergeRequestNotes,
        DescribeGitReleaseDetail,
    )
}
