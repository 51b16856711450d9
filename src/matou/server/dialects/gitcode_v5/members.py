"""15, 16, 32 and 34, and `collaborators`: who has which role in one repository."""

from typing import Annotated

import msgspec

from matou.db.customized_roles import CustomizedRole
from matou.db.memberships import Role
from matou.db.repository_members import RepositoryMember
from matou.db.users import User
from matou.forge.access import Action
from matou.forge.repositories.customized_roles import roles
from matou.forge.repositories.repository_members import (
    MemberPermission,
    find_member,
    find_person,
    members,
    remove_member,
    set_member,
    set_member_mode,
)
from matou.platforms.gitcode import wire
from matou.server.api.context import RepositoryCall
from matou.server.api.params import InvalidParameter, Nothing, Paged, Parameters
from matou.server.api.responses import Page
from matou.server.api.router import Route, repository_route
from matou.server.dialects.gitcode_v5.repository_object import user_id

INHERITED, INDEPENDENT = 1, 2
PERMISSIONS = {**{one.value: one for one in MemberPermission}, "custom": MemberPermission.CUSTOMIZED}


class ModeAsked(Parameters, frozen=True, kw_only=True):
    """1 for the organization's members too, 2 for the repository's alone."""

    mode: Annotated[int, msgspec.Meta(ge=INHERITED, le=INDEPENDENT)]


_ROLES_IN_CHINESE = {
    Role.GUEST: "访客",
    Role.REPORTER: "报告者",
    Role.DEVELOPER: "开发者",
    Role.MAINTAINER: "维护者",
    Role.OWNER: "所有者",
}


class MemberAsked(Parameters, frozen=True, kw_only=True):
    """`permission`: pull, push, admin, or customized (custom too) with `role_id`."""

    permission: str = ""
    role_id: str = ""


class CollaboratorAsked(Parameters, frozen=True, kw_only=True):
    """`permission`: pull, push, admin, or the name of a customized role."""

    permission: str = ""


def get_mode(call: RepositoryCall, _: Nothing) -> wire.PermissionMode:
    return wire.PermissionMode(mode=INDEPENDENT if call.repository.independent_members else INHERITED)


def set_mode(call: RepositoryCall, asked: ModeAsked) -> wire.Success:
    set_member_mode(call.forge, call.identity, call.repository, independent=asked.mode == INDEPENDENT)
    return wire.Success()


def read_permission(given: str) -> MemberPermission:
    """`push` where nothing is given. Raises InvalidParameter."""
    permission = PERMISSIONS.get(given or MemberPermission.PUSH)
    if permission is None:
        raise InvalidParameter(
            "permission is {given}; it can be {known}", given=repr(given)[:100], known=", ".join(PERMISSIONS)
        )
    return permission


def put_member(call: RepositoryCall, asked: MemberAsked) -> wire.Member:
    return _put(call, read_permission(asked.permission), asked.role_id)


def put_collaborator(call: RepositoryCall, asked: CollaboratorAsked) -> wire.Member:
    permission = PERMISSIONS.get(asked.permission or MemberPermission.PUSH)
    if permission not in (None, MemberPermission.CUSTOMIZED):
        return _put(call, permission, "")
    named = next((role for role in roles(call.forge, call.repository) if role.name == asked.permission), None)
    if named is None:
        raise InvalidParameter(
            "permission is {given}; it can be pull, push, admin or the name of a customized role",
            given=repr(asked.permission)[:100],
        )
    return _put(call, MemberPermission.CUSTOMIZED, named.id)


def list_collaborators(call: RepositoryCall, asked: Paged) -> Page:
    found, total = members(call.forge, call.repository, offset=asked.offset, limit=asked.limit)
    return Page([_collaborator(call, member) for member in found], total)


def get_collaborator(call: RepositoryCall, _: Nothing) -> wire.Collaborator:
    return _collaborator(call, find_member(call.forge, call.repository, _person(call)))


def delete_collaborator(call: RepositoryCall, _: Nothing) -> None:
    remove_member(call.forge, call.identity, call.repository, _person(call))


def get_permission(call: RepositoryCall, _: Nothing) -> wire.CollaboratorPermission:
    member = find_member(call.forge, call.repository, _person(call))
    user = member.user
    return wire.CollaboratorPermission(
        id=user.id,
        login=user.name,
        username=user.name,
        name=user.display_name or user.name,
        permission=_word(member.role),
        access_level=member.role.value,
        role_name=member.role.name.lower(),
        role_name_cn=_ROLES_IN_CHINESE[member.role],
        nick_name=user.display_name or user.name,
        object_id=user_id(user),
        email="",
        state="active" if user.active else "blocked",
        web_url=call.links.user(user.name),
        join_way=_join_way(member),
        source_name=_source_name(call, member),
        type=_type(member),
        permissions=_permissions(member),
    )


def list_roles(call: RepositoryCall, _: Nothing) -> list[wire.CustomizedRole]:
    return [_role(role) for role in roles(call.forge, call.repository)]


def _person(call: RepositoryCall) -> User:
    return find_person(call.forge, call.path["username"])


def _put(call: RepositoryCall, permission: MemberPermission, role_id: str) -> wire.Member:
    user = _person(call)
    set_member(call.forge, call.identity, call.repository, user, permission, customized_role_id=role_id)
    return wire.Member(
        id=str(user.id),
        login=user.name,
        name=user.display_name or user.name,
        html_url=call.links.user(user.name),
        url=call.links.api("users", user.name),
        followers_url=None,
        avatar_url="",
        remark="",
        permissions=given_permissions(permission),
    )


