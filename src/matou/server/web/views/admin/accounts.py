"""Accounts, as administrators make, change and end them."""

from collections.abc import Mapping
from typing import Final

from starlette.responses import Response

from matou.credentials import Secret
from matou.db.tokens import TokenId
from matou.db.users import User
from matou.errors import Conflict, MatouError, NotFound, Phrase, Refused
from matou.forge.access import Authorized, MayManageAccount
from matou.forge.accounts import administration
from matou.forge.accounts.administration import find_account, list_accounts
from matou.forge.accounts.members import memberships_of
from matou.forge.accounts.sessions import end_sessions, list_sessions
from matou.forge.accounts.tokens import list_tokens, revoke_token
from matou.forge.accounts.users import NameTaken, WeakPassword, set_email, set_password
from matou.model.names import InvalidName
from matou.server.web.addresses import page_url
from matou.server.web.confirmation import fault_of_confirmation
from matou.server.web.done import back_to, done_of
from matou.server.web.page import PER_PAGE, HtmlPage, Paging, WebRequest
from matou.server.web.views.account.profile import NO_FAULTS, UNUSABLE

_UNKNOWN: Final = Phrase("there is nothing here")
_FIELD_OF: Final[tuple[tuple[type[MatouError], str], ...]] = (
    (WeakPassword, "password"),
    (NameTaken, "name"),
    (InvalidName, "name"),
)


def show_accounts(view: WebRequest) -> HtmlPage:
    return _list(view)


def add_account(view: WebRequest) -> HtmlPage | Response:
    form, password = view.form, view.form.text("password")
    try:
        made = administration.add_account(
            view.forge,
            view.administrator,
            form.text("name").strip(),
            email=form.text("email").strip(),
            display_name=form.text("display_name").strip(),
            password=Secret(password) if password else None,
            admin="admin" in form,
        )
    except (WeakPassword, NameTaken, InvalidName) as error:
        field = next(name for kind, name in _FIELD_OF if isinstance(error, kind))
        return _list(view, {field: error.fact}, UNUSABLE)
    return back_to(page_url("admin", "accounts", made.name), "added")


def show_account(view: WebRequest, name: str) -> HtmlPage:
    return _one(view, find_account(view.forge, view.administrator, name))


def change_account(view: WebRequest, name: str, change: str) -> HtmlPage | Response:
    """Raises NotFound where there is no such change."""
    account = find_account(view.forge, view.administrator, name)
    if change not in _CHANGES:
        raise NotFound(_UNKNOWN)
    return _CHANGES[change](view, account)


def _give_password(view: WebRequest, account: Authorized[User, MayManageAccount]) -> HtmlPage | Response:
    try:
        set_password(view.forge, account, Secret(view.form.text("password")))
    except WeakPassword as error:
        return _one(view, account, {"password": error.fact}, UNUSABLE)
    return _back(account, "password-given")


def _set_email(view: WebRequest, account: Authorized[User, MayManageAccount]) -> HtmlPage | Response:
    try:
        set_email(view.forge, account, view.form.text("email").strip())
    except (InvalidName, NameTaken) as error:
        return _one(view, account, {"email": error.fact}, UNUSABLE)
    return _back(account, "saved")


def _set_active(view: WebRequest, account: Authorized[User, MayManageAccount]) -> HtmlPage | Response:
    active = view.form.text("active") == "1"
    try:
        administration.set_account_active(view.forge, account, active=active)
    except Refused as error:
        return _one(view, account, {"": error.fact}, UNUSABLE)
    return _back(account, "enabled" if active else "disabled")


def _set_admin(view: WebRequest, account: Authorized[User, MayManageAccount]) -> HtmlPage | Response:
    admin = view.form.text("admin") == "1"
    try:
        administration.set_account_admin(view.forge, view.administrator, account, admin=admin)
    except Refused as error:
        return _one(view, account, {"": error.fact}, UNUSABLE)
    return _back(account, "saved")


def _sign_out(view: WebRequest, account: Authorized[User, MayManageAccount]) -> Response:
    end_sessions(view.forge, account)
    return _back(account, "signed-out")


def _revoke(view: WebRequest, account: Authorized[User, MayManageAccount]) -> Response:
    revoke_token(view.forge, account, TokenId(view.form.row_number("token")))
    return _back(account, "token-revoked")


def _delete(view: WebRequest, account: Authorized[User, MayManageAccount]) -> HtmlPage | Response:
    fault = fault_of_confirmation(view.form, account.subject.name)
    if fault:
        return _one(view, account, {"confirm": fault}, UNUSABLE)
    try:
        administration.delete_account(view.forge, account)
    except (Conflict, Refused) as error:
        return _one(view, account, {"": error.fact}, UNUSABLE)
    return back_to(page_url("admin", "accounts"), "deleted")


_CHANGES: Final = {
    "password": _give_password,
    "email": _set_email,
    "active": _set_active,
    "admin": _set_admin,
    "sign-out": _sign_out,
    "revoke": _revoke,
    "delete": _delete,
}


def _back(account: Authorized[User, MayManageAccount], done: str) -> Response:
    return back_to(page_url("admin", "accounts", account.subject.name), done)


def _list(view: WebRequest, faults: Mapping[str, str] = NO_FAULTS, status: int = 200) -> HtmlPage:
    wanted = view.query.get("q", "").strip().casefold()[:100]
    found = [
        user
        for user in list_accounts(view.forge, view.administrator)
        if wanted in f"{user.name}\n{user.display_name}\n{user.email}".casefold()
    ]
    values = {
        "section": "accounts",
        "accounts": found[view.offset : view.offset + PER_PAGE],
        "paging": Paging(view.number, len(found)),
        "wanted": wanted,
        "faults": faults,
        "done": done_of(view),
    }
    return HtmlPage("admin/accounts.html", values, status)


def _one(
    view: WebRequest,
    account: Authorized[User, MayManageAccount],
    faults: Mapping[str, str] = NO_FAULTS,
    status: int = 200,
) -> HtmlPage:
    own = view.account.subject.id
    values = {
        "section": "accounts",
        "account": account.subject,
        "is_own": account.subject.id == own,
        "tokens": list_tokens(view.forge, account),
        "sessions": list_sessions(view.forge, account),
        "roles": [(str(path), role.name.lower()) for path, role in memberships_of(view.forge, account.subject)],
        "faults": faults,
        "done": done_of(view),
    }
    return HtmlPage("admin/account.html", values, status)
