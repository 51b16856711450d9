"""Accounts: one person, one name; passwords that cost the guesser and not the owner."""

import statistics
import time
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from matou.credentials import Secret
from matou.db.namespaces import NamespaceKind
from matou.db.schema import users as user_rows
from matou.db.users import UserKind
from matou.errors import TryLater
from matou.forge.access import ALL_SCOPES, Action, Identity, may
from matou.forge.accounts.namespaces import create_organization, find_namespace
from matou.forge.accounts.users import (
    _HASH_OF_NOBODY,
    NameTaken,
    TooManyFailures,
    WeakPassword,
    _hasher,
    authenticate,
    create_user,
    find_user,
    list_users,
)
from matou.forge.forge import Forge
from matou.forge.login_throttle import FREE_FAILURES, FREE_FAILURES_OF_AN_ADDRESS
from matou.model.names import InvalidName, NamespacePath
from support.clocks import Clock
from support.deciding import set_active, set_password

PASSWORD = Secret("correct horse battery")
WRONG = Secret("wrong horse battery")


def test_a_user_owns_a_namespace_of_the_same_name(forge: Forge) -> None:
    anna = create_user(forge, "anna", email="anna@example.com", display_name="安娜")

    own = find_namespace(forge, NamespacePath(("anna",)))

    assert (own.kind, own.display_name) == (NamespaceKind.USER, "安娜")
    assert may(forge, Identity(anna, ALL_SCOPES), Action.DELETE, own)
    assert list_users(forge) == (anna,)


@pytest.mark.parametrize(
    "twin",
    ["anna", "ANNA", "ａｎｎａ", "Anna"],  # the third is full-width
    ids=["same", "case", "width", "title"],
)
def test_a_name_that_a_person_would_take_for_another_is_taken(forge: Forge, twin: str) -> None:
    """Catalogue B-52."""
    create_user(forge, "anna")

    with pytest.raises((NameTaken, InvalidName)):
        create_user(forge, twin)


def test_sharp_s_and_double_s_are_one_name(forge: Forge) -> None:
    create_user(forge, "strasse")

    with pytest.raises(NameTaken):
        create_user(forge, "straße")


@pytest.mark.parametrize(
    "name",
    ["", " anna", "anna ", ".", "..", "a/b", "-rf", "anna.git", "CON", "a\u200bnna", "a\u202enna", "a\0b", "n" * 300],
)
def test_a_name_that_could_mean_something_else_is_refused(forge: Forge, name: str) -> None:
    """Catalogue B-05."""
    with pytest.raises(InvalidName):
        create_user(forge, name)

    assert list_users(forge) == ()


@pytest.mark.parametrize("name", ["bad name!", "a b", "a!", "a&b", "a'b", "a#b", "a,b", "a😀"])
def test_a_name_that_breaks_off_in_an_address_or_at_a_prompt_is_refused(forge: Forge, name: str) -> None:
    with pytest.raises(InvalidName, match="letters, digits"):
        create_user(forge, name)


@pytest.mark.parametrize("name", ["li.lei", "han-mei_mei", "李雷", "2026", "straße", "\u0e19\u0e49\u0e33"])
def test_a_name_is_of_letters_digits_hyphens_underscores_and_dots_of_any_script(forge: Forge, name: str) -> None:
    assert create_user(forge, name).name == name


def test_a_name_that_looks_like_an_address_is_refused(forge: Forge) -> None:
    create_user(forge, "anna", email="anna@example.com")

    with pytest.raises(InvalidName):
        create_user(forge, "anna@example.com")


@pytest.mark.parametrize("email", ["anna", "@example.com", "anna@", "a b@example.com", "a@b@c", "a\n@example.com"])
def test_what_is_no_address_is_refused(forge: Forge, email: str) -> None:
    with pytest.raises(InvalidName):
        create_user(forge, "anna", email=email)


def test_an_address_is_one_persons_whatever_its_case(forge: Forge) -> None:
    create_user(forge, "anna", email="Anna@Example.com")

    with pytest.raises(NameTaken):
        create_user(forge, "berta", email="anna@example.COM")

    found = find_user(forge, "ANNA@example.com")
    assert found is not None
    assert found.name == "anna"


def test_two_people_may_have_no_address(forge: Forge) -> None:
    create_user(forge, "anna")
    create_user(forge, "berta")

    assert find_user(forge, "") is None


def test_a_user_may_not_take_the_name_of_an_organization(forge: Forge) -> None:
    create_organization(forge, "team", owner=create_user(forge, "anna"))

    with pytest.raises(NameTaken):
        create_user(forge, "Team")

    assert find_user(forge, "team") is None


@pytest.mark.parametrize("login", ["anna", "ANNA", "anna@example.com", "ANNA@Example.com"])
def test_whoever_has_the_password_is_let_in_by_name_or_address(forge: Forge, login: str) -> None:
    anna = create_user(forge, "anna", email="anna@example.com", password=PASSWORD)

    assert authenticate(forge, login, PASSWORD) == anna


@pytest.mark.parametrize(
    ("login", "password"),
    [("anna", WRONG), ("anna", Secret("")), ("", PASSWORD), ("nobody", PASSWORD), ("bot", PASSWORD)],
)
def test_everybody_else_is_not(forge: Forge, login: str, password: Secret) -> None:
    create_user(forge, "anna", password=PASSWORD)
    create_user(forge, "bot")

    assert authenticate(forge, login, password) is None


