"""Who has which role in an organization, and one's own place in it."""

from msgspec.structs import replace

from matou.errors import Invalid
from matou.forge.access import MayAdminister, MayManageAccount, MaySee, Scope, authorize_account
from matou.forge.accounts.members import NoSuchMember, add_member, leave_namespace, own_role, remove_member
from matou.forge.repositories.repository_members import ROLES, MemberPermission, find_person
from matou.platforms.gitcode import wire
from matou.server.api.context import RequestContext
from matou.server.api.params import Nothing, Parameters
from matou.server.api.route import Route, plain_route
from matou.server.api.v5.organizations import reach_organization, role_word
from matou.server.dialects.gitcode_v5.members import read_permission, read_permissions
from matou.server.dialects.gitcode_v5.organizations import membership
from matou.server.dialects.gitcode_v5.repository_object import user_id


class NoCustomizedRole(Invalid):
    """Customized roles are made for one repository each."""


class InviteMemberParams(Parameters, frozen=True, kw_only=True):
    """`permission`: pull, push or admin; push where it is not said."""

    permission: str = ""
    role_id: str = ""


def put_member(context: RequestContext, params: InviteMemberParams) -> wire.GitCodeMember:
    organization = reach_organization(context, MayAdminister)
    permission = read_permission(params.permission)
    if permission is MemberPermission.CUSTOMIZED or params.role_id:
        raise NoCustomizedRole("an organization has no customized roles; permission can be pull, push or admin")
    user = find_person(context.forge, context.path["username"])
    add_member(context.forge, organization, user, ROLES[permission])
    return wire.GitCodeMember(
        id=user_id(user),
        login=user.name,
        name=user.display_name or user.name,
        html_url=context.links.user(user.name),
        url=context.links.api("users", user.name),
        followers_url=None,
        permissions=read_permissions(permission),
    )


def delete_member(context: RequestContext, _: Nothing) -> wire.Done:
    organization = reach_organization(context, MayAdminister)
    remove_member(context.forge, organization, find_person(context.forge, context.path["username"]))
    return wire.Done()


def show_own(context: RequestContext, _: Nothing) -> wire.Membership:
    organization = reach_organization(context, MaySee).subject
    role = own_role(context.forge, context.identity, organization)
    if role is None:
        raise NoSuchMember(
            "{user} is not a member of {path}", user=context.user.name, path=repr(str(organization.path))
        )
    name = organization.display_name or organization.name
    return replace(
        membership(context, organization, context.user),
        active=True,
        role=role_word(role),
        organization=wire.MembershipOrganization(id=organization.id, login=str(organization.path), name=name),
    )


def leave(context: RequestContext, _: Nothing) -> wire.Done:
    account = authorize_account(context.identity, MayManageAccount, context.user)
    leave_namespace(context.forge, reach_organization(context, MaySee), account)
    return wire.Done()


_READ = (Scope.PROJECT_READ, Scope.PROJECT_WRITE)
_WRITE = (Scope.PROJECT_WRITE,)
_MEMBERSHIP = "/orgs/{org}/memberships/{username}"
_OWN = "/user/memberships/orgs/{org}"

ROUTES: tuple[Route, ...] = (
    plain_route(
        "POST",
        _MEMBERSHIP,
        InviteMemberParams,
        put_member,
        answer=wire.GitCodeMember,
        scopes=_WRITE,
        choices="for its owners; adds a member or changes one at once, nobody is asked; pull is reporter, push is "
        "developer, admin is maintainer; the last owner of an outermost one stays an owner",
    ),
    plain_route(
        "DELETE",
        _MEMBERSHIP,
        Nothing,
        delete_member,
        answer=wire.Done,
        scopes=_WRITE,
        choices="for its owners; the last owner of an outermost one stays",
    ),
    plain_route(
        "GET",
        _OWN,
        Nothing,
        show_own,
        answer=wire.Membership,
        scopes=_READ,
        choices="`role` is admin or member, wherever above it was given; 404 for whoever has none",
    ),
    plain_route(
        "DELETE",
        _OWN,
        Nothing,
        leave,
        answer=wire.Done,
        scopes=_WRITE,
        choices="gives back the role that was given in exactly this namespace; the last owner of an outermost one "
        "stays",
    ),
)
