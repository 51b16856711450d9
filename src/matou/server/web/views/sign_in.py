"""Signing in and out."""

from starlette.responses import RedirectResponse, Response

from matou.credentials import Secret
from matou.errors import Phrase, TryLater
from matou.forge.accounts import sessions
from matou.forge.accounts.audit import Interface
from matou.forge.accounts.first_account import is_first_start
from matou.forge.accounts.log_ins import LogInKind, note_log_in, note_refusal
from matou.forge.accounts.sessions import StartedSession
from matou.server.web.addresses import page_url
from matou.server.web.page import HtmlPage, WebRequest
from matou.server.web.sessions import form_cookie, local_target, no_session_cookie, session_cookie

_WRONG = Phrase("the name or the password is wrong")
_TOO_MANY = 429
_REFUSED = 403
FORGET_PAGES = (b"clear-site-data", b'"cache"')
"""Nobody goes back to what the account was shown with the browser's button (W3C Clear Site Data, 3.1)."""


def show_sign_in(view: WebRequest, _words: tuple[str, ...]) -> HtmlPage | Response:
    onward = local_target(view.query.get("next", "/"))
    if view.visitor.session is not None:
        return RedirectResponse(onward, 303)
    if is_first_start(view.forge):
        return RedirectResponse(page_url("first-start"), 303)
    return _page(view, onward)


def sign_in(view: WebRequest, _words: tuple[str, ...]) -> HtmlPage | Response:
    form, onward = view.form, local_target(view.form.text("next"))
    try:
        started = sessions.sign_in(
            view.forge,
            form.text("login"),
            Secret(form.text("password")),
            browser=view.browser,
            address=view.client,
        )
    except TryLater as error:
        note_refusal(view.forge, form.text("login"), Interface.PAGES, address=view.client)
        return _page(view, onward, fault=error.fact, status=_TOO_MANY)
    if started is None:
        note_refusal(view.forge, form.text("login"), Interface.PAGES, address=view.client)
        return _page(view, onward, fault=_WRONG, status=_REFUSED)
    name = started.user.name
    note_log_in(view.forge, name, LogInKind.PASSWORD, Interface.PAGES, address=view.client)
    return signed_in(view, started, onward)


def signed_in(view: WebRequest, started: StartedSession, onward: str) -> Response:
    """Go on with a new session; one that the browser had until now ends."""
    if view.visitor.session is not None:
        sessions.end_session(view.forge, view.account, view.visitor.session.id)
    response = RedirectResponse(onward, 303)
    response.raw_headers.append(session_cookie(view.visitor, started))
    return response


def sign_out(view: WebRequest, _words: tuple[str, ...]) -> Response:
    """The session ends here and at the server: the cookie is worth nothing to whoever copied it."""
    if view.visitor.session is not None:
        sessions.end_session(view.forge, view.account, view.visitor.session.id)
    response = RedirectResponse("/", 303)
    response.raw_headers.extend((no_session_cookie(view.visitor), FORGET_PAGES))
    return response


def _page(view: WebRequest, onward: str, *, fault: str = "", status: int = 200) -> HtmlPage:
    values = {"onward": onward, "login": view.form.text("login"), "fault": fault}
    return HtmlPage("sign_in.html", values, status, headers=form_cookie(view.visitor))
