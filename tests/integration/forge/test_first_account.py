"""The first account: made by whoever reads the server's own terminal or log, and by no stranger."""

import threading

import pytest

from matou.credentials import Secret
from matou.db.users import UserKind
from matou.errors import MatouError
from matou.forge.accounts.first_account import (
    NotTheFirst,
    WrongCode,
    is_first_start,
    make_first_account,
    setup_code,
)
from matou.forge.accounts.sessions import StartedSession, find_session
from matou.forge.accounts.users import TooManyFailures, WeakPassword, create_user, list_users
from matou.forge.forge import Forge
from matou.forge.login_throttle import FREE_FAILURES_OF_AN_ADDRESS

PASSWORD = Secret("correct horse battery")


def make(forge: Forge, code: str, name: str = "chen", password: Secret = PASSWORD) -> StartedSession:
    return make_first_account(forge, code, name, password, email="", browser="", address="192.0.2.1")


def test_whoever_knows_the_code_is_the_administrator_and_signed_in(forge: Forge) -> None:
    assert is_first_start(forge)

    started = make(forge, setup_code(forge).reveal())

    found = find_session(forge, started.secret)
    assert found is not None
    assert (started.user.name, started.user.admin, started.user.kind) == ("chen", True, UserKind.PERSON)
    assert found.identity.user == started.user
    assert not is_first_start(forge)


def test_the_code_is_typed_as_people_type(forge: Forge) -> None:
    make(forge, f" {setup_code(forge).reveal().upper().replace('-', ' ')} ")

    assert len(list_users(forge)) == 1


@pytest.mark.parametrize("code", ["", "-", "0", "é" * 23, "a" * 100_000])
def test_a_stranger_makes_nothing(forge: Forge, code: str) -> None:
    with pytest.raises(WrongCode):
        make(forge, code)

    assert list_users(forge) == ()


def test_part_of_the_code_is_not_the_code(forge: Forge) -> None:
    with pytest.raises(WrongCode):
        make(forge, setup_code(forge).reveal()[:-1])


def test_whoever_guesses_is_slowed(forge: Forge) -> None:
    for number in range(FREE_FAILURES_OF_AN_ADDRESS):
        with pytest.raises(WrongCode):
            make(forge, f"guess {number}")

    with pytest.raises(TooManyFailures):
        make(forge, setup_code(forge).reveal())


def test_it_is_good_for_one_account_only(forge: Forge) -> None:
    make(forge, setup_code(forge).reveal())

    with pytest.raises(NotTheFirst):
        make(forge, setup_code(forge).reveal(), "dora")


def test_it_is_good_for_none_where_the_command_line_made_one(forge: Forge) -> None:
    create_user(forge, "anna")

    with pytest.raises(NotTheFirst):
        make(forge, setup_code(forge).reveal())


def test_a_mistake_does_not_use_it_up(forge: Forge) -> None:
    with pytest.raises(WeakPassword):
        make(forge, setup_code(forge).reveal(), password=Secret("short"))

    make(forge, setup_code(forge).reveal())


def test_of_many_at_once_one_makes_it(forge: Forge) -> None:
    code, failures = setup_code(forge).reveal(), list[MatouError]()

    def attempt(name: str) -> None:
        try:
            make(forge, code, name)
        except NotTheFirst as error:
            failures.append(error)

    threads = [threading.Thread(target=attempt, args=(f"person{number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert (len(failures), len(list_users(forge))) == (3, 1)


def test_each_server_has_a_code_of_its_own(this_process: Forge, other_process: Forge) -> None:
    assert setup_code(this_process) != setup_code(other_process)
    assert setup_code(this_process) == setup_code(this_process)
