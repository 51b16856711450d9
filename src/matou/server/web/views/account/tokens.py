"""Tokens of the account that is signed in: made, shown once, listed, revoked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from starlette.responses import Response

from matou.db.tokens import Token, TokenId
from matou.errors import Phrase
from matou.forge.access import Scope
from matou.forge.accounts.tokens import create_token, list_tokens, revoke_token
from matou.i18n import localize
from matou.server.web.addresses import page_url
from matou.server.web.done import back_to, done_of
from matou.server.web.page import HtmlPage, WebRequest
from matou.server.web.views.account.profile import NO_FAULTS, UNUSABLE

LONGEST_NAME: Final = 100
SCOPES: Final[Mapping[Scope, Phrase]] = {
    Scope.REPOSITORY_READ: Phrase("read repositories: clone, download, look"),
    Scope.REPOSITORY_WRITE: Phrase("write repositories: push, change settings"),
    Scope.PROJECT_READ: Phrase("read projects and what is said in them"),
    Scope.PROJECT_WRITE: Phrase("change projects"),
    Scope.TEAM_READ: Phrase("read teams and their members"),
    Scope.USER_READ: Phrase("read the account's own data"),
    Scope.METRICS_READ: Phrase("read the server's metrics, for an administrator"),
}
_SUGGESTED: Final = frozenset({Scope.REPOSITORY_READ, Scope.REPOSITORY_WRITE})
LIVES: Final[Mapping[str, tuple[timedelta | None, Phrase]]] = {
    "7": (timedelta(days=7), Phrase("a week")),
    "30": (timedelta(days=30), Phrase("30 days")),
    "90": (timedelta(days=90), Phrase("90 days")),
    "365": (timedelta(days=365), Phrase("a year")),
    "never": (None, Phrase("until it is revoked")),
}
_SUGGESTED_LIFE: Final = "90"


@dataclass(frozen=True, slots=True)
class ShownToken:
    """One row of the list."""

    token: Token
    scopes: Sequence[str]
    has_expired: bool


def show_tokens(view: WebRequest) -> HtmlPage:
    return _page(view)


def add_token(view: WebRequest) -> HtmlPage:
    """The one page that shows it: it is not asked for again, and nobody has it but this browser."""
    form, name = view.form, view.form.text("name").strip()
    scopes = {scope for scope in Scope if _field_of(scope) in form}
    life = LIVES.get(form.text("life"))
    faults = _faults(name, scopes, is_life=life is not None)
    if faults or life is None:
        return _page(view, faults, UNUSABLE)
    expires_at = None if life[0] is None else view.forge.now() + life[0]
    secret = create_token(view.forge, view.account, name, scopes=scopes, expires_at=expires_at)
    return _page(view, secret=secret.reveal())


def revoke(view: WebRequest) -> HtmlPage | Response:
    revoke_token(view.forge, view.account, TokenId(view.form.row_number("token")))
    return back_to(page_url("account", "tokens"), "token-revoked")


def _faults(name: str, scopes: set[Scope], *, is_life: bool) -> Mapping[str, str]:
    faults: dict[str, str] = {}
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        faults["name"] = Phrase("a name has 1 to {most} characters, all of which can be seen", most=LONGEST_NAME)
    if not scopes:
        faults["scopes"] = Phrase("choose at least one thing that it is good for")
    if not is_life:
        faults["life"] = Phrase("choose one of these")
    return faults


def _page(view: WebRequest, faults: Mapping[str, str] = NO_FAULTS, status: int = 200, *, secret: str = "") -> HtmlPage:
    form, now, is_first = view.form, view.forge.now(), "name" not in view.form or bool(secret)
    values = {
        "section": "tokens",
        "tokens": [
            ShownToken(token, token.scopes.split(), token.expires_at is not None and token.expires_at <= now)
            for token in reversed(list_tokens(view.forge, view.account))
        ],
        "secret": secret,
        "name": "" if is_first else form.text("name"),
        "scopes": [
            (
                _field_of(scope),
                scope.value,
                localize(text),
                scope in _SUGGESTED if is_first else _field_of(scope) in form,
            )
            for scope, text in SCOPES.items()
        ],
        "lives": [(value, localize(text)) for value, (_, text) in LIVES.items()],
        "life": _SUGGESTED_LIFE if is_first else form.text("life"),
        "faults": faults,
        "done": done_of(view),
        "base": view.base,
    }
    return HtmlPage("account/tokens.html", values, status)


def _field_of(scope: Scope) -> str:
    return f"scope-{scope.value.replace(':', '-')}"
