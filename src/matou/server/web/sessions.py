"""Who looks at a page, and what proves that a form came from a page of ours.

A page goes by the Authorization header as everything does, and without one by the cookie of a session. Git, LFS and the
REST APIs never read the cookie: what a page of another site makes a browser send to them comes without any right.

Each form brings a token that is derived from the session's secret, or before there is a session (signing in changes who
somebody is, too) from the secret of a cookie that the form's page sets. It stands beside what the browser says of where
a request comes from (`server/cross_site.py`), which old browsers do not say.
"""

import hashlib
import hmac
import re
import secrets
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import unquote

from starlette.requests import Request

from matou.credentials import Secret
from matou.db.user_preferences import UserPreferences
from matou.db.user_sessions import UserSession
from matou.errors import Refused
from matou.forge.access import ANONYMOUS, Identity, MaySeeAccount, authorize_account
from matou.forge.accounts.preferences import read_preferences
from matou.forge.accounts.sessions import ENDS_AFTER, StartedSession, find_session
from matou.server.authentication import identify, read_credential
from matou.server.origin import base_url, client_address
from matou.server.state import ServerState
from matou.server.streaming import Header
from matou.server.watch.requests import note_user

SESSION_COOKIE = "matou"
FORM_COOKIE = "matou-form"
ONLY_HERE = "__Host-"
"""Before a cookie's name: the browser takes it over https only, and from no other host (RFC 6265bis, 4.1.3.2)."""

FORM_TOKEN = "form_token"  # noqa: S105
"""The field of a form that holds its token."""

LONGEST_TARGET = 2000
_SECRET = re.compile(r"[A-Za-z0-9_-]{43}\Z")
_TARGET = re.compile(r"/[A-Za-z0-9._~!$&'()*+,;=:@%/?#-]*\Z")
_ELSEWHERE = re.compile(r"//|\\|[\x00-\x1f\x7f]")


NO_PREFERENCES = UserPreferences()


class ForgedForm(Refused):
    """The form is not one that a page of ours gave to this browser, or the session that it was made for has ended."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who looks at a page.

    Attributes:
        identity: what pages and forms are decided by.
        session: None for whoever is not signed in, or is known by a header.
        had_session: there was a cookie of a session that has ended since.
        form_secret: what the token of this browser's forms is derived from.
        has_form_secret: the browser has it already; else an answer with a form sets it (`form_cookie`).
        is_secure: the browser comes by https.
        preferences: what whoever is signed in chose for all their browsers.
    """

    identity: Identity
    session: UserSession | None
    had_session: bool
    form_secret: Secret
    has_form_secret: bool
    is_secure: bool
    preferences: UserPreferences = NO_PREFERENCES

    @property
    def form_token(self) -> str:
        """What each form brings as FORM_TOKEN. The same for a whole session, so that pages do not change."""
        digest = hmac.digest(self.form_secret.reveal().encode(), b"matou form", hashlib.sha256)
        return urlsafe_b64encode(digest).rstrip(b"=").decode()


async def identify_page(state: ServerState, request: Request) -> Visitor:
    """Say who looks at a page.

    Raises:
        UnknownCredential, UnreadableCredential, TryLater: of an Authorization header, as `identify`. The cookie of a
            session that has ended is nobody's: `had_session` says so.
    """
    credential = read_credential(request.headers.raw)
    is_quick = credential is None or credential.is_token
    ask = state.run_inline_if_fast if is_quick else state.run_in_pool
    return await ask(visitor_of, state, request)


def visitor_of(state: ServerState, request: Request) -> Visitor:
    """As `identify_page`, for whoever is in a thread already."""
    is_secure = base_url(state.base_url, request.scope).startswith("https://")
    credential = read_credential(request.headers.raw)
    if credential is not None:
        identity = identify(state.forge, credential, address=client_address(request.scope))
        return _visitor_without_session(request, identity, had_session=False, is_secure=is_secure)
    secret = _cookie(request, SESSION_COOKIE, is_secure=is_secure)
    found = None if secret is None else find_session(state.forge, secret)
    if secret is None or found is None:
        return _visitor_without_session(request, ANONYMOUS, had_session=secret is not None, is_secure=is_secure)
    note_user(found.user.name)
    return Visitor(
        found.identity,
        found.session,
        had_session=False,
        form_secret=secret,
        has_form_secret=True,
        is_secure=is_secure,
        preferences=read_preferences(state.forge, authorize_account(found.identity, MaySeeAccount, found.user)),
    )


def stranger(state: ServerState, request: Request) -> Visitor:
    """Whoever asked, taken for nobody: for the page that says what is wrong with their credential."""
    is_secure = base_url(state.base_url, request.scope).startswith("https://")
    return _visitor_without_session(request, ANONYMOUS, had_session=False, is_secure=is_secure)


def require_form_token(visitor: Visitor, token: str) -> None:
    """Before a form is looked at any further. Raises ForgedForm."""
    is_ours = hmac.compare_digest(token.encode("utf-8", "replace"), visitor.form_token.encode())
    if not is_ours or not visitor.has_form_secret:
        raise ForgedForm("this form is no longer valid; go back, load its page again and send it once more")


def session_cookie(visitor: Visitor, started: StartedSession) -> Header:
    """Has the browser keep a session for as long as it may last."""
    return _set_cookie(SESSION_COOKIE, started.secret.reveal(), ENDS_AFTER, is_secure=visitor.is_secure)


def no_session_cookie(visitor: Visitor) -> Header:
    """Has the browser forget its session."""
    return _set_cookie(SESSION_COOKIE, "", timedelta(0), is_secure=visitor.is_secure)


def form_cookie(visitor: Visitor) -> tuple[Header, ...]:
    """What an answer with a form in it needs besides: nothing where the browser has it."""
    if visitor.has_form_secret:
        return ()
    return (_set_cookie(FORM_COOKIE, visitor.form_secret.reveal(), None, is_secure=visitor.is_secure),)


def local_target(text: str) -> str:
    """Where to go on after a form, as a path of this server: `/` for whatever could lead anywhere else.

    It is judged as it stands and as a proxy may decode it.
    """
    decoded = unquote(text.partition("?")[0].partition("#")[0])
    is_local = _TARGET.match(text) is not None and _ELSEWHERE.search(decoded) is None
    return text if is_local and len(text) <= LONGEST_TARGET else "/"


def _visitor_without_session(request: Request, identity: Identity, *, had_session: bool, is_secure: bool) -> Visitor:
    kept = _cookie(request, FORM_COOKIE, is_secure=is_secure)
    return Visitor(
        identity,
        None,
        had_session=had_session,
        form_secret=Secret(secrets.token_urlsafe(32)) if kept is None else kept,
        has_form_secret=kept is not None,
        is_secure=is_secure,
    )


def _cookie(request: Request, name: str, *, is_secure: bool) -> Secret | None:
    """Over https only the one that no other host and no plain request can have set."""
    value = request.cookies.get(_named(name, is_secure=is_secure), "")
    return Secret(value) if _SECRET.match(value) else None


def _named(name: str, *, is_secure: bool) -> str:
    return f"{ONLY_HERE}{name}" if is_secure else name


def _set_cookie(name: str, value: str, life: timedelta | None, *, is_secure: bool) -> Header:
    parts = [f"{_named(name, is_secure=is_secure)}={value}", "Path=/", "HttpOnly", "SameSite=Lax"]
    if life is not None:
        parts.append(f"Max-Age={round(life.total_seconds())}")
    return b"set-cookie", "; ".join([*parts, *(["Secure"] if is_secure else [])]).encode()
