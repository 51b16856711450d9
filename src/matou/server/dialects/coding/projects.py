"""Actions about projects: the namespaces directly below a team."""

from collections.abc import Sequence

from matou.db.namespaces import Namespace, NamespaceId
from matou.errors import NotFound
from matou.forge.access import Authorized, MayCreateNamespaceIn, MaySee, NoSuchNamespace, authorize
from matou.forge.accounts.members import members, own_role
from matou.forge.accounts.namespaces import create_project, find_namespace, find_namespace_by_id, visible_children
from matou.model.names import folded
from matou.platforms.coding import wire
from matou.platforms.coding import wire_requests as requests
from matou.platforms.coding.wire import milliseconds
from matou.server.dialects.coding.account import require_membership
from matou.server.dialects.coding.context import (
    READ_PROJECT,
    WRITE_PROJECT,
    CodingAction,
    TeamContext,
    action,
    page_request,
)
from matou.server.dialects.coding.icons import icon_url

PRIVATE_PROJECT = 2
"""`Project.Type`: 0 programme, 1 public, 2 private."""


class NoSuchTeamMember(NotFound):
    """Nobody in this team has this id; the text is CODING's own."""


def team_projects(context: TeamContext, request: requests.DescribeCodingProjects) -> wire.ProjectsResponse:
    page = page_request(request.page_number, request.page_size)
    namespaces, total = visible_children(
        context.forge,
        context.identity,
        context.team,
        offset=page.offset,
        limit=page.size,
        name_filter=request.project_name,
    )
    return wire.ProjectsResponse(
        data=wire.ProjectsData(
            page_number=page.number,
            page_size=page.size,
            total_count=total,
            project_list=[project_row(context, project.subject) for project in namespaces],
        )
    )


def user_projects(context: TeamContext, request: requests.DescribeUserProjects) -> wire.ProjectListResponse:
    if not request.user_id:
        raise NoSuchTeamMember("团队成员不存在")
    listed, _ = visible_children(context.forge, context.identity, context.team, name_filter=request.project_name)
    visible = [granted.subject for granted in listed]
    if request.user_id == context.user.id:
        joined = [project for project in visible if own_role(context.forge, context.identity, project) is not None]
    else:
        joined = _joined_by(context, visible, request.user_id)
    return wire.ProjectListResponse(project_list=[project_row(context, project) for project in joined])


def _joined_by(context: TeamContext, visible: Sequence[Namespace], user_id: int) -> list[Namespace]:
    """Those of another user: what this one may see of them."""
    if _has_member(context, context.team, user_id):
        return list(visible)
    joined = [project for project in visible if _has_member(context, project, user_id)]
    if not joined:
        raise NoSuchTeamMember("团队成员不存在")
    return joined


def _has_member(context: TeamContext, namespace: Namespace, user_id: int) -> bool:
    rows, _total = members(context.forge, require_membership(context, namespace))
    return any(member.user.id == user_id for member in rows)


def project_by_name(context: TeamContext, request: requests.DescribeProjectByName) -> wire.ProjectResponse:
    granted = authorize(context.forge, context.identity, MaySee, find_project_by_name(context, request.project_name))
    return wire.ProjectResponse(project=project_row(context, granted.subject))


def one_project(context: TeamContext, request: requests.DescribeOneProject) -> wire.ProjectResponse:
    return wire.ProjectResponse(project=project_row(context, find_project(context, request.project_id).subject))


def new_project(context: TeamContext, request: requests.CreateCodingProject) -> wire.CreatedProjectResponse:
    project = create_project(
        context.forge,
        authorize(context.forge, context.identity, MayCreateNamespaceIn, context.team),
        request.name,
        display_name=request.display_name,
        description=request.description,
        creator=context.user,
    )
    return wire.CreatedProjectResponse(project_id=project.id)


def find_project(context: TeamContext, project_id: int) -> Authorized[Namespace, MaySee]:
    """A namespace directly below the team, or the team itself, which stands for what lies in it without a project.

    Raises:
        NoSuchNamespace: there is none, it belongs to another team, or this identity may not see it: all look the same.
    """
    try:
        project = _in_team(context, find_namespace_by_id(context.forge, NamespaceId(project_id)))
        return authorize(context.forge, context.identity, MaySee, project)
    except NoSuchNamespace:
        raise NoSuchNamespace("there is no project {id}", id=project_id) from None


def find_project_by_name(context: TeamContext, name: str) -> Namespace:
    """The same by its name in the team, of which nothing is decided yet.

    Raises:
        NoSuchNamespace: there is none.
        InvalidName: it can be no name.
    """
    try:
        return find_namespace(context.forge, context.team.path.child(name))
    except NoSuchNamespace:
        if folded(name) != folded(context.team.name):
            raise
        return context.team


def _in_team(context: TeamContext, namespace: Namespace) -> Namespace:
    if context.team.id not in (namespace.id, namespace.parent_id):
        raise NoSuchNamespace("it is another team's")
    return namespace


def project_row(context: TeamContext, project: Namespace) -> wire.CodingProject:
    return wire.CodingProject(
        id=project.id,
        created_at=milliseconds(project.created_at),
        updated_at=milliseconds(project.updated_at),
        type=PRIVATE_PROJECT,
        name=project.name,
        display_name=project.display_name or project.name,
        description=project.description,
        icon=icon_url(context.links, project),
        team_id=context.team.id,
        archived=project.archived,
    )


ACTIONS: tuple[CodingAction, ...] = (
    action(
        requests.DescribeCodingProjects,
        team_projects,
        READ_PROJECT,
        "Those that the user may see, archived ones too, by name. `ProjectName` is a part of the name or of the "
        "display "
        "name, whatever the case. `PageSize` is the size asked for. `Type` is always 2; `Icon` is absolute and "
        "answers without log-in.",
    ),
    action(
        requests.DescribeUserProjects,
        user_projects,
        READ_PROJECT,
        "Without `UserId` the error is `团队成员不存在`, as seen. Another user's are told to members of the team, as "
        "far as they see them.",
    ),
    action(requests.DescribeProjectByName, project_by_name, READ_PROJECT, "The whole name, whatever the case."),
    action(
        requests.DescribeOneProject,
        one_project,
        READ_PROJECT,
        "The team's own id is taken too: it stands as project for depots that lie in no project.",
    ),
    action(
        requests.CreateCodingProject,
        new_project,
        WRITE_PROJECT,
        "`ProjectTemplate` and `Shared` change nothing: each depot says for itself whether it is public. `Icon` "
        "is not "
        "fetched; the project has the default icon.",
    ),
)
