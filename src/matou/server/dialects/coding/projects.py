"""Actions about projects: the namespaces directly below a team."""

from matou.db.memberships import Member
from matou.db.namespaces import Namespace, NamespaceId
from matou.errors import NotFound
from matou.forge import access
from matou.forge.access import NoSuchNamespace
from matou.forge.accounts.labels import labels
from matou.forge.accounts.members import members, role_of
from matou.forge.accounts.namespaces import create_project, find_namespace_by_id, visible_children
from matou.platforms.coding import wire
from matou.platforms.coding import wire_requests as asked
from matou.platforms.coding.wire import milliseconds
from matou.server.dialects.coding.account import PROJECT_ROLES, member_row, require_membership
from matou.server.dialects.coding.call import READ_PROJECT, WRITE_PROJECT, Action, Call, action
from matou.server.dialects.coding.paging import page_asked

PRIVATE_PROJECT = 2
"""`Project.Type`: 0 programme, 1 public, 2 private."""


class NoSuchMember(NotFound):
    """Nobody in this team has this id; the text is CODING's own."""


def team_projects(call: Call, request: asked.DescribeCodingProjects) -> wire.ProjectsResponse:
    page = page_asked(request.page_number, request.page_size)
    found, total = visible_children(
        call.forge,
        call.identity,
        call.team,
        offset=page.offset,
        limit=page.size,
        name_filter=request.project_name,
    )
    return wire.ProjectsResponse(
        data=wire.ProjectsData(
            page_number=page.number,
            page_size=page.size,
            total_count=total,
            project_list=[project_row(call, project) for project in found],
        )
    )


def user_projects(call: Call, request: asked.DescribeUserProjects) -> wire.ProjectListResponse:
    if not request.user_id:
        raise NoSuchMember("团队成员不存在")
    visible, _ = visible_children(call.forge, call.identity, call.team, name_filter=request.project_name)
    if request.user_id == call.user.id:
        joined = [project for project in visible if role_of(call.forge, call.user, project) is not None]
    else:
        joined = _joined_by(call, visible, request.user_id)
    return wire.ProjectListResponse(project_list=[project_row(call, project) for project in joined])


def _joined_by(call: Call, visible: tuple[Namespace, ...], user_id: int) -> list[Namespace]:
    """Those of another user: what this one may see of them."""
    require_membership(call, call.team)
    if any(member.user.id == user_id for member in members(call.forge, call.team)[0]):
        return list(visible)
    joined = [p for p in visible if any(member.user.id == user_id for member in members(call.forge, p)[0])]
    if not joined:
        raise NoSuchMember("团队成员不存在")
    return joined


def project_by_name(call: Call, request: asked.DescribeProjectByName) -> wire.ProjectResponse:
    path = call.team.path.child(request.project_name)
    project = access.reach_namespace(call.forge, call.identity, path, access.Action.SEE)
    return wire.ProjectResponse(project=project_row(call, project))


def one_project(call: Call, request: asked.DescribeOneProject) -> wire.ProjectResponse:
    return wire.ProjectResponse(project=project_row(call, find_project(call, request.project_id)))


def project_members(call: Call, request: asked.DescribeProjectMembers) -> wire.ProjectMembersResponse:
    project = find_project(call, request.project_id)
    require_membership(call, project)
    page = page_asked(request.page_number, request.page_size)
    found, _ = members(call.forge, project)
    chosen = [member for member in found if _has_role(member, request.role_id)]
    return wire.ProjectMembersResponse(
        data=wire.ProjectMemberData(
            page_number=page.number,
            page_size=page.size,
            total_count=len(chosen),
            project_members=[member_row(call, member, PROJECT_ROLES) for member in page.of(chosen)],
        )
    )


def _has_role(member: Member, role_id: int) -> bool:
    return role_id in (0, member.role.value)


def project_labels(call: Call, request: asked.DescribeAllProjectLabels) -> wire.LabelsResponse:
    project = find_project(call, request.project_id)
    return wire.LabelsResponse(
        labels=[
            wire.Label(id=label.id, project_id=project.id, name=label.name, color=label.color)
            for label in labels(call.forge, project)
        ]
    )


def new_project(call: Call, request: asked.CreateCodingProject) -> wire.CreatedProjectResponse:
    access.require(call.forge, call.identity, access.Action.CREATE_NAMESPACE_IN, call.team)
    project = create_project(
        call.forge,
        call.team,
        request.name,
        display_name=request.display_name,
        description=request.description,
        creator=call.user,
    )
    return wire.CreatedProjectResponse(project_id=project.id)


def find_project(call: Call, project_id: int) -> Namespace:
    """A namespace directly below the team, or the team itself, which stands for what lies in it without a project.

    Raises:
        NoSuchNamespace: there is none, it belongs to another team, or this identity may not see it: all look the same.
    """
    try:
        project = _in_team(call, find_namespace_by_id(call.forge, NamespaceId(project_id)))
        access.require(call.forge, call.identity, access.Action.SEE, project)
    except NoSuchNamespace:
        raise NoSuchNamespace("there is no project {id}", id=project_id) from None
    return project


def _in_team(call: Call, namespace: Namespace) -> Namespace:
    if call.team.id not in (namespace.id, namespace.parent_id):
        raise NoSuchNamespace("it is another team's")
    return namespace


def project_row(call: Call, project: Namespace) -> wire.Project:
    return wire.Project(
        id=project.id,
        created_at=milliseconds(project.created_at),
        updated_at=milliseconds(project.updated_at),
        type=PRIVATE_PROJECT,
        name=project.name,
        display_name=project.display_name or project.name,
        description=project.description,
        icon=call.links.icon(project),
        team_id=call.team.id,
        archived=project.archived,
    )


ACTIONS: tuple[Action, ...] = (
    action(
        asked.DescribeCodingProjects,
        team_projects,
        READ_PROJECT,
        "Those that the user may see, archived ones too, by name. `ProjectName` is a part of the name or of the "
        "display "
        "name, whatever the case. `PageSize` is the size asked for. `Type` is always 2; `Icon` is absolute and "
        "answers without log-in.",
    ),
    action(
        asked.DescribeUserProjects,
        user_projects,
        READ_PROJECT,
        "Without `UserId` the error is `团队成员不存在`, as seen. Another user's are told to members of the team, as "
        "far as they see them.",
    ),
    action(asked.DescribeProjectByName, project_by_name, READ_PROJECT, "The whole name, whatever the case."),
    action(
        asked.DescribeOneProject,
        one_project,
        READ_PROJECT,
        "The team's own id is taken too: it stands as project for depots that lie in no project.",
    ),
    action(
        asked.DescribeProjectMembers,
        project_members,
        READ_PROJECT,
        "For members of the project or of its team only. Those with a role in the project itself; those of the "
        "team have "
        "theirs there too and are in DescribeTeamMembers. `RoleId` is the number of Matou's role.",
    ),
    action(asked.DescribeAllProjectLabels, project_labels, READ_PROJECT, "`CreatorId` is 0."),
    action(
        asked.CreateCodingProject,
        new_project,
        WRITE_PROJECT,
        "`ProjectTemplate` and `Shared` change nothing: each depot says for itself whether it is public. `Icon` "
        "is not "
        "fetched; the project has the default icon.",
    ),
)
