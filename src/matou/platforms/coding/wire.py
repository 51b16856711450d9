"""What CODING's Open API answers, in its own words and in both directions: our client reads it, our server writes it.

Source: the vendor's OpenAPI document of 2026-04-08. A key that it marks nullable is read as "" or 0 where it is null,
and is never null in what we write. docs/reference/coding-open-api.md tells which samples deviate and how they are read.
"""

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import ClassVar, NewType, TypeVar

import msgspec
from msgspec import UNSET, UnsetType, field

from matou.http.withholding import unknown_shape
from matou.platforms.base.decoder import Decoder, Unreadable, integer, text, truth_of
from matou.platforms.coding.errors import Error, failure_of

CHINA = timezone(timedelta(hours=8))

Milliseconds = NewType("Milliseconds", int)
"""Since 1970-01-01 in UTC; 0 where CODING does not know, or where it never happened."""

WholeNumber = NewType("WholeNumber", int)
"""One that the vendor's sample of DescribeTestCaseList writes as `53.0`."""

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")


def _milliseconds_or_day(value: object) -> Milliseconds:
    """The vendor's sample of DescribeMyDepots has "LastPushAt": "2020-09-22"; its clock is China's."""
    if isinstance(value, str) and _DAY.match(value):
        return Milliseconds(int(datetime.fromisoformat(value).replace(tzinfo=CHINA).timestamp()) * 1000)
    return Milliseconds(integer(value))


def _whole_number(value: object) -> WholeNumber:
    return WholeNumber(int(value) if isinstance(value, float) and value.is_integer() else integer(value))


DECODER = Decoder(
    "coding",
    scalars={
        str: text,
        int: integer,
        bool: truth_of({"true": True, "false": False}),
        Milliseconds: _milliseconds_or_day,
        WholeNumber: _whole_number,
    },
    empty_is_absent=True,
)
"""What is tolerated, each because a real answer or a real client does it (docs/reference/coding-open-api.md): a number
in quotes, `""` and null for "not there", `"true"` and `"false"`, a day in place of milliseconds, keys that nobody
knows."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class CodingStruct(msgspec.Struct, rename="pascal", kw_only=True, dict=True):
    """An object whose keys are the attributes' names in UpperCamelCase."""

    holds_rows: ClassVar[bool] = False
    """Whether its lists and objects are what was asked for, so that none may be left out or taken for empty."""


class Rows(CodingStruct, kw_only=True):
    holds_rows: ClassVar[bool] = True


class Response(Rows, kw_only=True):
    """What stands below `Response`; this form alone is what an action answers that has nothing to tell."""

    request_id: str = ""


class ErrorResponse(Response, kw_only=True):
    error: Error


class CurrentUser(CodingStruct, kw_only=True):
    id: int
    status: int = 1
    email: str = ""
    global_key: str = ""
    avatar: str = ""
    gravatar: str = ""
    name: str = ""
    name_pin_yin: str = ""
    phone: str = ""
    phone_validation: int = 0
    email_validation: int = 0
    phone_region_code: str = ""
    region: str = ""
    team_id: int = 0
    we_com_id: str = ""


class CodingRole(CodingStruct, kw_only=True):
    role_type: str = ""
    role_id: int = 0
    role_type_name: str = ""


class DepartmentRef(CodingStruct, kw_only=True):
    assignee: bool = False
    department_id: int = 0
    department_member_id: int = 0
    department_name: str = ""
    describe_id: str = ""
    pointer: bool = False


class DepartmentMember(CodingStruct, kw_only=True):
    ref_id: int = 0
    third_party_id: str = ""
    third_party_name: str = ""
    third_party_avatar: str = ""
    refs: list[DepartmentRef] = field(default_factory=list)


class CodingMember(CodingStruct, kw_only=True):
    """A member of a team or of a project, and a team's owner.

    `status`: 1 active, 0 not activated, -1 locked, -2 locked by failed log-ins, -3 left.
    """

    keeps_original: ClassVar[bool] = True

    id: int
    team_id: int = 0
    name: str = ""
    name_pin_yin: str = ""
    avatar: str = ""
    email: str = ""
    phone: str = ""
    email_validation: int = 0
    phone_validation: int = 0
    status: int = 1
    global_key: str = ""
    roles: list[CodingRole] = field(default_factory=list)
    unique_ext_field: str = ""
    department_member: DepartmentMember | UnsetType = UNSET


class Team(CodingStruct, kw_only=True):
    """`team_host` carries the scheme: `https://team.coding.net`; where it is empty, a team is known by its name."""

    id: int
    name: str = ""
    name_pin_yin: str = ""
    avatar: str = ""
    team_host: str = ""
    is_verification: bool = False
    team_owner: CodingMember | UnsetType = UNSET


class TeamMemberData(Rows, kw_only=True):
    page_number: int = 0
    page_size: int = 0
    total_count: int
    team_members: list[CodingMember] = field(default_factory=list)


