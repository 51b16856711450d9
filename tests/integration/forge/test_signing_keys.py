"""Which keys an account may register, and whose commits they vouch for."""

from dataclasses import replace
from datetime import timedelta

import pytest

from matou.db.signing_keys import insert_signing_key
from matou.db.users import User
from matou.forge.access import (
    ALL_SCOPES,
    ANONYMOUS,
    OPERATOR,
    BoundToken,
    Identity,
    MayManageAccount,
    MaySeeAccount,
    NotAllowed,
    authorize_account,
)
from matou.forge.accounts.signing_keys import MOST_KEYS, KeyTaken, NoSuchKey, certificates_for
from matou.forge.accounts.users import create_user
from matou.forge.forge import Forge
from matou.git.operations.signatures import UnusableKey, read_certificate
from matou.model.names import NamespacePath
from support.clocks import Clock
from support.deciding import add_signing_key, remove_signing_key, set_active, signing_keys
from support.signing import new_key


def test_a_key_vouches_for_the_email_that_it_shares_with_its_account(forge: Forge, anna: User) -> None:
    key = new_key("Anna@Example.com")

    made = add_signing_key(forge, anna, key.public)

    assert made.fingerprint == key.fingerprint
    assert signing_keys(forge, anna) == (made,)
    assert certificates_for(forge, "ANNA@example.com") == (made.certificate,)
    assert certificates_for(forge, "somebody@example.com") == certificates_for(forge, "") == ()


def test_a_key_of_somebody_else_cannot_be_taken(forge: Forge, anna: User) -> None:
    carla = create_user(forge, "carla", email="carla@example.com")
    key = new_key("anna@example.com")

    with pytest.raises(UnusableKey, match=r"does not name the account's e-mail 'carla@example\.com'"):
        add_signing_key(forge, carla, key.public)
    add_signing_key(forge, anna, key.public)
    with pytest.raises(KeyTaken):
        add_signing_key(forge, carla, key.public)


def test_a_key_that_no_longer_names_the_accounts_email_vouches_for_nothing(forge: Forge, anna: User) -> None:
    stored = read_certificate(new_key("before@example.com").public)
    with forge.database.begin_write() as connection:
        insert_signing_key(connection, anna.id, stored.fingerprint, stored.armored, forge.now())

    assert certificates_for(forge, "anna@example.com") == certificates_for(forge, "before@example.com") == ()


def test_an_account_without_an_email_has_no_keys(forge: Forge, berta: User) -> None:
    with pytest.raises(UnusableKey, match="no e-mail"):
        add_signing_key(forge, berta, new_key("berta@example.com").public)


def test_a_key_that_is_dead_is_not_registered(forge: Forge, anna: User, clock: Clock) -> None:
    key = new_key("anna@example.com")
    secret = key.secret
    mortal = secret.extract_certificate().set_expiration(clock() + timedelta(days=4000), secret.certifier())

    with pytest.raises(UnusableKey, match="was revoked"):
        add_signing_key(forge, anna, key.revoked())
    clock.advance(timedelta(days=4001))
    with pytest.raises(UnusableKey, match="expired on"):
        add_signing_key(forge, anna, str(mortal))


def test_the_same_key_again_is_brought_up_to_date_and_stays_revoked(forge: Forge, anna: User) -> None:
    key = new_key("anna@example.com")
    first = add_signing_key(forge, anna, key.public)

    second = add_signing_key(forge, anna, key.revoked())
    third = add_signing_key(forge, anna, key.public)

    assert first.id == second.id == third.id
    assert not read_certificate(first.certificate).is_revoked
    assert read_certificate(third.certificate).is_revoked


def test_a_key_that_is_gone_vouches_for_nothing(forge: Forge, anna: User) -> None:
    made = add_signing_key(forge, anna, new_key("anna@example.com").public)
    carla = create_user(forge, "carla", email="carla@example.com")

    with pytest.raises(NoSuchKey):
        remove_signing_key(forge, carla, made.id)
    remove_signing_key(forge, anna, made.id)

    assert certificates_for(forge, "anna@example.com") == ()
    with pytest.raises(NoSuchKey):
        remove_signing_key(forge, anna, made.id)


def test_the_keys_of_an_account_that_is_switched_off_vouch_for_nothing(forge: Forge, anna: User) -> None:
    add_signing_key(forge, anna, new_key("anna@example.com").public)

    set_active(forge, anna, active=False)

    assert certificates_for(forge, "anna@example.com") == ()


def test_keys_have_a_limit(forge: Forge, anna: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("matou.forge.accounts.signing_keys.MOST_KEYS", 2)
    for _ in range(2):
        add_signing_key(forge, anna, new_key("anna@example.com").public)

    with pytest.raises(UnusableKey, match="at most 2"):
        add_signing_key(forge, anna, new_key("anna@example.com").public)
    assert MOST_KEYS == 50


def test_a_token_of_one_namespace_changes_no_keys(anna: User) -> None:
    assert authorize_account(Identity(anna, ALL_SCOPES), MayManageAccount, anna).subject == anna
    with pytest.raises(BoundToken):
        authorize_account(Identity(anna, ALL_SCOPES, NamespacePath(("team",))), MayManageAccount, anna)


def test_whose_an_account_is_decides_who_manages_it(forge: Forge, anna: User) -> None:
    berta = create_user(forge, "bettina")
    admin = create_user(forge, "root", admin=True)

    for identity in (Identity(anna, ALL_SCOPES), Identity(admin, ALL_SCOPES), OPERATOR):
        assert authorize_account(identity, MayManageAccount, anna).subject == anna
    bound = Identity(admin, ALL_SCOPES, NamespacePath(("team",)))
    disabled = Identity(replace(anna, active=False), ALL_SCOPES)
    for identity in (Identity(berta, ALL_SCOPES), ANONYMOUS, bound, disabled):
        with pytest.raises(NotAllowed):
            authorize_account(identity, MaySeeAccount, anna)
