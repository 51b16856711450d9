"""What CODING's Open API is asked: one struct an action, named as the action; what it answers stands beside it.

Keys that hold their default are not written. `DepotId` and `DepotPath` are either-or, whatever the vendor's document
marks as required; a path is `project/depot` or `team/project/depot`, with a leading slash or without.
"""

from collections.abc import Mapping
from functools import cache
from typing import ClassVar, TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from matou.platforms.coding import wire, wire_contents, wire_releases
from matou.platforms.coding.wire import Response


class Request(msgspec.Struct, rename="pascal", kw_only=True, omit_defaults=True):
    """The parameters of an action."""

    answer: ClassVar[type[Response]] = Response


class Paged(Request, kw_only=True):
    """0 is "not said"; the vendor's default is page 1, and 10 rows where a page is optional."""

    page_number: int = 0
    page_size: int = 0


class OfDepot(Request, kw_only=True):
    depot_id: int = 0
    depot_path: str = ""


class PagedOfDepot(OfDepot, kw_only=True):
    page_number: int = 0
    page_size: int = 0


class DescribeCodingCurrentUser(Request, kw_only=True):
    answer: ClassVar = wire.UserResponse


class DescribeTeam(Request, kw_only=True):
    answer: ClassVar = wire.TeamResponse


class DescribeTeamMembers(Paged, kw_only=True):
    answer: ClassVar = wire.TeamMembersResponse
    show_department: bool = False


class DescribeCodingProjects(Paged, kw_only=True):
    answer: ClassVar = wire.ProjectsResponse
    project_name: str = ""


class DescribeUserProjects(Request, kw_only=True):
    answer: ClassVar = wire.ProjectListResponse
    user_id: int = 0
    project_name: str = ""


class DescribeProjectByName(Request, kw_only=True):
    answer: ClassVar = wire.ProjectResponse
    project_name: str


class DescribeOneProject(Request, kw_only=True):
    answer: ClassVar = wire.ProjectResponse
    project_id: int


class DescribeProjectMembers(Paged, kw_only=True):
    answer: ClassVar = wire.ProjectMembersResponse
    project_id: int
    role_id: int = 0


class DescribeAllProjectLabels(Request, kw_only=True):
    answer: ClassVar = wire.LabelsResponse
    project_id: int


class DescribeProjectDepotInfoList(Paged, kw_only=True):
    answer: ClassVar = wire.DepotsResponse
    project_id: int


class DescribeTeamDepotInfoList(Paged, kw_only=True):
    answer: ClassVar = wire.DepotsResponse
    project_name: str = ""
    depot_name: str = ""


class DescribeMyDepots(Paged, kw_only=True):
    answer: ClassVar = wire.MyDepotsResponse


class DescribeGitDepot(OfDepot, kw_only=True):
    answer: ClassVar = wire.DepotResponse


class DescribeGitBranches(PagedOfDepot, kw_only=True):
    answer: ClassVar = wire_contents.BranchesResponse
    key_word: str = ""


class DescribeGitBranchList(PagedOfDepot, kw_only=True):
    answer: ClassVar = wire_contents.BranchListResponse
    key_word: str = ""


class DescribeGitTags(OfDepot, kw_only=True):
    """The page is `Page` here, not `PageNumber`."""

    answer: ClassVar = wire_contents.TagsResponse
    key_word: str = ""
    page: int = 0
    page_size: int = 0


class DescribeGitCommitInfos(PagedOfDepot, kw_only=True):
    """Dates are `YYYY-MM-DD` or `YYYY-MM-DD HH:mm:ss`, in China's time."""

    answer: ClassVar = wire_contents.CommitsResponse
    ref: str
    path: str = ""
    start_date: str = ""
    end_date: str = ""
    key_word: str = ""


class DescribeGitCommitInfo(OfDepot, kw_only=True):
    answer: ClassVar = wire_contents.CommitResponse
    sha: str


class DescribeGitCommitDiff(OfDepot, kw_only=True):
    answer: ClassVar = wire_contents.CommitDiffResponse
    sha: str
    path: str = ""


class DescribeGitBranch(OfDepot, kw_only=True):
    answer: ClassVar = wire_contents.BranchResponse
    branch_name: str


class DescribeGitTag(OfDepot, kw_only=True):
    answer: ClassVar = wire_contents.TagResponse
    tag_name: str


class DescribeGitFiles(OfDepot, kw_only=True):
    answer: ClassVar = wire_contents.FilesResponse
    ref: str = ""
    path: str = ""


class DescribeGitTree(OfDepot, kw_only=True):
    answer: ClassVar = wire_contents.TreeResponse
    ref: str = ""
    path: str = ""
    is_recursive: bool = False


