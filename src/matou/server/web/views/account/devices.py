"""Where the account is signed in, each of which can be ended."""

from starlette.responses import Response

from matou.db.user_sessions import SessionId
from matou.forge.accounts.sessions import (
    ENDS_AFTER,
    ENDS_UNUSED_AFTER,
    end_session,
    end_sessions,
    list_sessions,
)
from matou.server.web.addresses import page_url
from matou.server.web.done import back_to, done_of
from matou.server.web.page import HtmlPage, SessionNeeded, WebRequest


def show_devices(view: WebRequest) -> HtmlPage:
    values = {
        "section": "devices",
        "devices": list_sessions(view.forge, view.account),
        "here": _here(view),
        "unused_days": ENDS_UNUSED_AFTER.days,
        "most_days": ENDS_AFTER.days,
        "done": done_of(view),
    }
    return HtmlPage("account/devices.html", values)


def end_device(view: WebRequest) -> Response:
    end_session(view.forge, view.account, SessionId(view.form.row_number("device")))
    return back_to(page_url("account", "devices"), "device-ended")


def end_other_devices(view: WebRequest) -> Response:
    end_sessions(view.forge, view.account, but=_here(view))
    return back_to(page_url("account", "devices"), "devices-ended")


def _here(view: WebRequest) -> SessionId:
    if view.visitor.session is None:
        raise SessionNeeded
    return view.visitor.session.id
