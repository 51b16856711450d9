"""The pages and forms of an account, by what stands behind `/-/account/`."""

from collections.abc import Callable, Mapping
from typing import Final

from starlette.responses import Response

from matou.errors import NotFound
from matou.server.web.page import HtmlPage, WebRequest
from matou.server.web.views.account.devices import end_device, end_other_devices, show_devices
from matou.server.web.views.account.keys import add_key, remove_key, show_keys
from matou.server.web.views.account.profile import change_display_name, change_password, show_profile
from matou.server.web.views.account.ssh_keys import add_key_of_ssh, remove_key_of_ssh, show_ssh_keys
from matou.server.web.views.account.tokens import add_token, revoke, show_tokens

AccountView = Callable[[WebRequest], HtmlPage | Response]

ACCOUNT_PAGES: Final[Mapping[tuple[str, ...], AccountView]] = {
    (): show_profile,
    ("tokens",): show_tokens,
    ("keys",): show_keys,
    ("ssh-keys",): show_ssh_keys,
    ("devices",): show_devices,
}
ACCOUNT_ACTIONS: Final[Mapping[tuple[str, ...], AccountView]] = {
    ("name",): change_display_name,
    ("password",): change_password,
    ("tokens",): add_token,
    ("tokens", "revoke"): revoke,
    ("keys",): add_key,
    ("keys", "remove"): remove_key,
    ("ssh-keys",): add_key_of_ssh,
    ("ssh-keys", "remove"): remove_key_of_ssh,
    ("devices", "end"): end_device,
    ("devices", "end-others"): end_other_devices,
}


def show_account(view: WebRequest, words: tuple[str, ...]) -> HtmlPage | Response:
    return _of(ACCOUNT_PAGES, view, words)


def change_account(view: WebRequest, words: tuple[str, ...]) -> HtmlPage | Response:
    return _of(ACCOUNT_ACTIONS, view, words)


def _of(table: Mapping[tuple[str, ...], AccountView], view: WebRequest, words: tuple[str, ...]) -> HtmlPage | Response:
    if words not in table:
        raise NotFound("there is nothing here")
    return table[words](view)