class DescribeGitFileContent(OfDepot, kw_only=True):
    answer: ClassVar = wire_contents.FileContentResponse
    commit_sha: str
    path: str


class DescribeGitReleases(PagedOfDepot, kw_only=True):
    """`status`: 0 all, 1 published, 2 pre-release."""

    answer: ClassVar = wire_releases.ReleasesResponse
    status: int = 0
    tag_name: str = ""
    from_date: str = ""
    to_date: str = ""
    show_resource_url: bool = False


class CreateCodingProject(Request, kw_only=True):
    """`shared`: 1 for a public project; CODING wants it said. `project_template`: CODE_HOST and four more."""

    answer: ClassVar = wire.CreatedProjectResponse
    name: str
    display_name: str
    project_template: str = ""
    shared: int | UnsetType = UNSET
    description: str = ""
    icon: str = ""


class CreateGitDepot(Request, kw_only=True):
    answer: ClassVar = wire.CreatedDepotResponse
    project_id: int
    depot_name: str
    shared: bool = False
    description: str = ""


class ModifyDepotName(OfDepot, kw_only=True):
    answer: ClassVar = wire.RenamedDepotResponse
    depot_name: str


class ModifyDepotDescription(OfDepot, kw_only=True):
    description: str = ""


class ModifyDefaultBranch(OfDepot, kw_only=True):
    branch_name: str


class ModifyGitDepotArchive(OfDepot, kw_only=True):
    pass


class ModifyGitDepotUnarchive(OfDepot, kw_only=True):
    pass


class ModifyGitTransfer(OfDepot, kw_only=True):
    answer: ClassVar = wire_contents.TransferredResponse
    target_project_id: int


class DeleteGitDepot(OfDepot, kw_only=True):
    pass


class CreateGitBranch(OfDepot, kw_only=True):
    branch_name: str
    start_point: str
    note: str = ""


class CreateGitTag(OfDepot, kw_only=True):
    answer: ClassVar = wire_contents.TagResponse
    tag_name: str
    start_point: str
    message: str = ""


class DeleteGitBranch(OfDepot, kw_only=True):
    branch_name: str


class DeleteGitTag(OfDepot, kw_only=True):
    tag_name: str


ACTIONS: Mapping[str, type[Request]] = {
    request.__name__: request
    for request in (
        DescribeCodingCurrentUser,
        DescribeTeam,
        DescribeTeamMembers,
        DescribeCodingProjects,
        DescribeUserProjects,
        DescribeProjectByName,
        DescribeOneProject,
        DescribeProjectMembers,
        DescribeAllProjectLabels,
        DescribeProjectDepotInfoList,
        DescribeTeamDepotInfoList,
        DescribeMyDepots,
        DescribeGitDepot,
        DescribeGitBranches,
        DescribeGitBranchList,
        DescribeGitTags,
        DescribeGitCommitInfos,
        DescribeGitCommitInfo,
        DescribeGitCommitDiff,
        DescribeGitBranch,
        DescribeGitTag,
        DescribeGitFiles,
        DescribeGitTree,
        DescribeGitFileContent,
        DescribeGitReleases,
        CreateCodingProject,
        CreateGitDepot,
        ModifyDepotName,
        ModifyDepotDescription,
        ModifyDefaultBranch,
        ModifyGitDepotArchive,
        ModifyGitDepotUnarchive,
        ModifyGitTransfer,
        DeleteGitDepot,
        CreateGitBranch,
        CreateGitTag,
        DeleteGitBranch,
        DeleteGitTag,
    )
}

Q = TypeVar("Q", bound=Request)


def encode_request(request: Request) -> bytes:
    """The body as real clients send it: the action's name stands beside its parameters."""
    return msgspec.json.encode({"Action": type(request).__name__, **parameters_of(request)})


def parameters_of(request: Request) -> dict[str, object]:
    parameters: dict[str, object] = msgspec.to_builtins(request)
    return parameters


def read_request(kind: type[Q], parameters: Mapping[str, object]) -> Q:
    """Read what a client sent; keys in any case, since an example of the vendor's has `userId`.

    Raises:
        UnknownShape: names the parameter and what came.
    """
    names = _names(kind)
    values = {names[key.lower()]: value for key, value in parameters.items() if key.lower() in names}
    return wire.DECODER.read(kind, values, is_lenient=False)


@cache
def _names(kind: type[Request]) -> Mapping[str, str]:
    keys = (field.encode_name for field in msgspec.structs.fields(kind))
    return {key.lower(): key for key in keys}
