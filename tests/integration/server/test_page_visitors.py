"""Who looks at a page: a header before a cookie, and a cookie only where it can be nobody else's."""

import asyncio
from datetime import UTC, datetime
from http.cookies import SimpleCookie
from pathlib import Path
from uuid import UUID

import pytest
from starlette.requests import Request

from matou.archive.layout import Archive
from matou.credentials import Secret
from matou.db.engine import Database
from matou.db.users import User
from matou.forge.access import ALL_SCOPES, ANONYMOUS, Identity, Scope
from matou.forge.accounts.sessions import StartedSession, sign_in
from matou.forge.accounts.users import create_user
from matou.forge.forge import Forge
from matou.server.app import new_state
from matou.server.authentication import UnknownCredential
from matou.server.state import ServerState
from matou.server.streaming import Header
from matou.server.web.sessions import (
    ForgedForm,
    Visitor,
    form_cookie,
    identify_page,
    no_session_cookie,
    require_form_token,
    session_cookie,
)
from support.clocks import Clock
from support.deciding import create_token, end_session

PASSWORD = Secret("correct horse battery")
SECRET = "A" * 43


@pytest.fixture
def state(database: Database, tmp_path: Path) -> ServerState:
    archive = Archive.create(tmp_path / "archive", now=datetime(2026, 11, 21, tzinfo=UTC), identifier=UUID(int=1))
    return new_state(Forge(database, archive, Clock()), None)


@pytest.fixture
def chen(state: ServerState) -> User:
    return create_user(state.forge, "chen", password=PASSWORD)


@pytest.fixture
def started(state: ServerState, chen: User) -> StartedSession:
    begun = sign_in(state.forge, "chen", PASSWORD, browser="Firefox")
    assert begun is not None
    return begun


def visitor(state: ServerState, *, scheme: str = "http", **headers: str) -> Visitor:
    raw = [(name.encode(), value.encode("latin-1")) for name, value in {"host": "code.example.org", **headers}.items()]
    scope = {"type": "http", "method": "GET", "scheme": scheme, "path": "/", "headers": raw, "client": ("192.0.2.1", 1)}
    return asyncio.run(identify_page(state, Request(scope)))


def attributes(header: Header) -> tuple[str, str, dict[str, str]]:
    """Name, value and what is set of a cookie."""
    name, value = header
    assert name == b"set-cookie"
    ((key, morsel),) = SimpleCookie(value.decode()).items()
    return key, morsel.value, {part: str(text) for part, text in morsel.items() if text}


def test_a_session_is_known_by_its_cookie(state: ServerState, chen: User, started: StartedSession) -> None:
    seen = visitor(state, cookie=f"matou={started.secret.reveal()}")

    assert seen.identity == Identity(chen, ALL_SCOPES)
    assert seen.session == started.session


def test_a_header_counts_and_the_cookie_beside_it_does_not(state: ServerState, started: StartedSession) -> None:
    dora = create_user(state.forge, "dora")
    token = create_token(state.forge, dora, "reader", scopes={Scope.REPOSITORY_READ}).reveal()

    seen = visitor(state, authorization=f"Bearer {token}", cookie=f"matou={started.secret.reveal()}")

    assert seen.identity == Identity(dora, frozenset({Scope.REPOSITORY_READ}))
    assert seen.session is None
    with pytest.raises(UnknownCredential):
        visitor(state, authorization=f"Bearer {'0' * 40}", cookie=f"matou={started.secret.reveal()}")


def test_without_either_it_is_nobody(state: ServerState) -> None:
    seen = visitor(state)

    assert (seen.identity, seen.session, seen.had_session) == (ANONYMOUS, None, False)


@pytest.mark.parametrize(
    "cookie", [f"matou={SECRET}", "matou=; x=y", "matou=%00", "matou", "=", ";;;", "matou=" + "A" * 9999]
)
def test_a_cookie_that_somebody_made_up_is_nobodys(state: ServerState, started: StartedSession, cookie: str) -> None:
    assert visitor(state, cookie=cookie).identity == ANONYMOUS


