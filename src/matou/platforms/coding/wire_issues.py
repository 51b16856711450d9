"""CODING's issues of every type, their comments, files and status changes; read and written as `wire` is.

A row of a list lacks what only the detail has: files, watchers, sub-tasks, links, and people beyond their ids.
"""

from typing import ClassVar

from msgspec import UNSET, UnsetType, field

from matou.platforms.coding.wire import CodingProject, CodingStruct, Milliseconds, Response, Rows


class CodingUser(CodingStruct, kw_only=True):
    """A person as issues and wikis name them; `id` is 0 for nobody. `status`: as of a `CodingMember`."""

    id: int
    status: int = 1
    avatar: str = ""
    name: str = ""
    email: str = ""
    team_id: int = 0
    phone: str = ""
    global_key: str = ""
    team_global_key: str = ""


class IssueIteration(CodingStruct, kw_only=True):
    """`status`: WAIT_PROCESS, PROCESSING or COMPLETED."""

    code: int = 0
    id: int = 0
    name: str = ""
    status: str = ""


class IssueLabel(CodingStruct, kw_only=True):
    id: int = 0
    name: str = ""
    color: str = ""


class IssueTypeDetail(CodingStruct, kw_only=True):
    """A team makes types of its own; `issue_type` is which of the five that one is."""

    id: int = 0
    name: str = ""
    issue_type: str = ""
    description: str = ""
    is_system: bool = False


class IssueCustomField(CodingStruct, kw_only=True):
    """`value_string` is a text, or JSON in one, as the field's component says: see `IssueField`."""

    id: int = 0
    name: str = ""
    value_string: str = ""


class IssueRow(CodingStruct, kw_only=True):
    """A row of a list; `type` is DEFECT, REQUIREMENT, MISSION, EPIC or SUB_TASK, `priority` "0" (low) to "3" or ""."""

    keeps_original: ClassVar[bool] = True

    code: int
    type: str = ""
    issue_type_id: int = 0
    issue_type_detail: IssueTypeDetail = field(default_factory=IssueTypeDetail)
    name: str = ""
    description: str = ""
    issue_status_id: int = 0
    issue_status_name: str = ""
    issue_status_type: str = ""
    priority: str = ""
    assignee_id: int = 0
    assignees: list[CodingUser] = field(default_factory=list)
    creator_id: int = 0
    parent_type: str = ""
    parent_id: int = 0
    parent_code: int = 0
    iteration_id: int = 0
    iteration: IssueIteration = field(default_factory=IssueIteration)
    start_date: Milliseconds = Milliseconds(0)
    due_date: Milliseconds = Milliseconds(0)
    working_hours: float = 0.0
    story_point: str = ""
    created_at: Milliseconds = Milliseconds(0)
    updated_at: Milliseconds = Milliseconds(0)
    completed_at: Milliseconds = Milliseconds(0)
    custom_fields: list[IssueCustomField] = field(default_factory=list)
    labels: list[IssueLabel] = field(default_factory=list)


class IssueListPage(Rows, kw_only=True):
    page_number: int = 0
    page_size: int = 0
    total_page: int = 0
    total_count: int
    rows: list[IssueRow] = field(name="List")


class RelatedIssue(CodingStruct, kw_only=True):
    """What stands above an issue (`code` is 0 for nothing), below it, or blocks it."""

    code: int = 0
    type: str = ""
    name: str = ""
    issue_status_id: int = 0
    issue_status_name: str = ""
    issue_status_type: str = ""
    priority: str = ""
    assignee: CodingUser | UnsetType = UNSET
    issue_type_detail: IssueTypeDetail | UnsetType = UNSET


class IssueFile(CodingStruct, kw_only=True):
    """`url` is signed and good for an hour. `type`: 1 text, 2 picture, 3 binary, 4 SVG."""

    file_id: int
    name: str = ""
    size: int = 0
    type: int = 0
    url: str = ""


class IssueThirdLink(CodingStruct, kw_only=True):
    id: int = 0
    link: str = ""
    third_type: str = ""
    title: str = ""


class DefectType(CodingStruct, kw_only=True):
    id: int = 0
    name: str = ""
    icon_url: str = ""


class NamedById(CodingStruct, kw_only=True):
    """A module of a project, or a type of requirements; `id` is 0 for none."""

    id: int = 0
    name: str = ""


