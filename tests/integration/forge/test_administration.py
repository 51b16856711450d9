"""What administrators do with a server's accounts over the network, and what is noted of it."""

from dataclasses import replace

import pytest

from matou.credentials import Secret
from matou.db.user_preferences import UserPreferences
from matou.db.users import User
from matou.errors import NotFound
from matou.forge.access import (
    ALL_SCOPES,
    OPERATOR,
    Administrator,
    BoundToken,
    Identity,
    MissingScope,
    NotAllowed,
    Scope,
    authorize_administration,
)
from matou.forge.accounts import administration
from matou.forge.accounts.administration import OwnAccount, find_account, list_accounts
from matou.forge.accounts.audit import read_audit
from matou.forge.accounts.preferences import UnknownPreference
from matou.forge.accounts.sessions import end_sessions, find_session, sign_in
from matou.forge.accounts.tokens import revoke_token
from matou.forge.accounts.users import NameTaken, authenticate, create_user, set_password
from matou.forge.forge import Forge
from matou.model.names import NamespacePath
from support.clocks import Clock
from support.deciding import create_token, list_tokens, read_preferences, set_preferences

PASSWORD = Secret("correct horse battery")
OTHER = Secret("another horse battery")


@pytest.fixture
def root(forge: Forge) -> User:
    return create_user(forge, "rosa", password=PASSWORD, admin=True)


@pytest.fixture
def administrator(root: User) -> Administrator:
    return authorize_administration(Identity(root, ALL_SCOPES))


def noted(forge: Forge, administrator: Administrator) -> list[tuple[str, str, str]]:
    """By accounts, and not by the operator, who made those with which a test begins."""
    entries, _ = read_audit(forge, administrator, offset=0, limit=50)
    return [(entry.who, str(entry.what), entry.subject) for entry in entries if entry.who in ("rosa", "dora")]


def test_only_administrators_administer(forge: Forge, root: User, anna: User) -> None:
    for identity in (Identity(anna, ALL_SCOPES), Identity(None, ALL_SCOPES)):
        with pytest.raises(NotAllowed):
            authorize_administration(identity)
    assert authorize_administration(OPERATOR).identity is OPERATOR


def test_an_administrator_who_was_disabled_administers_nothing(root: User) -> None:
    with pytest.raises(NotAllowed):
        authorize_administration(Identity(replace(root, active=False), ALL_SCOPES))


@pytest.mark.parametrize("missing", sorted(ALL_SCOPES))
def test_a_token_that_is_not_good_for_everything_administers_nothing(root: User, missing: Scope) -> None:
    with pytest.raises(MissingScope):
        authorize_administration(Identity(root, ALL_SCOPES - {missing}))


def test_a_token_for_metrics_alone_administers_nothing(root: User) -> None:
    with pytest.raises(MissingScope):
        authorize_administration(Identity(root, frozenset({Scope.METRICS_READ})))


def test_a_token_that_is_bound_administers_nothing(root: User) -> None:
    with pytest.raises(BoundToken):
        authorize_administration(Identity(root, ALL_SCOPES, only_below=NamespacePath(("rosa",))))


def test_the_value_is_made_by_nobody_else(root: User) -> None:
    with pytest.raises(TypeError):
        Administrator(Identity(root, ALL_SCOPES), object())


def test_an_account_is_made_and_that_is_noted(forge: Forge, administrator: Administrator, clock: Clock) -> None:
    made = administration.add_account(
        forge, administrator, "dora", email="dora@example.com", display_name="多拉", password=PASSWORD, admin=False
    )

    assert authenticate(forge, "dora", PASSWORD) == made
    assert noted(forge, administrator) == [("rosa", "made an account", "dora")]
    with pytest.raises(NameTaken):
        administration.add_account(forge, administrator, "DORA", email="", display_name="", password=None, admin=False)
    assert len(noted(forge, administrator)) == 1