class ProjectMemberData(Rows, kw_only=True):
    page_number: int = 0
    page_size: int = 0
    total_count: int
    project_members: list[CodingMember] = field(default_factory=list)


class CodingProject(CodingStruct, kw_only=True):
    """`name` is its part of a URL, `display_name` free text. `type`: 0 programme, 1 public, 2 private."""

    id: int
    created_at: Milliseconds = Milliseconds(0)
    updated_at: Milliseconds = Milliseconds(0)
    status: int = 1
    type: int = 2
    max_member: int = 0
    name: str
    display_name: str = ""
    description: str = ""
    icon: str = ""
    team_owner_id: int = 0
    user_owner_id: int = 0
    start_date: Milliseconds = Milliseconds(0)
    end_date: Milliseconds = Milliseconds(0)
    team_id: int = 0
    is_demo: bool = False
    archived: bool = False
    program_ids: list[int] = field(default_factory=list)


class ProjectsData(Rows, kw_only=True):
    """`page_size` is the number of rows in this answer, not what was asked for."""

    page_number: int = 0
    page_size: int = 0
    total_count: int
    project_list: list[CodingProject] = field(default_factory=list)


class CodingLabel(CodingStruct, kw_only=True):
    keeps_original: ClassVar[bool] = True

    id: int
    project_id: int = 0
    name: str
    color: str = ""
    creator_id: int = 0


class Depot(CodingStruct, kw_only=True):
    """`default_branch` is empty in lists. `vcs_type` and `repo_type` say the same: git or svn."""

    id: int
    name: str
    https_url: str = ""
    project_id: int
    ssh_url: str = ""
    web_url: str = ""
    vcs_type: str = ""
    project_name: str = ""
    description: str = ""
    created_at: Milliseconds = Milliseconds(0)
    last_push_at: Milliseconds = Milliseconds(0)
    group_id: int = 0
    group_name: str = ""
    group_type: str = ""
    default_branch: str = ""
    repo_type: str = ""
    is_shared: bool = False


class CodingPage(Rows, kw_only=True):
    page_number: int = 0
    page_size: int = 0
    total_page: int = 0
    total_row: int


class DepotData(Rows, kw_only=True):
    depots: list[Depot] = field(default_factory=list)
    page: CodingPage | UnsetType = UNSET


class UserResponse(Response, kw_only=True):
    user: CurrentUser


class TeamResponse(Response, kw_only=True):
    data: Team


class TeamMembersResponse(Response, kw_only=True):
    data: TeamMemberData


class ProjectMembersResponse(Response, kw_only=True):
    data: ProjectMemberData


class ProjectsResponse(Response, kw_only=True):
    data: ProjectsData


class ProjectListResponse(Response, kw_only=True):
    project_list: list[CodingProject] = field(default_factory=list)


class ProjectResponse(Response, kw_only=True):
    project: CodingProject


class LabelsResponse(Response, kw_only=True):
    labels: list[CodingLabel] = field(default_factory=list)


class DepotsResponse(Response, kw_only=True):
    depot_data: DepotData


class MyDepotsResponse(Response, kw_only=True):
    payload: DepotData


class DepotResponse(Response, kw_only=True):
    depot: Depot


class RenamedDepotResponse(Response, kw_only=True):
    depot_info: Depot | UnsetType = UNSET


class CreatedProjectResponse(Response, kw_only=True):
    project_id: int


class CreatedDepotResponse(Response, kw_only=True):
    depot_id: int


R = TypeVar("R", bound=Response)


def encode_response(response: Response) -> bytes:
    """The body of an answer, a failure's too; the caller has set `request_id`."""
    return msgspec.json.encode({"Response": response})


def decode_response(kind: type[R], body: bytes, *, unreadable: Unreadable | None = None) -> R:
    """Read the body of an answer of status 200.

    Args:
        kind: what the action answers.
        body: as received.
        unreadable: see `Decoder.read`.

    Raises:
        AnswerBrokeOff: the JSON ends in the middle.
        UnknownShape: it is not what the documentation says.
        MatouError: the answer is a failure; of the kind that `errors.failure_of` tells.
    """
    envelope = DECODER.parse(body)
    inner = envelope.get("Response") if isinstance(envelope, dict) else None
    if not isinstance(inner, dict):
        raise unknown_shape("coding Response", envelope)
    if inner.get("Error") is not None:
        raise failure_of(DECODER.read(ErrorResponse, inner, is_lenient=False).error)
    return DECODER.read(kind, inner, unreadable=unreadable)


def moment(milliseconds: Milliseconds) -> datetime | None:
    """None for 0, and for what lies outside of the years 1 to 9999."""
    if milliseconds == 0:
        return None
    try:
        return EPOCH + timedelta(milliseconds=milliseconds)
    except OverflowError:
        return None


def milliseconds(time: datetime | None) -> Milliseconds:
    """0 for None; what is smaller than a millisecond is cut off."""
    return Milliseconds(0 if time is None else (time - EPOCH) // timedelta(milliseconds=1))