class IssueDetail(CodingStruct, kw_only=True):
    """One issue with all that is said of it."""

    keeps_original: ClassVar[bool] = True

    epic: RelatedIssue = field(default_factory=RelatedIssue)
    parent_type: str = ""
    code: int
    type: str = ""
    name: str = ""
    description: str = ""
    iteration_id: int = 0
    iteration: IssueIteration = field(default_factory=IssueIteration)
    issue_status_id: int = 0
    issue_status_name: str = ""
    issue_status_type: str = ""
    issue_type_id: int = 0
    issue_type_detail: IssueTypeDetail = field(default_factory=IssueTypeDetail)
    priority: str = ""
    assignee: CodingUser | UnsetType = UNSET
    assignees: list[CodingUser] = field(default_factory=list)
    start_date: Milliseconds = Milliseconds(0)
    due_date: Milliseconds = Milliseconds(0)
    working_hours: float = 0.0
    creator: CodingUser | UnsetType = UNSET
    story_point: str = ""
    created_at: Milliseconds = Milliseconds(0)
    updated_at: Milliseconds = Milliseconds(0)
    completed_at: Milliseconds = Milliseconds(0)
    project_module: NamedById = field(default_factory=NamedById)
    watchers: list[CodingUser] = field(default_factory=list)
    labels: list[IssueLabel] = field(default_factory=list)
    files: list[IssueFile] = field(default_factory=list)
    requirement_type: NamedById = field(default_factory=NamedById)
    defect_type: DefectType = field(default_factory=DefectType)
    custom_fields: list[IssueCustomField] = field(default_factory=list)
    third_links: list[IssueThirdLink] = field(default_factory=list)
    sub_tasks: list[RelatedIssue] = field(default_factory=list)
    parent: RelatedIssue = field(default_factory=RelatedIssue)
    project: CodingProject | UnsetType = UNSET


class IssueComment(CodingStruct, kw_only=True):
    """`raw_content` is what was typed, `content` the HTML made of it; `parent_id` is 0 where it is no answer."""

    keeps_original: ClassVar[bool] = True

    comment_id: int
    parent_id: int = 0
    content: str = ""
    raw_content: str = ""
    creator_id: int = 0
    created_at: Milliseconds = Milliseconds(0)
    updated_at: Milliseconds = Milliseconds(0)
    file_id: list[int] = field(default_factory=list)


class IssueStatus(CodingStruct, kw_only=True):
    """`type`: PROCESSING, COMPLETED, or a word for what nobody has begun."""

    id: int = 0
    index: int = 0
    name: str = ""
    type: str = ""
    description: str = ""
    is_system: bool = False
    created_at: Milliseconds = Milliseconds(0)
    updated_at: Milliseconds = Milliseconds(0)


class IssueStatusChange(CodingStruct, kw_only=True):
    """What an issue's status became; who changed it is not said."""

    keeps_original: ClassVar[bool] = True

    issue_code: int
    status_id: int = 0
    status_name: str = ""
    issue_status: IssueStatus | UnsetType = UNSET
    created_at: Milliseconds = Milliseconds(0)


class IssueStatusChanges(CodingStruct, kw_only=True):
    """Null where none ever changed."""

    rows: list[IssueStatusChange] = field(default_factory=list, name="List")


class IssueWorkLog(CodingStruct, kw_only=True):
    keeps_original: ClassVar[bool] = True

    id: int
    issue_code: int
    issue_id: int = 0
    project_name: str = ""
    user_id: int = 0
    record_hours: float = 0.0
    remaining_hours: float = 0.0
    working_desc: str = ""
    start_at: Milliseconds = Milliseconds(0)
    created_at: Milliseconds = Milliseconds(0)
    updated_at: Milliseconds = Milliseconds(0)


class IssuePageResponse(Response, kw_only=True):
    data: IssueListPage


class IssueListResponse(Response, kw_only=True):
    issue_list: list[IssueRow]


class IssueResponse(Response, kw_only=True):
    issue: IssueDetail


class IssueCommentsResponse(Response, kw_only=True):
    comment_list: list[IssueComment]


class IssueStatusChangesResponse(Response, kw_only=True):
    logs: IssueStatusChanges


class IssueWorkLogsResponse(Response, kw_only=True):
    work_logs: list[IssueWorkLog]


class RelatedIssuesResponse(Response, kw_only=True):
    issues: list[RelatedIssue]


class ResourceReference(CodingStruct, kw_only=True):
    """What an issue names: `resource_type` is Defect, Wiki, MergeRequestBean, Commit, ExternalLink and so on.

    `resource_code` is the number that people see, where there is one.
    """

    keeps_original: ClassVar[bool] = True

    project_id: int = 0
    project_name: str = ""
    resource_code: int = 0
    resource_id: int = 0
    resource_name: str = ""
    resource_status: str = ""
    resource_type: str = ""


class ReferencesResponse(Response, kw_only=True):
    data: list[ResourceReference]


class IssueFileUrlResponse(Response, kw_only=True):
    """Signed addresses in the order of the texts that show the pictures, and of the files."""

    url: str = ""
    attachment_file_url: list[str] = field(default_factory=list)
    description_image_url: list[str] = field(default_factory=list)
    comment_image_url: list[str] = field(default_factory=list)
