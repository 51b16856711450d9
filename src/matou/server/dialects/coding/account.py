"""Actions about who asks and about the team: users, roles, members."""

from collections.abc import Mapping

from matou.db.memberships import Member, Role
from matou.db.namespaces import Namespace
from matou.errors import NotFound, Refused
from matou.forge.access import Authorized, MaySeeMembers, authorize
from matou.forge.accounts.members import members, owner_of
from matou.platforms.coding import wire
from matou.platforms.coding import wire_requests as requests
from matou.server.dialects.coding.context import READ_TEAM, READ_USER, CodingAction, TeamContext, action, page_request
from matou.server.dialects.coding.errors import ScopeRefused
from matou.server.dialects.coding.icons import icon_url

TEAM_ROLES: Mapping[Role, tuple[str, str]] = {
    Role.OWNER: ("EnterpriseOwner", "企业所有者"),
    Role.MAINTAINER: ("EnterpriseAdmin", "企业管理员"),
    Role.DEVELOPER: ("EnterpriseMember", "企业普通成员"),
    Role.REPORTER: ("EnterpriseMember", "企业普通成员"),
    Role.GUEST: ("EnterpriseMember", "企业普通成员"),
}
PROJECT_ROLES: Mapping[Role, tuple[str, str]] = {
    Role.OWNER: ("ProjectAdmin", "项目管理员"),
    Role.MAINTAINER: ("ProjectAdmin", "项目管理员"),
    Role.DEVELOPER: ("ProjectMember", "开发"),
    Role.REPORTER: ("ProjectMember", "开发"),
    Role.GUEST: ("ProjectGuest", "受限成员"),
}
"""Words of CODING's own (`Role.RoleType` of its document); `RoleId` is the number of ours."""


def current_user(context: TeamContext, _: requests.DescribeCodingCurrentUser) -> wire.UserResponse:
    user = context.user
    return wire.UserResponse(
        user=wire.CurrentUser(
            id=user.id,
            email=user.email,
            email_validation=int(bool(user.email)),
            global_key=user.name,
            name=user.display_name or user.name,
            team_id=context.team.id,
        )
    )


def team(context: TeamContext, _: requests.DescribeTeam) -> wire.TeamResponse:
    owner = owner_of(context.forge, context.team)
    return wire.TeamResponse(
        data=wire.Team(
            id=context.team.id,
            name=context.team.display_name or context.team.name,
            name_pin_yin=context.team.name,
            avatar=icon_url(context.links, context.team),
            team_host=context.links.page(context.team.path),
            team_owner=_without_address(
                wire.CodingMember(id=0) if owner is None else member_row(context, owner, TEAM_ROLES)
            ),
        )
    )


def team_members(context: TeamContext, request: requests.DescribeTeamMembers) -> wire.TeamMembersResponse:
    granted, page = require_membership(context, context.team), page_request(request.page_number, request.page_size)
    rows, total = members(context.forge, granted, offset=page.offset, limit=page.size)
    return wire.TeamMembersResponse(
        data=wire.TeamMemberData(
            page_number=page.number,
            page_size=page.size,
            total_count=total,
            team_members=[member_row(context, member, TEAM_ROLES) for member in rows],
        )
    )


def require_membership(context: TeamContext, namespace: Namespace) -> Authorized[Namespace, MaySeeMembers]:
    """Who belongs to it, and under which address, is for those who do. Raises ScopeRefused."""
    try:
        return authorize(context.forge, context.identity, MaySeeMembers, namespace)
    except (NotFound, Refused):
        raise ScopeRefused from None


def member_row(context: TeamContext, member: Member, roles: Mapping[Role, tuple[str, str]]) -> wire.CodingMember:
    role_type, role_name = roles[member.role]
    return wire.CodingMember(
        id=member.user.id,
        team_id=context.team.id,
        name=member.user.display_name or member.user.name,
        email=member.user.email,
        email_validation=int(bool(member.user.email)),
        status=1 if member.user.active else -1,
        global_key=member.user.name,
        roles=[wire.CodingRole(role_type=role_type, role_id=member.role.value, role_type_name=role_name)],
        department_member=wire.DepartmentMember(),
    )


def _without_address(owner: wire.CodingMember) -> wire.CodingMember:
    owner.email, owner.email_validation = "", 0
    return owner


ACTIONS: tuple[CodingAction, ...] = (
    action(
        requests.DescribeCodingCurrentUser,
        current_user,
        READ_USER,
        "`GlobalKey` is the user's name. `TeamId` is the id of the team that this request is about. `Avatar` and "
        "`Phone` are empty.",
    ),
    action(
        requests.DescribeTeam,
        team,
        READ_TEAM,
        "`TeamHost` is `https://HOST/TEAM`, as there is no host for each team. `TeamOwner` is the first owner by "
        "name, "
        "without an e-mail address; `Id` 0 where a team has none.",
    ),
    action(
        requests.DescribeTeamMembers,
        team_members,
        READ_TEAM,
        "For members of the team only. `RoleId` is the number of Matou's role, 10 to 50. `Status` is -1 for a "
        "user who may not log in.",
    ),
)
