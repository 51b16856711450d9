"""Signing keys of the account that is signed in."""

from collections.abc import Mapping

from starlette.responses import Response

from matou.errors import Conflict, Invalid
from matou.forge.accounts.signing_keys import (
    add_signing_key,
    remove_signing_key,
    signing_keys,
)
from matou.git.operations.signatures import read_certificate
from matou.server.web.addresses import page_url
from matou.server.web.done import back_to, done_of
from matou.server.web.page import HtmlPage, WebRequest
from matou.server.web.views.account.profile import NO_FAULTS, UNUSABLE


def show_keys(view: WebRequest) -> HtmlPage:
    return _page(view)


def add_key(view: WebRequest) -> HtmlPage | Response:
    try:
        add_signing_key(view.forge, view.account, view.form.text("key"))
    except (Invalid, Conflict) as error:
        return _page(view, {"key": error.fact}, UNUSABLE)
    return back_to(page_url("account", "keys"), "key-added")


def remove_key(view: WebRequest) -> Response:
    remove_signing_key(view.forge, view.account, view.form.row_number("key"))
    return back_to(page_url("account", "keys"), "key-removed")


def _page(view: WebRequest, faults: Mapping[str, str] = NO_FAULTS, status: int = 200) -> HtmlPage:
    values = {
        "section": "keys",
        "keys": [(key, read_certificate(key.certificate)) for key in signing_keys(view.forge, view.account)],
        "typed": view.form.text("key") if faults else "",
        "email": view.account.subject.email,
        "faults": faults,
        "done": done_of(view),
    }
    return HtmlPage("account/keys.html", values, status)