def test_a_password_typed_on_another_keyboard_is_the_same(forge: Forge) -> None:
    anna = create_user(forge, "anna", password=Secret("caf\u00e9 caf\u00e9"))

    assert authenticate(forge, "anna", Secret("cafe\u0301 cafe\u0301")) == anna


@pytest.mark.parametrize("password", ["", "short", "n" * 1025])
def test_a_password_that_nobody_should_have_is_refused(forge: Forge, password: str) -> None:
    with pytest.raises(WeakPassword):
        create_user(forge, "anna", password=Secret(password))


def test_an_unknown_login_takes_as_long_as_a_wrong_password(forge: Forge) -> None:
    create_user(forge, "anna", password=PASSWORD)
    seconds: dict[str, list[float]] = {"anna": [], "nobody": []}

    for number in range(5):
        for login, found in seconds.items():
            started_at = time.perf_counter()
            authenticate(forge, login, Secret(f"wrong horse {number}"))
            found.append(time.perf_counter() - started_at)

    ratio = statistics.median(seconds["anna"]) / statistics.median(seconds["nobody"])
    assert 0.5 < ratio < 2


def test_the_hash_of_nobody_costs_what_a_real_one_does() -> None:
    assert not _hasher().check_needs_rehash(_HASH_OF_NOBODY.reveal())


def test_the_second_request_of_a_push_does_not_cost_another_hash(forge: Forge) -> None:
    create_user(forge, "anna", password=PASSWORD)
    started_at = time.perf_counter()
    authenticate(forge, "anna", PASSWORD)
    first = time.perf_counter() - started_at

    started_at = time.perf_counter()
    authenticate(forge, "anna", PASSWORD)

    assert time.perf_counter() - started_at < first / 3


def test_a_changed_password_is_refused_at_once_in_every_process(this_process: Forge, other_process: Forge) -> None:
    anna = create_user(this_process, "anna", password=PASSWORD)
    assert authenticate(other_process, "anna", PASSWORD) == anna

    set_password(this_process, anna, Secret("another horse"))

    assert authenticate(other_process, "anna", PASSWORD) is None
    assert authenticate(other_process, "anna", Secret("another horse")) == anna


def test_a_user_that_is_not_active_is_not_let_in_at_once_in_every_process(
    this_process: Forge, other_process: Forge
) -> None:
    anna = create_user(this_process, "anna", password=PASSWORD)
    assert authenticate(other_process, "anna", PASSWORD) == anna

    set_active(this_process, anna, active=False)

    assert authenticate(other_process, "anna", PASSWORD) is None


def test_guessing_at_an_account_is_slowed_and_the_right_password_waits_too(forge: Forge) -> None:
    """Catalogue A-20. The password is not looked at, so that a guesser does not learn that it was right."""
    create_user(forge, "anna", password=PASSWORD)
    authenticate(forge, "anna", WRONG, address="192.0.2.1")
    for number in range(1, FREE_FAILURES):
        forge.failures.failed("anna", f"192.0.2.{number}", exists=True, tried=Secret(f"{number}"), now=forge.now())

    with pytest.raises(TooManyFailures) as raised:
        authenticate(forge, "ANNA", PASSWORD, address="198.51.100.1")

    assert isinstance(raised.value, TryLater)
    assert raised.value.wait is not None
    assert raised.value.wait > timedelta(0)


def test_whoever_waits_is_let_in(forge: Forge, clock: Clock) -> None:
    anna = create_user(forge, "anna", password=PASSWORD)
    for number in range(FREE_FAILURES):
        forge.failures.failed("anna", "", exists=True, tried=Secret(f"{number}"), now=forge.now())
    with pytest.raises(TooManyFailures):
        authenticate(forge, "anna", PASSWORD)

    clock.advance(timedelta(seconds=3))

    assert authenticate(forge, "anna", PASSWORD) == anna


def test_a_program_with_an_old_password_locks_nobody_out(forge: Forge) -> None:
    anna = create_user(forge, "anna", password=PASSWORD)

    requests_seen = [
        authenticate(forge, "anna", WRONG, address="192.0.2.1") for _ in range(3 * FREE_FAILURES_OF_AN_ADDRESS)
    ]

    assert set(requests_seen) == {None}
    assert authenticate(forge, "anna", PASSWORD, address="192.0.2.1") == anna


def test_a_password_that_was_wrong_a_moment_ago_is_right_once_it_is_set(forge: Forge) -> None:
    anna = create_user(forge, "anna", password=PASSWORD)
    assert authenticate(forge, "anna", WRONG) is None

    set_password(forge, anna, WRONG)

    assert authenticate(forge, "anna", WRONG) == anna


def test_guessing_from_an_address_is_slowed_whoever_it_is_about(forge: Forge) -> None:
    for number in range(FREE_FAILURES_OF_AN_ADDRESS):
        forge.failures.failed(f"user{number}", "192.0.2.1", exists=True, tried=WRONG, now=forge.now())

    with pytest.raises(TooManyFailures):
        authenticate(forge, "anna", PASSWORD, address="192.0.2.1")


def test_no_password_can_be_read_from_the_database(forge: Forge, tmp_path: Path) -> None:
    """Catalogue A-22."""
    create_user(forge, "anna", password=PASSWORD)

    with forge.database.begin_read() as connection:
        row = connection.execute(select(user_rows)).one()

    assert row.password_hash.startswith("$argon2id$")
    assert PASSWORD.reveal() not in repr(row)
    files = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert not any(PASSWORD.reveal().encode() in content for content in files)


def test_people_are_people(forge: Forge) -> None:
    assert create_user(forge, "anna").kind is UserKind.PERSON
