"""15, 16, 32 and 34, and `collaborators`: who has which role in one repository."""

from collections.abc import Mapping
from typing import Annotated

import msgspec

from matou.db.customized_roles import CustomizedRole
from matou.db.memberships import Role
from matou.db.repository_members import RepositoryMember
from matou.db.users import User
from matou.forge.access import MayChangeMemberMode, MayManageMembers, MaySeeMembers, MaySeeSettings
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
from matou.server.api.context import RepositoryContext
from matou.server.api.params import InvalidParameter, Nothing, PageParameters, Parameters
from matou.server.api.responses import ListPage
from matou.server.api.route import Route, repository_route
from matou.server.api.saved_rows import JsonRow
from matou.server.dialects.gitcode_v5.conversation import SERVED
from matou.server.dialects.gitcode_v5.repository_object import user_id

INHERITED, INDEPENDENT = 1, 2
PERMISSIONS = {**{one.value: one for one in MemberPermission}, "custom": MemberPermission.CUSTOMIZED}


class PermissionModeParams(Parameters, frozen=True, kw_only=True):
    """1 for the organization's members too, 2 for the repository's alone."""

    mode: Annotated[int, msgspec.Meta(ge=INHERITED, le=INDEPENDENT)]


_ROLES_IN_CHINESE = {
    Role.GUEST: "访客",
    Role.REPORTER: "报告者",
    Role.DEVELOPER: "开发者",
    Role.MAINTAINER: "维护者",
    Role.OWNER: "所有者",
}


class MemberParams(Parameters, frozen=True, kw_only=True):
    """`permission`: pull, push, admin, or customized (custom too) with `role_id`."""

    permission: str = ""
    role_id: str = ""


class CollaboratorParams(Parameters, frozen=True, kw_only=True):
    """`permission`: pull, push, admin, or the name of a customized role."""

    permission: str = ""


def get_mode(context: RepositoryContext[MaySeeSettings], _: Nothing) -> wire.PermissionMode:
    return wire.PermissionMode(mode=INDEPENDENT if context.repository.independent_members else INHERITED)


def set_mode(context: RepositoryContext[MayChangeMemberMode], params: PermissionModeParams) -> wire.Success:
    set_member_mode(context.forge, context.granted, independent=params.mode == INDEPENDENT)
    return wire.Success()


def read_permission(text: str) -> MemberPermission:
    """`push` where nothing is given. Raises InvalidParameter."""
    permission = PERMISSIONS.get(text or MemberPermission.PUSH)
    if permission is None:
        raise InvalidParameter(
            "permission is {given}; it can be {known}", given=repr(text)[:100], known=", ".join(PERMISSIONS)
        )
    return permission


def put_member(context: RepositoryContext[MayManageMembers], params: MemberParams) -> wire.GitCodeMember:
    return _put(context, read_permission(params.permission), params.role_id)


def put_collaborator(context: RepositoryContext[MayManageMembers], params: CollaboratorParams) -> wire.GitCodeMember:
    permission = PERMISSIONS.get(params.permission or MemberPermission.PUSH)
    if permission not in (None, MemberPermission.CUSTOMIZED):
        return _put(context, permission, "")
    named = next((role for role in roles(context.forge, context.granted) if role.name == params.permission), None)
    if named is None:
        raise InvalidParameter(
            "permission is {given}; it can be pull, push, admin or the name of a customized role",
            given=repr(params.permission)[:100],
        )
    return _put(context, MemberPermission.CUSTOMIZED, named.id)


def list_collaborators(context: RepositoryContext[MaySeeMembers], params: PageParameters) -> ListPage:
    saved = SERVED.saved_members(context)
    if saved is not None:
        return ListPage(saved[params.offset :][: params.limit], len(saved))
    rows, total = members(context.forge, context.granted, offset=params.offset, limit=params.limit)
    return ListPage([_collaborator(context, member) for member in rows], total)


def get_collaborator(context: RepositoryContext[MaySeeMembers], _: Nothing) -> wire.Collaborator | JsonRow:
    saved = SERVED.find_saved_member(context, context.path["username"])
    if saved is not None:
        return saved
    return _collaborator(context, find_member(context.forge, context.granted, _person(context)))


def delete_collaborator(context: RepositoryContext[MayManageMembers], _: Nothing) -> None:
    remove_member(context.forge, context.granted, _person(context))


def get_permission(context: RepositoryContext[MaySeeMembers], _: Nothing) -> wire.CollaboratorPermission | JsonRow:
    saved = SERVED.find_saved_member(context, context.path["username"])
    if saved is not None:
        return {**saved, "permission": _saved_word(saved["permissions"])}
    member = find_member(context.forge, context.granted, _person(context))
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
        web_url=context.links.user(user.name),
        join_way=_join_way(member),
        source_name=_source_name(context, member),
        type=_type(member),
        permissions=_permissions(member),
    )


