"""What a page says after a form led back to it: one word in its address, so that no link has it say anything else."""

from collections.abc import Mapping
from typing import Final

from starlette.responses import RedirectResponse

from matou.errors import Phrase
from matou.server.web.page import WebRequest

DONE: Final = "done"
_SENTENCES: Final[Mapping[str, Phrase]] = {
    "saved": Phrase("it is saved"),
    "password": Phrase("the password is changed, and you are signed out everywhere else"),
    "password-given": Phrase("the account has another password, and is signed out everywhere"),
    "token-revoked": Phrase("the token is revoked"),
    "key-added": Phrase("the key is added"),
    "key-removed": Phrase("the key is removed"),
    "device-ended": Phrase("the device is signed out"),
    "devices-ended": Phrase("all other devices are signed out"),
    "signed-out": Phrase("the account is signed out everywhere"),
    "added": Phrase("it is made"),
    "job-waits": Phrase("the job waits to be done"),
    "job-cancelled": Phrase("the job is cancelled, or asked to end where it runs"),
    "deleted": Phrase("it is deleted"),
    "enabled": Phrase("the account is enabled"),
    "disabled": Phrase("the account is disabled"),
    "role-set": Phrase("the role is given"),
    "role-removed": Phrase("the role is taken"),
    "moved": Phrase("it is moved; the old address leads here"),
    "archived": Phrase("it is archived: nobody can change it"),
    "reopened": Phrase("it can be changed again"),
}


def done_of(view: WebRequest) -> str:
    """The sentence that the address asks for; empty where it asks for none that there is."""
    return _SENTENCES.get(view.query.get(DONE, ""), "")


def back_to(address: str, done: str) -> RedirectResponse:
    """Show a page again, which says that something is done."""
    if done not in _SENTENCES:
        raise LookupError(done)
    return RedirectResponse(f"{address}?{DONE}={done}", 303)