def test_an_account_is_found_by_its_name_and_by_nothing_else(
    forge: Forge, administrator: Administrator, anna: User
) -> None:
    assert find_account(forge, administrator, "ANNA").subject == anna
    for name in ("anna@example.com", "nobody", ""):
        with pytest.raises(NotFound):
            find_account(forge, administrator, name)
    assert {user.name for user in list_accounts(forge, administrator)} == {"anna", "rosa"}


def test_a_password_that_is_given_signs_somebody_out(forge: Forge, administrator: Administrator) -> None:
    create_user(forge, "dora", password=PASSWORD)
    started = sign_in(forge, "dora", PASSWORD, browser="")
    assert started is not None

    set_password(forge, find_account(forge, administrator, "dora"), OTHER)

    assert find_session(forge, started.secret) is None
    assert authenticate(forge, "dora", OTHER) is not None


def test_an_account_is_disabled_enabled_and_given_rights(
    forge: Forge, administrator: Administrator, anna: User
) -> None:
    account = find_account(forge, administrator, "anna")

    administration.set_account_active(forge, account, active=False)
    disabled = find_account(forge, administrator, "anna").subject.active
    administration.set_account_active(forge, account, active=True)
    administration.set_account_admin(forge, administrator, account, admin=True)

    now = find_account(forge, administrator, "anna").subject
    assert (disabled, now.active, now.admin) == (False, True, True)
    assert [what for _, what, _ in noted(forge, administrator)] == [
        "made somebody an administrator",
        "enabled an account",
        "disabled an account",
    ]


def test_administrators_do_not_lock_themselves_out(forge: Forge, administrator: Administrator) -> None:
    own = find_account(forge, administrator, "rosa")

    with pytest.raises(OwnAccount):
        administration.set_account_active(forge, own, active=False)
    with pytest.raises(OwnAccount):
        administration.set_account_admin(forge, administrator, own, admin=False)
    with pytest.raises(OwnAccount):
        administration.delete_account(forge, own)

    assert find_account(forge, administrator, "rosa").subject.admin
    assert noted(forge, administrator) == []


def test_an_account_is_deleted_and_what_it_did_stays_noted(forge: Forge, administrator: Administrator) -> None:
    dora = create_user(forge, "dora", admin=True)
    create_user(forge, "emil", by=Identity(dora, ALL_SCOPES))

    administration.delete_account(forge, find_account(forge, administrator, "dora"))

    assert noted(forge, administrator) == [("rosa", "deleted an account", "dora"), ("dora", "made an account", "emil")]


def test_somebodys_sessions_and_tokens_are_ended(forge: Forge, administrator: Administrator) -> None:
    dora = create_user(forge, "dora", password=PASSWORD)
    started = sign_in(forge, "dora", PASSWORD, browser="")
    assert started is not None
    create_token(forge, dora, "laptop")
    account = find_account(forge, administrator, "dora")

    end_sessions(forge, account)
    revoke_token(forge, account, list_tokens(forge, dora)[0].id)

    assert find_session(forge, started.secret) is None
    assert list_tokens(forge, dora) == ()


def test_an_organization_is_made_for_somebody(forge: Forge, administrator: Administrator, anna: User) -> None:
    owner = find_account(forge, administrator, "anna")

    made = administration.add_organization(forge, administrator, "harbour", owner, "港口")

    assert [one.path for one in administration.list_organizations(forge, administrator)] == [made.path]


def test_preferences_are_kept_at_the_account(forge: Forge, anna: User, berta: User) -> None:
    before = read_preferences(forge, anna)

    set_preferences(forge, anna, UserPreferences("zh", "dark"))
    set_preferences(forge, anna, UserPreferences("zh", ""))

    assert (before, read_preferences(forge, anna)) == (UserPreferences(), UserPreferences("zh", ""))
    assert read_preferences(forge, berta) == UserPreferences()


@pytest.mark.parametrize("preferences", [UserPreferences("fr", ""), UserPreferences("", "pink")])
def test_a_preference_that_no_page_has_is_refused(forge: Forge, anna: User, preferences: UserPreferences) -> None:
    with pytest.raises(UnknownPreference):
        set_preferences(forge, anna, preferences)
