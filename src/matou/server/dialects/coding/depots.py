"""Actions about depots: the repositories of a team's projects."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TypeVar
from urllib.parse import quote

from matou.db.namespaces import Namespace
from matou.db.repositories import Repository, RepositoryId
from matou.forge import access
from matou.forge.access import (
    ALL_SCOPES,
    Authorized,
    MayAdminister,
    MayChangeSettings,
    MayCreateIn,
    MayDelete,
    MayRename,
    MaySee,
    MayTransfer,
    NoSuchRepository,
    Right,
    authorize,
)
from matou.forge.accounts.namespaces import find_namespace
from matou.forge.content.branches import default_branch_of
from matou.forge.repositories import creation
from matou.forge.repositories.repository_lists import find_repository, find_repository_by_id, visible_repositories
from matou.forge.repositories.repository_moves import delete_repository, rename_repository, transfer_repository
from matou.forge.repositories.repository_update import (
    archive_repository,
    describe_repository,
    set_default_branch,
    unarchive_repository,
)
from matou.model.names import NamespacePath, RepositoryPath, folded
from matou.model.platform import VersionControl, Visibility
from matou.platforms.coding import wire, wire_contents
from matou.platforms.coding import wire_requests as requests
from matou.platforms.coding.wire import milliseconds
from matou.server.api.params import InvalidParameterValue, MissingParameter, PageRequest
from matou.server.dialects.coding.context import (
    READ_REPOSITORY,
    WRITE_REPOSITORY,
    CodingAction,
    TeamContext,
    action,
    page_request,
    readable,
    wire_page,
)
from matou.server.dialects.coding.errors import ScopeRefused
from matou.server.dialects.coding.projects import find_project

GROUP_TYPE = "PROJECT_GROUP"

R = TypeVar("R", bound=Right)


def project_depots(context: TeamContext, request: requests.DescribeProjectDepotInfoList) -> wire.DepotsResponse:
    project = find_project(context, request.project_id).subject
    page = page_request(request.page_number, request.page_size)
    repositories, total = visible_repositories(
        context.forge,
        context.identity,
        project,
        recursive=project.id != context.team.id,
        offset=page.offset,
        limit=page.size,
    )
    return wire.DepotsResponse(depot_data=_page_of_depots(context, repositories, page, total))


def team_depots(context: TeamContext, request: requests.DescribeTeamDepotInfoList) -> wire.DepotsResponse:
    # Who may ask is what somebody is to the team, whatever the token may change there.
    everything = replace(context.identity, scopes=ALL_SCOPES)
    if not access.may(context.forge, everything, access.Action.ADMINISTER, context.team):
        raise ScopeRefused
    page = page_request(request.page_number, request.page_size)
    if not request.project_name:
        return wire.DepotsResponse(depot_data=_team_page(context, page, name_filter=request.depot_name))
    repositories, _ = visible_repositories(
        context.forge, context.identity, context.team, recursive=True, name_filter=request.depot_name
    )
    project_key = request.project_name.casefold()
    chosen = [one for one in repositories if project_key in project_name(one.subject).casefold()]
    return wire.DepotsResponse(depot_data=_page_of_depots(context, page.of(chosen), page, len(chosen)))


def my_depots(context: TeamContext, request: requests.DescribeMyDepots) -> wire.MyDepotsResponse:
    return wire.MyDepotsResponse(payload=_team_page(context, page_request(request.page_number, request.page_size)))


def one_depot(context: TeamContext, request: requests.DescribeGitDepot) -> wire.DepotResponse:
    granted = find_depot(context, request, MaySee)
    [row] = _rows(context, [granted.subject])
    row.default_branch = readable(default_branch_of(context.forge, granted) or "")
    return wire.DepotResponse(depot=row)


def new_depot(context: TeamContext, request: requests.CreateGitDepot) -> wire.CreatedDepotResponse:
    project = find_project(context, request.project_id).subject
    repository = creation.create_repository(
        context.forge,
        authorize(context.forge, context.identity, MayCreateIn, project),
        request.depot_name,
        visibility=Visibility.PUBLIC if request.shared else Visibility.PRIVATE,
        description=request.description,
        creator=context.user,
    )
    return wire.CreatedDepotResponse(depot_id=repository.id)


def rename_depot(context: TeamContext, request: requests.ModifyDepotName) -> wire.RenamedDepotResponse:
    granted = find_depot(context, request, MayRename)
    [row] = _rows(context, [rename_repository(context.forge, granted, request.depot_name)])
    return wire.RenamedDepotResponse(depot_info=row)


def describe_depot(context: TeamContext, request: requests.ModifyDepotDescription) -> wire.Response:
    granted = find_depot(context, request, MayChangeSettings)
    describe_repository(context.forge, granted, request.description)
    return wire.Response()


def change_default_branch(context: TeamContext, request: requests.ModifyDefaultBranch) -> wire.Response:
    granted = find_depot(context, request, MayChangeSettings)
    set_default_branch(context.forge, granted, request.branch_name)
    return wire.Response()


def archive_depot(context: TeamContext, request: requests.ModifyGitDepotArchive) -> wire.Response:
    archive_repository(context.forge, find_depot(context, request, MayAdminister))
    return wire.Response()


def unarchive_depot(context: TeamContext, request: requests.ModifyGitDepotUnarchive) -> wire.Response:
    unarchive_repository(context.forge, find_depot(context, request, MayAdminister))
    return wire.Response()


def transfer_depot(context: TeamContext, request: requests.ModifyGitTransfer) -> wire_contents.TransferredResponse:
    granted = find_depot(context, request, MayTransfer)
    project = find_project(context, request.target_project_id).subject
    moved = transfer_repository(context.forge, granted, project.path)
    return wire_contents.TransferredResponse(new_depot_path=f"/{quote(str(moved.path))}")


def delete_depot(context: TeamContext, request: requests.DeleteGitDepot) -> wire.Response:
    delete_repository(context.forge, find_depot(context, request, MayDelete))
    return wire.Response()


def find_depot(context: TeamContext, request: requests.OfDepot, right: type[R]) -> Authorized[Repository, R]:
    """The depot that a request names by id or by path; an id that is not 0 goes first.

    Raises:
        MissingParameter: it names none.
        NoSuchRepository: there is none, it belongs to another team, or this identity may not see it: all look the same.
        MissingScope, ReadOnly, NotAllowed: as `access.authorize`.
    """
    try:
        return authorize(context.forge, context.identity, right, _named(context, request))
    except NoSuchRepository:
        raise NoSuchRepository("there is no such depot") from None


def _named(context: TeamContext, request: requests.OfDepot) -> Repository:
    if request.depot_id:
        repository = find_repository_by_id(context.forge, RepositoryId(request.depot_id))
    elif request.depot_path.strip("/"):
        repository = _at_path(context, depot_path(context.team, request.depot_path))
    else:
        raise MissingParameter("the parameter {name} is missing", name="DepotId")
    if repository.path.namespace.segments[0] != context.team.name:
        raise NoSuchRepository("it is another team's")
    return repository


def _at_path(context: TeamContext, path: RepositoryPath) -> Repository:
    """The team's own name stands for what lies in it without a project, where it has no project of that name."""
    try:
        return find_repository(context.forge, path)
    except NoSuchRepository:
        team = context.team
        if len(path.namespace.segments) != 2 or folded(path.namespace.segments[1]) != folded(team.name):
            raise
        return find_repository(context.forge, RepositoryPath(team.path, path.name))


