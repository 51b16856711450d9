"""Keys of SSH of the account that is signed in, and the key by which the server is known there."""

from collections.abc import Mapping

from starlette.responses import Response

from matou.credentials.ssh_public_keys import SshPublicKey, read_ssh_public_key
from matou.db.ssh_keys import SshKey
from matou.errors import Conflict, Invalid
from matou.forge.accounts.ssh_keys import add_ssh_key, remove_ssh_key, ssh_keys
from matou.server.web.addresses import page_url
from matou.server.web.done import back_to, done_of
from matou.server.web.page import HtmlPage, WebRequest
from matou.server.web.views.account.profile import NO_FAULTS, UNUSABLE


def show_ssh_keys(view: WebRequest) -> HtmlPage:
    return _page(view)


def add_key_of_ssh(view: WebRequest) -> HtmlPage | Response:
    try:
        add_ssh_key(view.forge, view.account, view.form.text("key"), view.form.text("title"))
    except (Invalid, Conflict) as error:
        return _page(view, {"key": error.fact}, UNUSABLE)
    return back_to(page_url("account", "ssh-keys"), "key-added")


def remove_key_of_ssh(view: WebRequest) -> Response:
    remove_ssh_key(view.forge, view.account, view.form.row_number("key"))
    return back_to(page_url("account", "ssh-keys"), "key-removed")


def _page(view: WebRequest, faults: Mapping[str, str] = NO_FAULTS, status: int = 200) -> HtmlPage:
    ssh, typed = view.state.ssh, view.form.text("key")
    values = {
        "section": "ssh-keys",
        "keys": [(key, _read(key)) for key in ssh_keys(view.forge, view.account)],
        # A private key that was pasted is not sent back.
        "typed": typed if faults and "PRIVATE" not in typed else "",
        "title": view.form.text("title") if faults else "",
        "fingerprint": None if ssh is None else ssh.fingerprint,
        "known_hosts": None if ssh is None else ssh.known_hosts_line(view.base),
        "faults": faults,
        "done": done_of(view),
    }
    return HtmlPage("account/ssh_keys.html", values, status)


def _read(key: SshKey) -> SshPublicKey:
    return read_ssh_public_key(key.public_key)
