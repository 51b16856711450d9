"""What a project at CODING plans with: iterations, versions, fields of issues; read and written as `wire` is."""

from typing import ClassVar

from msgspec import UNSET, UnsetType, field

from matou.platforms.coding.wire import CodingStruct, Milliseconds, Response, Rows
from matou.platforms.coding.wire_issues import IssueIteration

UNSET_DAY = Milliseconds(-28_800_000)
"""What stands where an iteration has no such day: the start of 1970 in China."""


class CodingIteration(CodingStruct, kw_only=True):
    """`status`: WAIT_PROCESS, PROCESSING or COMPLETED. People are ids, 0 for nobody."""

    keeps_original: ClassVar[bool] = True

    code: int
    name: str = ""
    goal: str = ""
    status: str = ""
    start_at: Milliseconds = UNSET_DAY
    end_at: Milliseconds = UNSET_DAY
    assignee: int = 0
    creator: int = 0
    starter: int = 0
    completer: int = 0
    wait_process_count: int = 0
    processing_count: int = 0
    completed_count: int = 0
    completed_percent: float = 0.0
    created_at: Milliseconds = Milliseconds(0)
    updated_at: Milliseconds = Milliseconds(0)


class IterationPage(Rows, kw_only=True):
    rows: list[CodingIteration] = field(name="List")
    total_row: int


class CodingVersion(CodingStruct, kw_only=True):
    """A version that a project plans to bring out: no git release. `status` is in the team's own words."""

    keeps_original: ClassVar[bool] = True

    id: int = 0
    code: int
    name: str = ""
    description: str = ""
    status: str = ""
    project_id: int = 0
    assignee: int = 0
    creator: int = 0
    start_date: Milliseconds = Milliseconds(0)
    release_date: Milliseconds = Milliseconds(0)
    created_at: Milliseconds = Milliseconds(0)
    updated_at: Milliseconds = Milliseconds(0)
    iterations: list[IssueIteration] = field(default_factory=list)
    wait_process_count: int = 0
    processing_count: int = 0
    completed_count: int = 0
    completed_percent: float = 0.0


class VersionPage(Rows, kw_only=True):
    page_number: int = 0
    page_size: int = 0
    total_page: int = 0
    total_count: int = 0
    rows: list[CodingVersion] = field(name="List")


class IssueFieldOption(CodingStruct, kw_only=True):
    icon: str = ""
    sort: int = 0
    title: str = ""
    value: str = ""


class IssueField(CodingStruct, kw_only=True):
    """A field that issues have; `component_type` says how `IssueCustomField.value_string` is to be read."""

    id: int
    team_id: int = 0
    name: str = ""
    type: str = ""
    component_type: str = ""
    description: str = ""
    icon_url: str = ""
    unit: str = ""
    options: list[IssueFieldOption] = field(default_factory=list)
    required: bool = False
    selectable: bool = False
    editable: bool = False
    deletable: bool = False
    sortable: bool = False
    created_by: int = 0
    created_at: Milliseconds = Milliseconds(0)
    updated_at: Milliseconds = Milliseconds(0)


class ProjectIssueField(CodingStruct, kw_only=True):
    """A field as one type of issues has it in one project."""

    keeps_original: ClassVar[bool] = True

    issue_field_id: int
    issue_type: str = ""
    issue_field: IssueField | UnsetType = UNSET
    required: bool = False
    need_default: bool = False
    value_string: str = ""
    created_at: Milliseconds = Milliseconds(0)
    updated_at: Milliseconds = Milliseconds(0)


class IterationsResponse(Response, kw_only=True):
    data: IterationPage


class VersionsResponse(Response, kw_only=True):
    data: VersionPage


class VersionsOfIssueResponse(Response, kw_only=True):
    release_list: list[CodingVersion]


class IssueFieldsResponse(Response, kw_only=True):
    project_issue_field_list: list[ProjectIssueField]