def depot_path(team: Namespace, text: str) -> RepositoryPath:
    """Read `project/depot` or `team/project/depot`, with a slash in front or without.

    Raises:
        InvalidParameterValue: it has one part only.
        InvalidName: a part of it can be no name.
    """
    segments = text.removeprefix("/").split("/")
    if len(segments) < 2:
        raise InvalidParameterValue("DepotPath is {path}, not project/depot", path=repr(text)[:200])
    if len(segments) == 2 or folded(segments[0]) != folded(team.name):
        segments = [team.name, *segments]
    return RepositoryPath(NamespacePath(tuple(segments[:-1])), segments[-1])


def project_name(repository: Repository) -> str:
    """The project that a repository counts as being in, however deep it lies; the team's where there is none."""
    return repository.path.namespace.segments[:2][-1]


def _team_page(context: TeamContext, page: PageRequest, *, name_filter: str = "") -> wire.DepotData:
    repositories, total = visible_repositories(
        context.forge,
        context.identity,
        context.team,
        recursive=True,
        offset=page.offset,
        limit=page.size,
        name_filter=name_filter,
    )
    return _page_of_depots(context, repositories, page, total)


def _page_of_depots(
    context: TeamContext, listed: Iterable[Authorized[Repository, MaySee]], page: PageRequest, total: int
) -> wire.DepotData:
    rows = _rows(context, (granted.subject for granted in listed))
    return wire.DepotData(depots=list(rows), page=wire_page(page, total))