def test_a_session_that_has_ended_is_nobodys_and_that_is_told(
    state: ServerState, chen: User, started: StartedSession
) -> None:
    end_session(state.forge, chen, started.session.id)

    seen = visitor(state, cookie=f"matou={started.secret.reveal()}")

    assert (seen.identity, seen.had_session) == (ANONYMOUS, True)


def test_over_https_only_a_cookie_counts_that_no_other_host_can_set(
    state: ServerState, chen: User, started: StartedSession
) -> None:
    """A page of a sibling host, or anybody on the way of a plain request, can set one without the prefix."""
    secret = started.secret.reveal()

    assert visitor(state, scheme="https", cookie=f"matou={secret}").identity == ANONYMOUS
    assert visitor(state, scheme="https", cookie=f"__Host-matou={secret}").identity.user == chen
    assert visitor(state, scheme="http", cookie=f"__Host-matou={secret}").identity == ANONYMOUS


def test_the_cookie_is_out_of_reach_of_scripts_and_of_other_sites(state: ServerState, started: StartedSession) -> None:
    name, value, set_to = attributes(session_cookie(visitor(state, scheme="https"), started))

    assert (name, value) == ("__Host-matou", started.secret.reveal())
    assert set_to == {"path": "/", "httponly": "True", "samesite": "Lax", "secure": "True", "max-age": "7776000"}


def test_over_plain_http_the_cookie_has_another_name_and_is_not_secure(
    state: ServerState, started: StartedSession
) -> None:
    name, _, set_to = attributes(session_cookie(visitor(state), started))

    assert name == "matou"
    assert set_to == {"path": "/", "httponly": "True", "samesite": "Lax", "max-age": "7776000"}


def test_what_people_type_decides_whether_it_is_https(state: ServerState, started: StartedSession) -> None:
    """A proxy that nobody named as trusted still ends TLS for the browser."""
    behind = new_state(state.forge, "https://code.example.org")

    assert attributes(session_cookie(visitor(behind), started))[0] == "__Host-matou"


def test_signing_out_makes_the_browser_forget(state: ServerState) -> None:
    name, value, set_to = attributes(no_session_cookie(visitor(state, scheme="https")))

    assert (name, value, set_to["max-age"], set_to["path"]) == ("__Host-matou", "", "0", "/")


def test_a_form_brings_the_token_of_its_session(state: ServerState, started: StartedSession) -> None:
    seen = visitor(state, cookie=f"matou={started.secret.reveal()}")

    assert form_cookie(seen) == ()
    assert started.secret.reveal() not in seen.form_token
    require_form_token(seen, seen.form_token)


def test_before_there_is_a_session_a_cookie_of_its_own_ties_a_form_to_a_browser(state: ServerState) -> None:
    shown = visitor(state)
    (set_cookie,) = form_cookie(shown)
    name, value, set_to = attributes(set_cookie)

    sent = visitor(state, cookie=f"{name}={value}")

    assert set_to == {"path": "/", "httponly": "True", "samesite": "Lax"}
    require_form_token(sent, shown.form_token)
    assert form_cookie(sent) == ()


def test_a_form_of_another_browser_or_session_is_refused(state: ServerState, started: StartedSession) -> None:
    seen = visitor(state, cookie=f"matou={started.secret.reveal()}")
    attacker = visitor(state, cookie=f"matou-form={SECRET}")

    for token in ("", attacker.form_token, "é" * 43, "\ud800"):
        with pytest.raises(ForgedForm):
            require_form_token(seen, token)


def test_a_form_from_a_browser_without_any_cookie_is_refused(state: ServerState) -> None:
    """Signing in as the attacker is what such a form is for."""
    seen = visitor(state)

    with pytest.raises(ForgedForm):
        require_form_token(seen, seen.form_token)
