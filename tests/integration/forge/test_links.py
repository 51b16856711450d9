"""Links that are good for one thing, for a while, at every server of one database, and never more than who asked."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from matou.credentials import Secret
from matou.db.users import User
from matou.forge.accounts.users import create_user
from matou.forge.forge import Forge
from matou.model.names import RepositoryPath
from matou.server.authentication import Credential, UnknownCredential, identify
from matou.server.git.lfs_tokens import LfsGrant, LfsOperation, LinkExpired, credential_of, lfs_signer, signed_token
from support.clocks import Clock
from support.deciding import create_token, list_tokens, revoke_token, set_active, set_password

GRANT = LfsGrant(RepositoryPath.parse("team/ship"), "ab" * 32, LfsOperation.UPLOAD, 5)
PASSWORD = Secret("correct horse battery")


@pytest.fixture
def forge(this_process: Forge) -> Forge:
    """The same database as `other_process` has."""
    return this_process


@pytest.fixture
def li(forge: Forge) -> User:
    return create_user(forge, "li", password=PASSWORD)


def link_of(forge: Forge, credential: Credential, grant: LfsGrant = GRANT) -> str:
    return signed_token(lfs_signer(forge, credential), grant)


def by_token(forge: Forge, user: User) -> Credential:
    return Credential("", create_token(forge, user, "laptop"))


def by_password(_forge: Forge, user: User) -> Credential:
    return Credential(user.name, PASSWORD)


def revoke(forge: Forge, user: User) -> None:
    for token in list_tokens(forge, user):
        revoke_token(forge, user, token.id)


def change_password(forge: Forge, user: User) -> None:
    set_password(forge, user, Secret("another correct horse"))


def switch_off(forge: Forge, user: User) -> None:
    set_active(forge, user, active=False)


@pytest.mark.parametrize("credential_of_user", [by_token, by_password])
def test_a_link_of_one_server_is_good_at_another_and_holds_no_secret(
    forge: Forge, other_process: Forge, li: User, credential_of_user: Callable[[Forge, User], Credential]
) -> None:
    credential = credential_of_user(forge, li)

    link = link_of(forge, credential)

    assert identify(other_process, credential_of(other_process, link, GRANT)).user == li
    assert credential.secret.reveal() not in link


@pytest.mark.parametrize(
    ("credential_of_user", "end"),
    [(by_token, revoke), (by_token, switch_off), (by_password, change_password), (by_password, switch_off)],
)
def test_a_link_ends_with_what_was_shown_for_it(
    forge: Forge,
    other_process: Forge,
    li: User,
    credential_of_user: Callable[[Forge, User], Credential],
    end: Callable[[Forge, User], None],
) -> None:
    link = link_of(forge, credential_of_user(forge, li))
    assert identify(other_process, credential_of(other_process, link, GRANT)).user == li

    end(forge, li)

    with pytest.raises(UnknownCredential):
        identify(other_process, credential_of(other_process, link, GRANT))


@pytest.mark.parametrize(
    "other",
    [
        replace(GRANT, repository=RepositoryPath.parse("team/other")),
        replace(GRANT, oid="ac" * 32),
        replace(GRANT, verb=LfsOperation.DOWNLOAD),
        replace(GRANT, size_bytes=6),
    ],
    ids=["repository", "object", "verb", "size"],
)
def test_a_link_is_good_for_one_errand(forge: Forge, li: User, other: LfsGrant) -> None:
    link = link_of(forge, by_token(forge, li))

    with pytest.raises(LinkExpired):
        credential_of(forge, link, other)


def test_a_link_ends_and_cannot_be_made_to_last_or_to_be_anothers(forge: Forge, li: User, clock: Clock) -> None:
    link = link_of(forge, by_token(forge, li))
    another = link_of(forge, by_token(forge, create_user(forge, "wang", password=PASSWORD)))
    head, size, whom, expiry, key, mac = link.split(".")
    clock.advance(timedelta(hours=1))
    later = link_of(forge, by_token(forge, li))
    forged = [
        ".".join((head, size, whom, str(int(expiry) + 60), key, mac)),
        ".".join((head, size, another.split(".")[2], later.split(".")[3], later.split(".")[4], later.split(".")[5])),
        ".".join((head, size, whom, later.split(".")[3], "999", mac)),
        "matou-lfs-2.x",
        f"{later}0",
    ]

    for text in (link, *forged):
        with pytest.raises(LinkExpired):
            credential_of(forge, text, GRANT)
    assert credential_of(forge, later, GRANT) is not None


def test_keys_change_and_old_ones_go(forge: Forge, other_process: Forge, li: User, clock: Clock) -> None:
    credential = by_token(forge, li)
    numbers = []
    for _ in range(6):
        numbers.append(link_of(forge, credential).split(".")[4])
        assert link_of(other_process, credential).split(".")[4] == numbers[-1]
        clock.advance(timedelta(minutes=61))
    with forge.database.begin_read() as connection:
        kept = connection.exec_driver_sql("SELECT count(*) FROM link_keys").scalar_one()

    assert len({*numbers}) == 6
    assert kept < 6
