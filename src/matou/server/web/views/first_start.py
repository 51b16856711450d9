"""An empty server explains itself: the first account, then a source, then what happens every night.

The first account is made here with the code that the server wrote where it was started. Backups are made by the
command line, whose exact commands stand here: a token typed into a page would go over the network, and a run has its
report at a terminal.
"""

from collections.abc import Mapping
from typing import Final

from starlette.responses import RedirectResponse, Response

from matou.credentials import Secret
from matou.errors import MatouError, NotFound, Phrase, TryLater
from matou.forge.accounts.first_account import NotTheFirst, WrongCode, is_first_start, make_first_account
from matou.forge.accounts.users import NameTaken, WeakPassword
from matou.model.names import InvalidName
from matou.platforms.registry import PLATFORMS, SOURCES
from matou.server.web.addresses import page_url
from matou.server.web.page import HtmlPage, WebRequest
from matou.server.web.sessions import form_cookie, session_cookie
from matou.server.web.views.account.profile import NO_FAULTS, UNUSABLE

_DIFFERENT = Phrase("the two passwords differ")
_TOO_MANY: Final = 429
_FIELD_OF: Final[tuple[tuple[type[MatouError], str], ...]] = (
    (WrongCode, "code"),
    (TryLater, "code"),
    (WeakPassword, "password"),
    (NameTaken, "name"),
    (InvalidName, "name"),
)


def show_first_start(view: WebRequest, words: tuple[str, ...]) -> HtmlPage | Response:
    """The form for the first account, and after it the commands, for whoever is signed in."""
    if words:
        raise NotFound("there is nothing here")
    if not is_first_start(view.forge) and view.visitor.session is None:
        return RedirectResponse(page_url("sign-in"), 303)
    return _page(view)


def make_account(view: WebRequest, words: tuple[str, ...]) -> HtmlPage | Response:
    if words:
        raise NotFound("there is nothing here")
    form = view.form
    if form.text("password") != form.text("again"):
        return _page(view, {"again": _DIFFERENT}, UNUSABLE)
    try:
        started = make_first_account(
            view.forge,
            form.text("code"),
            form.text("name").strip(),
            Secret(form.text("password")),
            email=form.text("email").strip(),
            browser=view.browser,
            address=view.client,
        )
    except NotTheFirst:
        return RedirectResponse(page_url("sign-in"), 303)
    except tuple(kind for kind, _ in _FIELD_OF) as error:
        field = next(name for kind, name in _FIELD_OF if isinstance(error, kind))
        return _page(view, {field: error.fact}, _TOO_MANY if isinstance(error, TryLater) else UNUSABLE)
    response = RedirectResponse(page_url("first-start"), 303)
    response.raw_headers.append(session_cookie(view.visitor, started))
    return response


def _page(view: WebRequest, faults: Mapping[str, str] = NO_FAULTS, status: int = 200) -> HtmlPage:
    is_first, is_administrator = is_first_start(view.forge), view.is_administrator
    values = {
        "is_first": is_first,
        "faults": faults,
        "sources": [(name, PLATFORMS[name].address) for name in SOURCES if PLATFORMS[name].address],
        "root": str(view.forge.archive.root) if is_administrator else "DIR",
    }
    return HtmlPage("first_start.html", values, status, headers=form_cookie(view.visitor))
