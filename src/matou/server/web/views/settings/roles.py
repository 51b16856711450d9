"""Roles that are made for one repository beside the standard ones: each may what the greatest standard role does."""

from collections.abc import Mapping
from typing import Final

from starlette.responses import Response

from matou.db.memberships import Role
from matou.db.repositories import Repository
from matou.errors import Conflict, Invalid, NotFound, Phrase
from matou.forge.access import Action, Authorized, MayManageMembers, MaySee, MaySeeMembers, authorize, may
from matou.forge.repositories.customized_roles import (
    LONGEST_DESCRIPTION,
    LONGEST_NAME,
    InvalidRole,
    create_role,
    delete_role,
    roles,
    standard_role,
)
from matou.i18n import localize
from matou.server.web.addresses import subject_url
from matou.server.web.done import back_to, done_of
from matou.server.web.page import HtmlPage, WebRequest
from matou.server.web.views.account.profile import NO_FAULTS, UNUSABLE
from matou.server.web.views.settings.members import ROLES

_NOTHING: Final = Phrase("there is nothing here")
_LONGEST_DIGITS: Final = 4


def show_roles(view: WebRequest, granted: Authorized[Repository, MaySee]) -> HtmlPage:
    return _page(view, granted)


def change_roles(view: WebRequest, granted: Authorized[Repository, MaySee], word: str) -> HtmlPage | Response:
    """Raises NotFound where there is no such change; Refused where this account may not."""
    managing = authorize(view.forge, view.account.identity, MayManageMembers, granted.subject)
    match word:
        case "add":
            return _add(view, granted, managing)
        case "delete":
            return _delete(view, granted, managing)
    raise NotFound(_NOTHING)


def _add(
    view: WebRequest, granted: Authorized[Repository, MaySee], managing: Authorized[Repository, MayManageMembers]
) -> HtmlPage | Response:
    form, level = view.form, view.form.text("access_level").strip()
    is_number = level.isascii() and level.isdigit() and len(level) < _LONGEST_DIGITS
    try:
        create_role(
            view.forge,
            managing,
            form.text("name").strip(),
            access_level=int(level) if is_number else 0,
            display_name=form.text("display_name").strip(),
            description=form.text("description").strip(),
        )
    except (Invalid, Conflict) as error:
        return _page(
            view, granted, {"access_level" if isinstance(error, InvalidRole) else "name": error.fact}, UNUSABLE
        )
    return back_to(_address(granted), "added")


def _delete(
    view: WebRequest, granted: Authorized[Repository, MaySee], managing: Authorized[Repository, MayManageMembers]
) -> HtmlPage | Response:
    try:
        delete_role(view.forge, managing, view.form.text("role"))
    except Conflict:
        return _page(view, granted, {"": _IN_USE}, UNUSABLE)
    return back_to(_address(granted), "deleted")


_IN_USE: Final = Phrase("somebody has this role; give them another one first")


def _address(granted: Authorized[Repository, MaySee]) -> str:
    return subject_url(granted.subject.path, "settings", "roles")


def _page(
    view: WebRequest,
    granted: Authorized[Repository, MaySee],
    faults: Mapping[str, str] = NO_FAULTS,
    status: int = 200,
) -> HtmlPage:
    seen = authorize(view.forge, view.account.identity, MaySeeMembers, granted.subject)
    values = {
        "repository": granted.subject,
        "section": "roles",
        "roles": [(role, localize(ROLES[standard_role(role)])) for role in roles(view.forge, seen)],
        "levels": [(each.value, localize(ROLES[each])) for each in Role if each is not Role.OWNER],
        "most_level": Role.OWNER.value - 1,
        "longest_name": LONGEST_NAME,
        "longest_description": LONGEST_DESCRIPTION,
        "may_manage": may(view.forge, view.identity, Action.MANAGE_MEMBERS, granted.subject),
        "faults": faults,
        "done": done_of(view),
    }
    return HtmlPage("settings/roles.html", values, status)
