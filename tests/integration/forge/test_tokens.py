"""Tokens: shown once, good for what they were made for, worth nothing when revoked."""

import re
from datetime import timedelta
from pathlib import Path

import pytest

from matou.credentials import Secret
from matou.db.namespaces import Namespace
from matou.db.users import User
from matou.forge.access import ALL_SCOPES, Identity, Scope
from matou.forge.accounts.tokens import USED_WITHIN, NoSuchToken, looks_like_token, resolve_token
from matou.forge.accounts.users import TooManyFailures, authenticate, create_user
from matou.forge.forge import Forge
from matou.forge.login_throttle import FREE_FAILURES_OF_AN_ADDRESS
from matou.forge.pending_writes import flush_pending_writes
from support.clocks import Clock
from support.deciding import create_project_token, create_token, list_tokens, revoke_token, set_active


def test_a_token_stands_for_its_user_with_its_scopes(forge: Forge, anna: User) -> None:
    scopes = {Scope.REPOSITORY_READ, Scope.USER_READ}

    secret = create_token(forge, anna, "laptop", scopes=scopes)

    assert re.fullmatch(r"[0-9a-f]{40}", secret.reveal())
    assert looks_like_token(secret)
    assert resolve_token(forge, secret) == Identity(anna, frozenset(scopes))


def test_two_tokens_are_never_the_same(forge: Forge, anna: User) -> None:
    assert create_token(forge, anna, "one") != create_token(forge, anna, "one")


@pytest.mark.parametrize("text", ["", "0" * 40, "f" * 39, "F" * 40, "f" * 40 + "\n", "anna", "\ud800" * 40])
def test_what_is_no_token_stands_for_nobody(forge: Forge, anna: User, text: str) -> None:
    create_token(forge, anna, "laptop")

    assert resolve_token(forge, Secret(text)) is None


def test_a_token_ends_when_it_was_to_end(forge: Forge, anna: User, clock: Clock) -> None:
    secret = create_token(forge, anna, "laptop", expires_at=forge.now() + timedelta(hours=1))
    clock.advance(timedelta(minutes=59, seconds=59))
    before = resolve_token(forge, secret)

    clock.advance(timedelta(seconds=1))

    assert before == Identity(anna, ALL_SCOPES)
    assert resolve_token(forge, secret) is None


def test_a_revoked_token_is_refused_by_the_next_request_in_every_process(
    this_process: Forge, other_process: Forge
) -> None:
    """Catalogue A-12."""
    anna = create_user(this_process, "anna")
    secret = create_token(this_process, anna, "laptop")
    assert resolve_token(other_process, secret) is not None

    (token,) = list_tokens(this_process, anna)
    revoke_token(this_process, anna, token.id)

    assert resolve_token(other_process, secret) is None
    assert list_tokens(this_process, anna) == ()


def test_the_tokens_of_a_user_that_is_not_active_are_worth_nothing(forge: Forge, anna: User) -> None:
    secret = create_token(forge, anna, "laptop")

    set_active(forge, anna, active=False)

    assert resolve_token(forge, secret) is None


def test_nobody_revokes_somebody_elses_token(forge: Forge, anna: User, berta: User) -> None:
    secret = create_token(forge, anna, "laptop")
    (token,) = list_tokens(forge, anna)

    with pytest.raises(NoSuchToken):
        revoke_token(forge, berta, token.id)

    assert resolve_token(forge, secret) is not None


@pytest.mark.parametrize(
    ("login", "is_theirs"), [(None, True), ("anna", True), ("ANNA@example.com", True), ("berta", False), ("", False)]
)
def test_a_token_beside_a_user_name_must_be_that_users(
    forge: Forge, anna: User, berta: User, login: str | None, is_theirs: bool
) -> None:
    secret = create_token(forge, anna, "laptop")

    assert (resolve_token(forge, secret, login=login) is not None) is is_theirs


def test_a_project_token_has_a_name_of_its_own_and_cannot_log_in_with_a_password(
    forge: Forge, project: Namespace
) -> None:
    credential = create_project_token(forge, project, "ci")

    identity = resolve_token(forge, credential.password, login=credential.user)

    assert re.fullmatch(r"pt[a-z0-9]{10}", credential.user)
    assert identity is not None
    assert identity.only_below == project.path
    assert identity.scopes == {Scope.PROJECT_READ, Scope.REPOSITORY_READ, Scope.REPOSITORY_WRITE}
    assert authenticate(forge, credential.user, credential.password) is None


def test_guessing_tokens_is_slowed_and_a_good_one_is_not(forge: Forge, anna: User) -> None:
    """Catalogue A-20."""
    secret = create_token(forge, anna, "laptop")
    for number in range(FREE_FAILURES_OF_AN_ADDRESS):
        resolve_token(forge, Secret(f"{number:040x}"), address="192.0.2.1")

    with pytest.raises(TooManyFailures):
        resolve_token(forge, Secret("a" * 40), address="192.0.2.1")

    assert resolve_token(forge, secret, address="192.0.2.1") is not None


def test_no_token_can_be_read_from_the_disk(forge: Forge, anna: User, tmp_path: Path) -> None:
    """Catalogue A-22."""
    secret = create_token(forge, anna, "laptop")

    files = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]

    assert not any(secret.reveal().encode() in content for content in files)
    assert secret.reveal() not in repr((secret, list_tokens(forge, anna), forge))


def test_when_a_token_was_used_last_is_told_to_within_an_hour(forge: Forge, anna: User, clock: Clock) -> None:
    secret, began = create_token(forge, anna, "laptop"), clock.now
    assert list_tokens(forge, anna)[0].last_used_at is None

    resolve_token(forge, secret)
    first = list_tokens(forge, anna)[0].last_used_at
    clock.advance(USED_WITHIN - timedelta(seconds=1))
    resolve_token(forge, secret)
    soon = list_tokens(forge, anna)[0].last_used_at
    clock.advance(timedelta(seconds=1))
    resolve_token(forge, secret)

    assert (first, soon, list_tokens(forge, anna)[0].last_used_at) == (began, began, clock.now)


def test_a_token_that_is_refused_was_not_used(forge: Forge, anna: User, clock: Clock) -> None:
    secret = create_token(forge, anna, "laptop", expires_at=forge.now() + timedelta(hours=1))
    clock.advance(timedelta(hours=1))

    assert resolve_token(forge, secret) is None
    assert list_tokens(forge, anna)[0].last_used_at is None


def test_a_use_is_written_down_when_the_server_ends_in_good_order(this_process: Forge, other_process: Forge) -> None:
    anna = create_user(this_process, "anna")
    resolve_token(this_process, create_token(this_process, anna, "laptop"))

    flush_pending_writes(this_process)

    assert list_tokens(other_process, anna)[0].last_used_at == this_process.now()
