"""Name, password, language and theme of the account that is signed in."""

from collections.abc import Mapping
from typing import Final

from starlette.responses import Response

from matou.credentials import Secret
from matou.errors import Phrase, TryLater
from matou.forge.accounts.sessions import change_own_password
from matou.forge.accounts.users import LONGEST_DISPLAY_NAME, WeakPassword, WrongPassword, set_display_name
from matou.model.names import InvalidName
from matou.server.web.addresses import page_url
from matou.server.web.done import back_to, done_of
from matou.server.web.page import HtmlPage, WebRequest
from matou.server.web.sessions import session_cookie

NO_FAULTS: Final[Mapping[str, str]] = {}
UNUSABLE: Final = 422
_TOO_MANY: Final = 429
_DIFFERENT = Phrase("the two passwords differ")


def show_profile(view: WebRequest) -> HtmlPage:
    return _page(view)


def change_display_name(view: WebRequest) -> HtmlPage | Response:
    try:
        set_display_name(view.forge, view.account, view.form.text("display_name"))
    except InvalidName as error:
        return _page(view, {"display_name": error.fact}, UNUSABLE)
    return back_to(page_url("account"), "saved")


def change_password(view: WebRequest) -> HtmlPage | Response:
    password = view.form.text("password")
    if password != view.form.text("again"):
        return _page(view, {"again": _DIFFERENT}, UNUSABLE)
    try:
        started = change_own_password(
            view.forge,
            view.account,
            Secret(password),
            current=Secret(view.form.text("current")),
            browser=view.browser,
            address=view.client,
        )
    except WrongPassword as error:
        return _page(view, {"current": error.fact}, UNUSABLE)
    except WeakPassword as error:
        return _page(view, {"password": error.fact}, UNUSABLE)
    except TryLater as error:
        return _page(view, {"current": error.fact}, _TOO_MANY)
    response = back_to(page_url("account"), "password")
    response.raw_headers.append(session_cookie(view.visitor, started))
    return response


def _page(view: WebRequest, faults: Mapping[str, str] = NO_FAULTS, status: int = 200) -> HtmlPage:
    values = {
        "section": "",
        "user": view.account.subject,
        "longest_name": LONGEST_DISPLAY_NAME,
        "preferences": view.visitor.preferences,
        "faults": faults,
        "done": done_of(view),
    }
    return HtmlPage("account/profile.html", values, status)
