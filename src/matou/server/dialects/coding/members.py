"""Who is a member of a project: at the source that it was saved from, and here."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from matou.db.memberships import Member, Role
from matou.db.namespaces import Namespace
from matou.forge.access import Action, may
from matou.forge.accounts.members import members
from matou.model.metadata import MemberGrant
from matou.model.metadata.kinds import MEMBER
from matou.platforms.coding import wire
from matou.platforms.coding import wire_requests as requests
from matou.server.api.saved_rows import JsonRow, number_of
from matou.server.dialects.coding.account import PROJECT_ROLES, member_row, require_membership
from matou.server.dialects.coding.context import READ_PROJECT, CodingAction, TeamContext, action, page_request
from matou.server.dialects.coding.errors import SavedAnswer
from matou.server.dialects.coding.projects import find_project
from matou.server.dialects.coding.saved import USER_STATUS, SavedRows, rows_of_project

ROLES: Final[Mapping[str, Role]] = {role.name.lower(): role for role in PROJECT_ROLES}


def project_members(context: TeamContext, request: requests.DescribeProjectMembers) -> SavedAnswer:
    project = find_project(context, request.project_id)
    page = page_request(request.page_number, request.page_size)
    here, _ = members(context.forge, require_membership(context, project.subject))
    saved = list(_saved(context, project.subject))
    numbers = {row["Id"] for row in saved}
    rows = [*saved, *(_row(context, one) for one in here if one.user.id not in numbers)]
    chosen = [row for row in rows if _has_role(row, request.role_id)]
    data = {
        "PageNumber": page.number,
        "PageSize": page.size,
        "TotalCount": len(chosen),
        "ProjectMembers": page.of(chosen),
    }
    return SavedAnswer(values={"Data": data})


def _saved(context: TeamContext, project: Namespace) -> Iterator[dict[str, Any]]:
    """Those of the source, for those who may read what was said; whoever has no number there cannot be told."""
    if not may(context.forge, context.identity, Action.READ_CONVERSATION, project):
        return
    rows = rows_of_project(context, project)
    for grant in rows.conversation.table(MEMBER).values():
        if grant.gone_in is None and number_of(grant.person):
            yield _saved_row(rows, grant)


def _saved_row(rows: SavedRows[Namespace], grant: MemberGrant) -> dict[str, Any]:
    person = rows.user(grant.person)
    known = rows.participant(grant.person)
    role_type, role_name = PROJECT_ROLES[ROLES[grant.role]]
    role = wire.CodingRole(role_type=role_type, role_id=ROLES[grant.role].value, role_type_name=role_name)
    row = wire.CodingMember(
        id=number_of(grant.person),
        team_id=rows.context.team.id,
        name=known.name if known else "",
        email=str(person["Email"]),
        global_key=known.login if known else "",
        status=USER_STATUS.get(known.state if known else None, 0),
        roles=[] if rows.is_own else [role],
        department_member=wire.DepartmentMember(),
    )
    return rows.complete(row, grant.extra)


def _row(context: TeamContext, member: Member) -> JsonRow:
    return msgspec.to_builtins(member_row(context, member, PROJECT_ROLES))  # type: ignore[no-any-return]


def _has_role(row: Mapping[str, Any], role_id: int) -> bool:
    return role_id == 0 or any(role["RoleId"] == role_id for role in row["Roles"])


ACTIONS: tuple[CodingAction, ...] = (
    action(
        requests.DescribeProjectMembers,
        project_members,
        READ_PROJECT,
        "For members of the project or of its team only. Those whom a backup saved, for those who may read what was "
        "said, with their numbers at CODING, which issues name; then those with a role in the project itself here "
        "whose number none of these has, with `RoleId` the number of Matou's role. Those of the team have theirs there "
        "too and are in DescribeTeamMembers.",
    ),
)