def _rows(context: TeamContext, repositories: Iterable[Repository]) -> Iterator[wire.Depot]:
    ids: dict[NamespacePath, int] = {}
    for repository in repositories:
        path = NamespacePath(repository.path.namespace.segments[:2])
        if path not in ids:
            is_direct = path == repository.path.namespace
            ids[path] = repository.namespace_id if is_direct else find_namespace(context.forge, path).id
        yield _row(context, repository, ids[path])


def _row(context: TeamContext, repository: Repository, project_id: int) -> wire.Depot:
    kind = repository.version_control
    return wire.Depot(
        id=repository.id,
        name=repository.name,
        https_url=context.links.git(repository.path) if kind is VersionControl.GIT else "",
        project_id=project_id,
        web_url=context.links.page(repository.path),
        vcs_type=kind.value,
        repo_type=kind.value,
        project_name=project_name(repository),
        description=repository.description,
        created_at=milliseconds(repository.created_at),
        last_push_at=milliseconds(repository.last_push_at),
        group_id=project_id,
        group_name=project_name(repository),
        group_type=GROUP_TYPE,
        is_shared=repository.visibility is Visibility.PUBLIC,
    )


_READ_ONLY = "Refused for a depot that a backup keeps"

ACTIONS: tuple[CodingAction, ...] = (
    action(
        requests.DescribeProjectDepotInfoList,
        project_depots,
        READ_REPOSITORY,
        "Those that the user may see, archived ones too, by path. `SshUrl` is always empty. `HttpsUrl` "
        "is empty "
        "for what is not git. `DefaultBranch` is empty in lists, as at CODING.",
    ),
    action(
        requests.DescribeTeamDepotInfoList,
        team_depots,
        READ_REPOSITORY,
        "For owners of the team and administrators of the server. `ProjectName` and `DepotName` are parts of the "
        "names, "
        "whatever the case.",
    ),
    action(
        requests.DescribeMyDepots,
        my_depots,
        READ_REPOSITORY,
        "Those that the user may see, also where not even code may be read. `Page` is always there.",
    ),
    action(
        requests.DescribeGitDepot,
        one_depot,
        READ_REPOSITORY,
        "A name that the depot had before is taken until another depot has it. `DepotId` goes before `DepotPath`.",
    ),
    action(requests.CreateGitDepot, new_depot, WRITE_REPOSITORY, "`DepotName` is needed."),
    action(requests.ModifyDepotName, rename_depot, WRITE_REPOSITORY, f"{_READ_ONLY}, or that is archived."),
    action(
        requests.ModifyDepotDescription,
        describe_depot,
        WRITE_REPOSITORY,
        f"{_READ_ONLY}, or that is archived. Empty is taken.",
    ),
    action(
        requests.ModifyDefaultBranch, change_default_branch, WRITE_REPOSITORY, f"{_READ_ONLY}, or that is archived."
    ),
    action(
        requests.ModifyGitDepotArchive,
        archive_depot,
        WRITE_REPOSITORY,
        "An archived depot can be read and cloned; it can be neither pushed to nor changed.",
    ),
    action(requests.ModifyGitDepotUnarchive, unarchive_depot, WRITE_REPOSITORY),
    action(
        requests.ModifyGitTransfer,
        transfer_depot,
        WRITE_REPOSITORY,
        f"{_READ_ONLY}, or that is archived. For owners of the project, to one where they may make depots; the team's "
        "own id is taken too. The old path leads to the new one. `NewDepotPath` is `/TEAM/PROJECT/DEPOT`.",
    ),
    action(requests.DeleteGitDepot, delete_depot, WRITE_REPOSITORY, f"{_READ_ONLY}. For owners of the project."),
)
