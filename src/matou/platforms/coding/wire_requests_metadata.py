"""What CODING's Open API is asked for what lies around the code; as `wire_requests`. All of it only reads."""

from collections.abc import Mapping
from typing import ClassVar

import msgspec

from matou.platforms.coding import wire_issues, wire_merges, wire_pages, wire_planning, wire_settings
from matou.platforms.coding.wire_requests import OfDepot, Paged, PagedOfDepot, Request

ALL_TYPES = "ALL"
"""Issues of every type; sub-tasks come with them where `show_sub_issues` is said."""


class IssueCondition(msgspec.Struct, rename="pascal", kw_only=True, omit_defaults=True):
    """Of a time the value is a closed range, by China's clock: `2020-08-01_2020-08-31`; `12:00:00` may follow a day."""

    key: str
    value: str = ""
    const_value: str = ""
    custom_field_id: int = 0
    custom_field_name: str = ""


class OfProject(Request, kw_only=True):
    project_name: str


class OfIssue(OfProject, kw_only=True):
    issue_code: int


class DescribeIssueListWithPage(OfProject, kw_only=True):
    """At most 500 rows a page. `conditions` is one object here, and a list in `DescribeIssueList`."""

    answer: ClassVar = wire_issues.IssuePageResponse
    issue_type: str
    page_number: int
    page_size: int
    sort_key: str = ""
    sort_value: str = ""
    show_sub_issues: bool = False
    exclude_sub_task: bool = False
    show_image_out_url: bool = False
    conditions: IssueCondition | None = None


class DescribeIssueList(OfProject, kw_only=True):
    answer: ClassVar = wire_issues.IssueListResponse
    issue_type: str
    offset: int = 0
    limit: int = 0
    sort_key: str = ""
    sort_value: str = ""
    show_image_out_url: bool = False
    conditions: list[IssueCondition] = msgspec.field(default_factory=list)


class DescribeIssue(OfIssue, kw_only=True):
    answer: ClassVar = wire_issues.IssueResponse
    show_image_out_url: bool = False


class DescribeIssueCommentList(OfIssue, kw_only=True):
    answer: ClassVar = wire_issues.IssueCommentsResponse
    show_file_id: bool = False


class DescribeIssueStatusChangeLogList(OfProject, kw_only=True):
    """Many issues at once."""

    answer: ClassVar = wire_issues.IssueStatusChangesResponse
    issue_code: list[int]


class DescribeIssueFileUrl(OfProject, kw_only=True):
    """Of one file by `file_id`, or of all pictures and files of an issue by `issue_code`."""

    answer: ClassVar = wire_issues.IssueFileUrlResponse
    file_id: int
    issue_code: int = 0
    query_comment: bool = False


class DescribeBlockIssueList(OfIssue, kw_only=True):
    """Which issues this one blocks."""

    answer: ClassVar = wire_issues.RelatedIssuesResponse


class DescribeBlockedByIssueList(OfIssue, kw_only=True):
    answer: ClassVar = wire_issues.RelatedIssuesResponse


class DescribeRequirementDefectRelation(OfProject, kw_only=True):
    """Which defects belong to a requirement."""

    answer: ClassVar = wire_issues.RelatedIssuesResponse
    requirement_code: int


class DescribeIssueReferenceResources(OfIssue, kw_only=True):
    """What an issue names: other issues, also of other projects, pages, merge requests, commits, test cases."""

    answer: ClassVar = wire_issues.ReferencesResponse
    project_id: int


class DescribeIssueReleaseList(OfIssue, kw_only=True):
    """The versions that an issue belongs to."""

    answer: ClassVar = wire_planning.VersionsOfIssueResponse


class DescribeAllProjectsIssueWorkLogList(Request, kw_only=True):
    """Of the whole team, or of a project. At most 1000 rows."""

    answer: ClassVar = wire_issues.IssueWorkLogsResponse
    project_name: str = ""
    limit: int = 0
    offset: int = 0
    user_id: int = 0
    start_at: int = 0
    end_at: int = 0


class DescribeIterationList(OfProject, kw_only=True):
    answer: ClassVar = wire_planning.IterationsResponse
    status: list[str] = msgspec.field(default_factory=list)
    assignee: list[int] = msgspec.field(default_factory=list)
    limit: int = 0
    offset: int = 0


