"""Who has which role in an organization, and one's own place in it."""

from msgspec.structs import replace

from matou.errors import MatouError
from matou.forge.access import Action, Scope
from matou.forge.accounts.members import NoSuchMember, add_member, remove_member, role_of
from matou.forge.accounts.signing_keys import require_own_account
from matou.forge.repositories.repository_members import ROLES, MemberPermission, find_person
from matou.platforms.gitcode import wire
from matou.server.api.context import Call
from matou.server.api.params import Nothing, Parameters
from matou.server.api.router import Route, plain_route
from matou.server.dialects.gitcode_v5.members import given_permissions, read_permission
from matou.server.dialects.gitcode_v5.organizations import membership, reach_organization, role_word
from matou.server.dialects.gitcode_v5.repository_object import user_id


class NoCustomizedRole(MatouError):
    """Customized roles are made for one repository each."""


class InviteAsked(Parameters, frozen=True, kw_only=True):
    """`permission`: pull, push or admin; push where it is not said."""

    permission: str = ""
    role_id: str = ""


def put_member(call: Call, asked: InviteAsked) -> wire.Member:
    organization = reach_organization(call, Action.ADMINISTER)
    permission = read_permission(asked.permission)
    if permission is MemberPermission.CUSTOMIZED or asked.role_id:
        raise NoCustomizedRole("an organization has no customized roles; permission can be pull, push or admin")
    user = find_person(call.forge, call.path["username"])
    add_member(call.forge, organization, user, ROLES[permission])
    return wire.Member(
        id=user_id(user),
        login=user.name,
        name=user.display_name or user.name,
        html_url=call.links.user(user.name),
        url=call.links.api("users", user.name),
        followers_url=None,
        permissions=given_permissions(permission),
    )


def delete_member(call: Call, _: Nothing) -> wire.Done:
    organization = reach_organization(call, Action.ADMINISTER)
    remove_member(call.forge, organization, find_person(call.forge, call.path["username"]))
    return wire.Done()


def show_own(call: Call, _: Nothing) -> wire.Membership:
    organization = reach_organization(call, Action.SEE)
    role = role_of(call.forge, call.user, organization)
    if role is None:
        raise NoSuchMember("{user} is not a member of {path}", user=call.user.name, path=repr(str(organization.path)))
    name = organization.display_name or organization.name
    return replace(
        membership(call, organization, call.user),
        active=True,
        role=role_word(role),
        organization=wire.MembershipOrganization(id=organization.id, login=str(organization.path), name=name),
    )


def leave(call: Call, _: Nothing) -> wire.Done:
    require_own_account(call.identity)
    remove_member(call.forge, reach_organization(call, Action.SEE), call.user)
    return wire.Done()


_READ = (Scope.PROJECT_READ, Scope.PROJECT_WRITE)
_WRITE = (Scope.PROJECT_WRITE,)
_MEMBERSHIP = "/orgs/{org}/memberships/{username}"
_OWN = "/user/memberships/orgs/{org}"

ROUTES: tuple[Route, ...] = (
    plain_route(
        None,
        "POST",
        _MEMBERSHIP,
        InviteAsked,
        put_member,
        answer=wire.Member,
        scopes=_WRITE,
        choices="for its owners; adds a member or changes one at once, nobody is asked; pull is reporter, push is "
        "developer, admin is maintainer; the last owner of an outermost one stays an owner",
    ),
    plain_route(
        None,
        "DELETE",
        _MEMBERSHIP,
        Nothing,
        delete_member,
        answer=wire.Done,
        scopes=_WRITE,
        choices="for its owners; the last owner of an outermost one stays",
    ),
    plain_route(
        None,
        "GET",
        _OWN,
        Nothing,
        show_own,
        answer=wire.Membership,
        scopes=_READ,
        choices="`role` is admin or member, wherever above it was given; 404 for whoever has none",
    ),
    plain_route(
        None,
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
