"""Keys with which machines come to one repository by SSH, as nobody in particular."""

from collections.abc import Mapping

from starlette.responses import Response

from matou.credentials.ssh_public_keys import read_ssh_public_key
from matou.db.repositories import Repository
from matou.errors import Conflict, Invalid, NotFound
from matou.forge.access import Authorized, MayManageMembers, MaySee, authorize
from matou.forge.accounts.ssh_keys import add_deploy_key, deploy_keys, remove_deploy_key
from matou.server.web.addresses import subject_url
from matou.server.web.done import back_to, done_of
from matou.server.web.page import HtmlPage, WebRequest
from matou.server.web.views.account.profile import NO_FAULTS, UNUSABLE


def show_deploy_keys(view: WebRequest, granted: Authorized[Repository, MaySee]) -> HtmlPage:
    return _page(view, _managing(view, granted))


def change_deploy_keys(view: WebRequest, granted: Authorized[Repository, MaySee], word: str) -> HtmlPage | Response:
    """Raises NotFound where there is no such change, or no such key; Refused where this account may not."""
    managing, form = _managing(view, granted), view.form
    back = subject_url(granted.subject.path, "settings", "deploy-keys")
    if word == "remove":
        remove_deploy_key(view.forge, managing, form.row_number("key"))
        return back_to(back, "key-removed")
    if word != "add":
        raise NotFound("there is nothing here")
    try:
        add_deploy_key(view.forge, managing, form.text("key"), form.text("title"), writes="writes" in form)
    except (Invalid, Conflict) as error:
        return _page(view, managing, {"key": error.fact}, UNUSABLE)
    return back_to(back, "key-added")


def _managing(view: WebRequest, granted: Authorized[Repository, MaySee]) -> Authorized[Repository, MayManageMembers]:
    return authorize(view.forge, view.account.identity, MayManageMembers, granted.subject)


def _page(
    view: WebRequest,
    managing: Authorized[Repository, MayManageMembers],
    faults: Mapping[str, str] = NO_FAULTS,
    status: int = 200,
) -> HtmlPage:
    typed = view.form.text("key")
    values = {
        "repository": managing.subject,
        "section": "deploy-keys",
        "keys": [(key, read_ssh_public_key(key.public_key)) for key in deploy_keys(view.forge, managing)],
        # A private key that was pasted is not sent back.
        "typed": typed if faults and "PRIVATE" not in typed else "",
        "title": view.form.text("title") if faults else "",
        "writes": bool(faults) and "writes" in view.form,
        "faults": faults,
        "done": done_of(view),
    }
    return HtmlPage("settings/deploy_keys.html", values, status)