class DescribeReleaseList(OfProject, kw_only=True):
    """A project's versions. The page is `Page` here, not `PageNumber`."""

    answer: ClassVar = wire_planning.VersionsResponse
    page: int = 0
    page_size: int = 0
    sort_key: str = ""
    sort_value: str = ""
    conditions: list[IssueCondition] = msgspec.field(default_factory=list)


class DescribeProjectIssueFieldList(OfProject, kw_only=True):
    answer: ClassVar = wire_planning.IssueFieldsResponse
    issue_type: str
    issue_type_id: int = 0


class DescribeDepotMergeRequests(PagedOfDepot, kw_only=True):
    """`status`: OPEN, CLOSE, ACCEPTED or ALL; `sort`: created_at, merged_at or action_at. Times are China's."""

    answer: ClassVar = wire_merges.MergeRequestsResponse
    status: str = ""
    sort: str = ""
    is_sort_direction_asc: bool = False
    created_at_start_date: str = ""
    created_at_end_date: str = ""
    updated_at_start_date: str = ""
    updated_at_end_date: str = ""
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


class DescribeAllMergeRequestNotes(Request, kw_only=True):
    """Of a whole depot, thread by thread; how many there are is not said. A range is one of when they were written."""

    answer: ClassVar = wire_merges.MergeRequestNotesResponse
    depot_path: str
    page_number: int
    page_size: int
    merge_ids: list[int] = msgspec.field(default_factory=list)
    mr_statuses: list[str] = msgspec.field(default_factory=list)
    reporter_ids: list[int] = msgspec.field(default_factory=list)
    created_at_start_date: str = ""
    created_at_end_date: str = ""


class DescribeWikiList(OfProject, kw_only=True):
    answer: ClassVar = wire_pages.WikiTreeResponse


class DescribeWiki(OfProject, kw_only=True):
    answer: ClassVar = wire_pages.WikiVersionResponse
    iid: int
    version_id: int


class DescribeProjectAnnouncements(OfProject, kw_only=True):
    answer: ClassVar = wire_pages.AnnouncementsResponse
    page_number: int
    page_size: int


class DescribeBranchProtections(OfDepot, kw_only=True):
    answer: ClassVar = wire_settings.BranchProtectionsResponse


class DescribeBranchProtectionMembers(OfDepot, kw_only=True):
    answer: ClassVar = wire_settings.BranchProtectionMembersResponse
    branch_protection_id: int


class DescribeGitProtectedTags(OfDepot, kw_only=True):
    answer: ClassVar = wire_settings.ProtectedTagsResponse


class DescribeServiceHooks(Paged, kw_only=True):
    """`target_type`: PROJECT, SPACE_NODE or PROGRAM."""

    answer: ClassVar = wire_settings.ServiceHooksResponse
    project_id: int
    target_type: str
    creator_by: list[int] = msgspec.field(default_factory=list)
    enabled: str = ""
    event: list[str] = msgspec.field(default_factory=list)
    name: str = ""
    service: list[str] = msgspec.field(default_factory=list)
    status: str = ""


class DescribeProjectMemberPrincipals(Paged, kw_only=True):
    answer: ClassVar = wire_settings.PrincipalsResponse
    project_id: int
    keyword: str = ""
    policy_id: int = 0


METADATA_ACTIONS: Mapping[str, type[Request]] = {
    request.__name__: request
    for request in (
        DescribeIssueListWithPage,
        DescribeIssueList,
        DescribeIssue,
        DescribeIssueCommentList,
        DescribeIssueStatusChangeLogList,
        DescribeIssueFileUrl,
        DescribeBlockIssueList,
        DescribeBlockedByIssueList,
        DescribeRequirementDefectRelation,
        DescribeIssueReferenceResources,
        DescribeIssueReleaseList,
        DescribeAllProjectsIssueWorkLogList,
        DescribeIterationList,
        DescribeReleaseList,
        DescribeProjectIssueFieldList,
        DescribeDepotMergeRequests,
        DescribeAllMergeRequestNotes,
        DescribeWikiList,
        DescribeWiki,
        DescribeProjectAnnouncements,
        DescribeBranchProtections,
        DescribeBranchProtectionMembers,
        DescribeGitProtectedTags,
        DescribeServiceHooks,
        DescribeProjectMemberPrincipals,
    )
}
