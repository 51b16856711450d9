"""Sessions: a secret that only the browser has, until it is not used, not wanted or not deserved any more."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from matou.credentials import Secret
from matou.db.engine import DatabaseBusy
from matou.db.schema import user_sessions
from matou.db.users import User
from matou.forge.access import ALL_SCOPES, Identity, NotAllowed
from matou.forge.accounts.sessions import (
    ENDS_AFTER,
    ENDS_UNUSED_AFTER,
    MOST_SESSIONS,
    SEEN_WITHIN,
    NoSuchSession,
    StartedSession,
    find_session,
    sign_in,
)
from matou.forge.accounts.users import (
    TooManyFailures,
    WeakPassword,
    WrongPassword,
    authenticate,
    authenticate_with_hash,
    create_user,
)
from matou.forge.forge import Forge
from matou.forge.login_throttle import FREE_FAILURES
from matou.forge.pending_writes import flush_pending_writes
from support.clocks import Clock
from support.deciding import (
    change_own_password,
    delete_user,
    end_session,
    end_sessions,
    list_sessions,
    set_active,
    set_password,
)

PASSWORD = Secret("correct horse battery")
WRONG = Secret("wrong horse battery")
OTHER = Secret("another horse battery")


@pytest.fixture
def chen(forge: Forge) -> User:
    return create_user(forge, "chen", email="chen@example.com", password=PASSWORD)


def signed_in(forge: Forge, login: str = "chen", *, browser: str = "Firefox · Linux") -> StartedSession:
    started = sign_in(forge, login, PASSWORD, browser=browser)
    assert started is not None
    return started


def goes_on(forge: Forge, started: StartedSession) -> bool:
    return find_session(forge, started.secret) is not None


@pytest.mark.parametrize("login", ["chen", "CHEN", "chen@example.com"])
def test_a_session_stands_for_its_user_with_all_that_they_may(forge: Forge, chen: User, login: str) -> None:
    found = find_session(forge, signed_in(forge, login).secret)

    assert found is not None
    assert found.identity == Identity(chen, ALL_SCOPES)
    assert (found.session.browser, found.session.created_at) == ("Firefox · Linux", forge.now())


@pytest.mark.parametrize("login", ["chen", "nobody"])
def test_a_wrong_password_and_a_login_that_nobody_has_make_no_session(forge: Forge, chen: User, login: str) -> None:
    assert sign_in(forge, login, WRONG, browser="") is None
    assert list_sessions(forge, chen) == ()


def test_the_database_has_neither_the_secret_nor_a_piece_of_it(forge: Forge, chen: User) -> None:
    secret = signed_in(forge).secret.reveal()

    with forge.database.begin_read() as connection:
        (row,) = connection.execute(select(user_sessions)).all()
    assert len(secret) == 43
    assert not any(secret[start : start + 8] in str(row) for start in range(0, 40, 8))


def test_each_sign_in_has_a_secret_of_its_own(forge: Forge, chen: User) -> None:
    assert signed_in(forge).secret != signed_in(forge).secret
    assert len(list_sessions(forge, chen)) == 2


@pytest.mark.parametrize("text", ["", "A" * 43, "A" * 42, "A" * 44, "A" * 43 + "\n", "\ud800" * 43, "\0" * 43])
def test_what_is_no_secret_of_a_session_finds_none(forge: Forge, chen: User, text: str) -> None:
    signed_in(forge)

    assert find_session(forge, Secret(text)) is None


def test_a_session_that_is_not_used_ends(forge: Forge, chen: User, clock: Clock) -> None:
    started = signed_in(forge)
    clock.advance(ENDS_UNUSED_AFTER - timedelta(seconds=1))
    assert goes_on(forge, started)

    clock.advance(ENDS_UNUSED_AFTER)

    assert not goes_on(forge, started)
    assert list_sessions(forge, chen) == ()


def test_a_session_ends_at_its_age_however_often_it_is_used(forge: Forge, chen: User, clock: Clock) -> None:
    started = signed_in(forge)
    for _ in range(ENDS_AFTER.days - 1):
        clock.advance(timedelta(days=1))
        assert goes_on(forge, started)
        flush_pending_writes(forge)

    clock.advance(timedelta(days=1))

    assert not goes_on(forge, started)


def test_use_is_noted_some_minutes_apart(forge: Forge, chen: User, clock: Clock) -> None:
    started, began = signed_in(forge), clock.now
    clock.advance(SEEN_WITHIN - timedelta(seconds=1))
    find_session(forge, started.secret)
    unchanged = list_sessions(forge, chen)[0].last_seen_at

    clock.advance(timedelta(seconds=1))
    find_session(forge, started.secret)

    assert (unchanged, list_sessions(forge, chen)[0].last_seen_at) == (began, clock.now)


def test_a_page_is_read_while_nothing_can_be_written(
    forge: Forge, chen: User, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = signed_in(forge)
    clock.advance(SEEN_WITHIN)

    def busy(*_: object) -> None:
        raise DatabaseBusy("the database is busy")

    with monkeypatch.context() as trouble:
        trouble.setattr("matou.db.user_sessions.set_last_seen", busy)
        assert goes_on(forge, started)
        with pytest.raises(DatabaseBusy):
            flush_pending_writes(forge)

    assert list_sessions(forge, chen)[0].last_seen_at == clock.now


def test_another_sign_in_sweeps_what_has_ended(forge: Forge, chen: User, clock: Clock) -> None:
    signed_in(forge)
    clock.advance(ENDS_UNUSED_AFTER)
    signed_in(forge)

    with forge.database.begin_read() as connection:
        assert len(connection.execute(select(user_sessions)).all()) == 1


def test_an_account_has_a_bounded_number_of_them(forge: Forge, chen: User, clock: Clock) -> None:
    started = []
    for _ in range(MOST_SESSIONS + 1):
        started.append(signed_in(forge))
        clock.advance(timedelta(seconds=1))

    assert [goes_on(forge, each) for each in started[:3]] == [False, True, True]
    assert len(list_sessions(forge, chen)) == MOST_SESSIONS


def test_one_is_ended_and_the_others_go_on(forge: Forge, chen: User) -> None:
    one, other = signed_in(forge), signed_in(forge)

    end_session(forge, chen, one.session.id)

    assert (goes_on(forge, one), goes_on(forge, other)) == (False, True)
    with pytest.raises(NoSuchSession):
        end_session(forge, chen, one.session.id)


def test_nobody_ends_or_sees_anothers(forge: Forge, chen: User, anna: User) -> None:
    started = signed_in(forge)

    with pytest.raises(NoSuchSession):
        end_session(forge, anna, started.session.id)
    with pytest.raises(NotAllowed):
        list_sessions(forge, Identity(anna, ALL_SCOPES), chen)
    assert goes_on(forge, started)


def test_all_others_are_ended_at_once(forge: Forge, chen: User) -> None:
    here, *others = (signed_in(forge) for _ in range(3))

    assert end_sessions(forge, chen, but=here.session.id) == 2
    assert [goes_on(forge, each) for each in (here, *others)] == [True, False, False]


def test_a_password_that_an_administrator_sets_ends_them_all(forge: Forge, chen: User) -> None:
    started = signed_in(forge)

    set_password(forge, chen, OTHER)

    assert not goes_on(forge, started)


def test_a_password_that_is_changed_ends_all_and_begins_a_new_one(forge: Forge, chen: User) -> None:
    before = [signed_in(forge), signed_in(forge)]

    after = change_own_password(forge, chen, OTHER, current=PASSWORD, browser="")

    assert [goes_on(forge, each) for each in before] == [False, False]
    assert goes_on(forge, after)
    assert authenticate(forge, "chen", OTHER) is not None


def test_a_password_is_changed_only_by_whoever_knows_it(forge: Forge, chen: User) -> None:
    started = signed_in(forge)

    with pytest.raises(WrongPassword):
        change_own_password(forge, chen, OTHER, current=WRONG, browser="")
    with pytest.raises(WeakPassword):
        change_own_password(forge, chen, Secret("short"), current=PASSWORD, browser="")

    assert goes_on(forge, started)
    assert authenticate(forge, "chen", PASSWORD) is not None


def test_whoever_guesses_at_the_password_form_is_slowed(forge: Forge, chen: User) -> None:
    for number in range(FREE_FAILURES):
        with pytest.raises(WrongPassword):
            change_own_password(forge, chen, OTHER, current=Secret(f"guess {number}"), browser="", address="192.0.2.9")

    with pytest.raises(TooManyFailures):
        change_own_password(forge, chen, OTHER, current=PASSWORD, browser="", address="192.0.2.9")


def test_an_account_that_is_disabled_has_none_and_gets_none_back(forge: Forge, chen: User) -> None:
    started = signed_in(forge)

    set_active(forge, chen, active=False)
    gone = goes_on(forge, started)
    set_active(forge, chen, active=True)

    assert (gone, goes_on(forge, started)) == (False, False)


def test_a_disabled_account_does_not_sign_in(forge: Forge, chen: User) -> None:
    set_active(forge, chen, active=False)

    assert sign_in(forge, "chen", PASSWORD, browser="") is None


def test_sessions_go_with_their_account(forge: Forge, chen: User) -> None:
    started = signed_in(forge)

    delete_user(forge, chen)

    assert not goes_on(forge, started)


def test_a_password_changed_while_somebody_signs_in_makes_no_session(
    forge: Forge, chen: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def changed_meanwhile(*args: object, **kwargs: object) -> object:
        found = authenticate_with_hash(*args, **kwargs)  # type: ignore[arg-type]
        set_password(forge, chen, OTHER)
        return found

    monkeypatch.setattr("matou.forge.accounts.sessions.authenticate_with_hash", changed_meanwhile)
    assert sign_in(forge, "chen", PASSWORD, browser="") is None
    assert list_sessions(forge, chen) == ()


def test_a_session_that_was_ended_is_nobodys_in_every_process(this_process: Forge, other_process: Forge) -> None:
    chen = create_user(this_process, "chen", password=PASSWORD)
    started = signed_in(this_process)
    assert goes_on(other_process, started)

    end_session(this_process, chen, started.session.id)

    assert not goes_on(other_process, started)