def list_roles(context: RepositoryContext[MaySeeMembers], _: Nothing) -> list[wire.GitCodeCustomizedRole]:
    return [_role(role) for role in roles(context.forge, context.granted)]


def _person(context: RepositoryContext[MaySeeMembers]) -> User:
    return find_person(context.forge, context.path["username"])


def _put(
    context: RepositoryContext[MayManageMembers], permission: MemberPermission, role_id: str
) -> wire.GitCodeMember:
    user = _person(context)
    set_member(context.forge, context.granted, user, permission, customized_role_id=role_id)
    return wire.GitCodeMember(
        id=str(user.id),
        login=user.name,
        name=user.display_name or user.name,
        html_url=context.links.user(user.name),
        url=context.links.api("users", user.name),
        followers_url=None,
        avatar_url="",
        remark="",
        permissions=read_permissions(permission),
    )


def read_permissions(permission: MemberPermission) -> wire.MemberPermissions:
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


def _collaborator(context: RepositoryContext[MaySeeMembers], member: RepositoryMember) -> wire.Collaborator:
    user = member.user
    return wire.Collaborator(
        id=str(user.id),
        username=user.name,
        login=user.name,
        name=user.display_name or user.name,
        nick_name=user.display_name or user.name,
        access_level=member.role.value,
        avatar_url="",
        web_url=context.links.user(user.name),
        state="active" if user.active else "blocked",
        join_way=_join_way(member),
        source_name=_source_name(context, member),
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


def _source_name(context: RepositoryContext[MaySeeMembers], member: RepositoryMember) -> str:
    return context.repository.path.name if member.is_direct else ""


def _type(member: RepositoryMember) -> str:
    return "ProjectMember" if member.is_direct else "OrganizationMember"


def _saved_word(permissions: object) -> str:
    granted = permissions if isinstance(permissions, Mapping) else {}
    return "admin" if granted.get("admin") else "write" if granted.get("push") else "read"


def _word(role: Role) -> str:
    if role >= Role.MAINTAINER:
        return "admin"
    return "write" if role >= Role.DEVELOPER else "read"


def _role(role: CustomizedRole) -> wire.GitCodeCustomizedRole:
    return wire.GitCodeCustomizedRole(
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
        "GET",
        "/repos/{owner}/{repo}/transition",
        MaySeeSettings,
        Nothing,
        get_mode,
        section=15,
        answer=wire.PermissionMode,
        choices="1: the roles in the organization count; 2: only those given in the repository",
    ),
    repository_route(
        "PUT",
        "/repos/{owner}/{repo}/transition",
        MayChangeMemberMode,
        PermissionModeParams,
        set_mode,
        section=16,
        answer=wire.Success,
        choices="in mode 2 the roles in the organization do not count, except those of its owners",
    ),
    repository_route(
        "PUT",
        "/repos/{owner}/{repo}/members/{username}",
        MayManageMembers,
        MemberParams,
        put_member,
        section=32,
        answer=wire.GitCodeMember,
        choices="adds a member or changes one; pull is reporter, push is developer, admin is maintainer; `custom` is "
        "read as `customized`; the answer has what was asked for",
    ),
    repository_route(
        "GET",
        "/repos/{owner}/{repo}/customized_roles",
        MaySeeMembers,
        Nothing,
        list_roles,
        section=34,
        answer=list[wire.GitCodeCustomizedRole],
        choices="roles are made with `matou role create`; each allows what the highest standard role up to its access "
        "level allows",
    ),
    repository_route(
        "GET",
        "/repos/{owner}/{repo}/collaborators",
        MaySeeMembers,
        PageParameters,
        list_collaborators,
        answer=list[wire.Collaborator],
        choices="everybody who has a role that counts, wherever it was given; of what was saved with its members, "
        "those at the platform",
    ),
    repository_route("GET", COLLABORATOR, MaySeeMembers, Nothing, get_collaborator, answer=wire.Collaborator),
    repository_route(
        "PUT",
        COLLABORATOR,
        MayManageMembers,
        CollaboratorParams,
        put_collaborator,
        answer=wire.GitCodeMember,
        choices="as 32; a customized role is named by its name",
    ),
    repository_route(
        "DELETE",
        COLLABORATOR,
        MayManageMembers,
        Nothing,
        delete_collaborator,
        answer=None,
        status=204,
        choices="takes away what was given in the repository itself",
    ),
    repository_route(
        "GET",
        f"{COLLABORATOR}/permission",
        MaySeeMembers,
        Nothing,
        get_permission,
        answer=wire.CollaboratorPermission,
        choices="`permission` is admin, write or read; 404 for somebody who is no member",
    ),
)
