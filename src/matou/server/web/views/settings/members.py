"""Who has which role in a repository or a namespace."""

from collections.abc import Mapping
from typing import Final

from starlette.responses import Response

from matou.db.memberships import Role
from matou.db.namespaces import Namespace
from matou.db.repositories import Repository
from matou.errors import Conflict, Invalid, NotFound, Phrase
from matou.forge.access import (
    Action,
    Authorized,
    MayAdminister,
    MayChangeMemberMode,
    MayManageMembers,
    MaySee,
    MaySeeMembers,
    authorize,
    may,
)
from matou.forge.accounts import members as of_namespace
from matou.forge.repositories import repository_members as of_repository
from matou.forge.repositories.customized_roles import NoSuchCustomizedRole, roles
from matou.forge.repositories.repository_members import MemberPermission, MissingCustomizedRole, find_person
from matou.i18n import localize
from matou.server.web.addresses import subject_url
from matou.server.web.done import back_to, done_of
from matou.server.web.page import PER_PAGE, HtmlPage, Paging, WebRequest
from matou.server.web.views.account.profile import NO_FAULTS, UNUSABLE

_NOTHING: Final = Phrase("there is nothing here")
_CHOOSE: Final = Phrase("choose one of these")
ROLES: Final[Mapping[Role, Phrase]] = {
    Role.GUEST: Phrase("guest: sees that it is there"),
    Role.REPORTER: Phrase("reporter: reads the code and what was said"),
    Role.DEVELOPER: Phrase("developer: pushes"),
    Role.MAINTAINER: Phrase("maintainer: changes settings"),
    Role.OWNER: Phrase("owner: may do everything"),
}
PERMISSIONS: Final[Mapping[MemberPermission, Phrase]] = {
    MemberPermission.PULL: Phrase("reads the code and what was said"),
    MemberPermission.PUSH: Phrase("pushes as well"),
    MemberPermission.ADMIN: Phrase("changes settings as well"),
}


def show_repository_members(view: WebRequest, granted: Authorized[Repository, MaySee]) -> HtmlPage:
    return _page_of_repository(view, granted)


def change_repository_members(
    view: WebRequest, granted: Authorized[Repository, MaySee], word: str
) -> HtmlPage | Response:
    """Raises NotFound where there is no such change; Refused where this account may not."""
    repository, identity, form = granted.subject, view.account.identity, view.form
    back = subject_url(repository.path, "settings", "members")
    if word == "mode":
        choosing = authorize(view.forge, identity, MayChangeMemberMode, repository)
        of_repository.set_member_mode(view.forge, choosing, independent="independent" in form)
        return back_to(back, "saved")
    managing = authorize(view.forge, identity, MayManageMembers, repository)
    try:
        person = find_person(view.forge, form.text("person").strip())
        if word == "set":
            chosen = form.text("permission")
            is_standard = chosen in {each.value for each in PERMISSIONS}
            permission = MemberPermission(chosen) if is_standard else MemberPermission.CUSTOMIZED
            of_repository.set_member(view.forge, managing, person, permission, customized_role_id=chosen)
            return back_to(back, "role-set")
        if word == "remove":
            of_repository.remove_member(view.forge, managing, person)
            return back_to(back, "role-removed")
    except (NoSuchCustomizedRole, MissingCustomizedRole):
        return _page_of_repository(view, granted, {"permission": _CHOOSE}, UNUSABLE)
    except (Invalid, Conflict, NotFound) as error:
        return _page_of_repository(view, granted, {"person": error.fact}, UNUSABLE)
    raise NotFound(_NOTHING)


def change_namespace_members(
    view: WebRequest, granted: Authorized[Namespace, MaySee], word: str
) -> HtmlPage | Response:
    """Raises as `change_repository_members`."""
    namespace, identity, form = granted.subject, view.account.identity, view.form
    administering = authorize(view.forge, identity, MayAdminister, namespace)
    back = subject_url(namespace.path, "settings", "members")
    try:
        person = find_person(view.forge, form.text("person").strip())
        if word == "set":
            role = _role(form.text("role"))
            if role is None:
                return page_of_namespace(view, granted, {"role": _CHOOSE}, UNUSABLE)
            of_namespace.add_member(view.forge, administering, person, role)
            return back_to(back, "role-set")
        if word == "remove":
            of_namespace.remove_member(view.forge, administering, person)
            return back_to(back, "role-removed")
    except (Invalid, Conflict, NotFound) as error:
        return page_of_namespace(view, granted, {"person": error.fact}, UNUSABLE)
    raise NotFound(_NOTHING)


def page_of_namespace(
    view: WebRequest,
    granted: Authorized[Namespace, MaySee],
    faults: Mapping[str, str] = NO_FAULTS,
    status: int = 200,
) -> HtmlPage:
    seen = authorize(view.forge, view.account.identity, MaySeeMembers, granted.subject)
    listed, total = of_namespace.members(view.forge, seen, offset=view.offset, limit=PER_PAGE)
    values = {
        "namespace": granted.subject,
        "section": "members",
        "members": [(one.user, localize(ROLES[one.role]), one.created_at) for one in listed],
        "paging": Paging(view.number, total),
        "roles": [(str(role.value), localize(text)) for role, text in ROLES.items()],
        "may_manage": may(view.forge, view.identity, Action.ADMINISTER, granted.subject),
        "faults": faults,
        "done": done_of(view),
    }
    return HtmlPage("settings/namespace_members.html", values, status)


def _page_of_repository(
    view: WebRequest,
    granted: Authorized[Repository, MaySee],
    faults: Mapping[str, str] = NO_FAULTS,
    status: int = 200,
) -> HtmlPage:
    seen = authorize(view.forge, view.account.identity, MaySeeMembers, granted.subject)
    listed, total = of_repository.members(view.forge, seen, offset=view.offset, limit=PER_PAGE)
    names = {role.id: role.display_name for role in roles(view.forge, seen)}
    values = {
        "repository": granted.subject,
        "section": "members",
        "members": [
            (one.user, names.get(one.customized_role_id or "", localize(ROLES[one.role])), one.is_direct)
            for one in listed
        ],
        "paging": Paging(view.number, total),
        "permissions": [*((each.value, localize(text)) for each, text in PERMISSIONS.items()), *names.items()],
        "may_manage": may(view.forge, view.identity, Action.MANAGE_MEMBERS, granted.subject),
        "may_choose_mode": may(view.forge, view.identity, Action.CHANGE_MEMBER_MODE, granted.subject),
        "faults": faults,
        "done": done_of(view),
    }
    return HtmlPage("settings/repository_members.html", values, status)


def _role(text: str) -> Role | None:
    return next((role for role in Role if str(role.value) == text), None)