def given_permissions(permission: MemberPermission) -> wire.MemberPermissions:
    """What was asked for, and what it holds."""
    return wire.MemberPermissions(
        admin=permission is MemberPermission.ADMIN,
        push=permission in (MemberPermission.ADMIN, MemberPermission.PUSH),
        pull=permission in (MemberPermission.ADMIN, MemberPermission.PUSH, MemberPermission.PULL),
        customized=permission is MemberPermission.CUSTOMIZED,
    )


def _permissions(member: RepositoryMember) -> wire.MemberPermissions:
    return wire.MemberPermissions(
        admin=member.role >= Role.MAINTAINER,
        push=member.role >= Role.DEVELOPER,
        pull=member.role >= Role.REPORTER,
        customized=member.customized_role_id is not None,
    )


def _collaborator(call: RepositoryCall, member: RepositoryMember) -> wire.Collaborator:
    user = member.user
    return wire.Collaborator(
        id=str(user.id),
        username=user.name,
        login=user.name,
        name=user.display_name or user.name,
        nick_name=user.display_name or user.name,
        access_level=member.role.value,
        avatar_url="",
        web_url=call.links.user(user.name),
        state="active" if user.active else "blocked",
        join_way=_join_way(member),
        source_name=_source_name(call, member),
        type=_type(member),
        permissions=_permissions(member),
        avatar=None,
        committer_system_from=None,
        email=None,
        expires_at=None,
        iam_id=None,
        is_current_source_member=member.is_direct,
        last_owner=None,
        last_source_owner=None,
        limited=None,
        member_roles=None,
        name_cn=user.display_name or user.name,
    )


# `ag` changes and removes only whom all three call a direct member.
def _join_way(member: RepositoryMember) -> str:
    return "normal" if member.is_direct else "inherit"


def _source_name(call: RepositoryCall, member: RepositoryMember) -> str:
    return call.repository.path.name if member.is_direct else ""


def _type(member: RepositoryMember) -> str:
    return "ProjectMember" if member.is_direct else "OrganizationMember"


def _word(role: Role) -> str:
    if role >= Role.MAINTAINER:
        return "admin"
    return "write" if role >= Role.DEVELOPER else "read"


def _role(role: CustomizedRole) -> wire.CustomizedRole:
    return wire.CustomizedRole(
        role_id=role.id,
        access_level=role.access_level,
        role_name=role.name,
        role_chinese_name=role.display_name,
        role_description=role.description,
        member_count=role.member_count,
        created_at=wire.china_minute(role.created_at),
        updated_at=wire.china_minute(role.updated_at),
    )


COLLABORATOR = "/repos/{owner}/{repo}/collaborators/{username}"

ROUTES: tuple[Route, ...] = (
    repository_route(
        15,
        "GET",
        "/repos/{owner}/{repo}/transition",
        Action.SEE_SETTINGS,
        Nothing,
        get_mode,
        answer=wire.PermissionMode,
        choices="1: the roles in the organization count; 2: only those given in the repository",
    ),
    repository_route(
        16,
        "PUT",
        "/repos/{owner}/{repo}/transition",
        Action.CHANGE_MEMBER_MODE,
        ModeAsked,
        set_mode,
        answer=wire.Success,
        choices="in mode 2 the roles in the organization do not count, except those of its owners",
    ),
    repository_route(
        32,
        "PUT",
        "/repos/{owner}/{repo}/members/{username}",
        Action.MANAGE_MEMBERS,
        MemberAsked,
        put_member,
        answer=wire.Member,
        choices="adds a member or changes one; pull is reporter, push is developer, admin is maintainer; `custom` is "
        "read as `customized`; the answer has what was asked for",
    ),
    repository_route(
        34,
        "GET",
        "/repos/{owner}/{repo}/customized_roles",
        Action.SEE_MEMBERS,
        Nothing,
        list_roles,
        answer=list[wire.CustomizedRole],
        choices="roles are made with `matou role create`; each allows what the highest standard role up to its access "
        "level allows",
    ),
    repository_route(
        None,
        "GET",
        "/repos/{owner}/{repo}/collaborators",
        Action.SEE_MEMBERS,
        Paged,
        list_collaborators,
        answer=list[wire.Collaborator],
        choices="everybody who has a role that counts, wherever it was given",
    ),
    repository_route(
        None, "GET", COLLABORATOR, Action.SEE_MEMBERS, Nothing, get_collaborator, answer=wire.Collaborator
    ),
    repository_route(
        None,
        "PUT",
        COLLABORATOR,
        Action.MANAGE_MEMBERS,
        CollaboratorAsked,
        put_collaborator,
        answer=wire.Member,
        choices="as 32; a customized role is named by its name",
    ),
    repository_route(
        None,
        "DELETE",
        COLLABORATOR,
        Action.MANAGE_MEMBERS,
        Nothing,
        delete_collaborator,
        answer=None,
        status=204,
        choices="takes away what was given in the repository itself",
    ),
    repository_route(
        None,
        "GET",
        f"{COLLABORATOR}/permission",
        Action.SEE_MEMBERS,
        Nothing,
        get_permission,
        answer=wire.CollaboratorPermission,
        choices="`permission` is admin, write or read; 404 for somebody who is no member",
    ),
)
