"""What `authorize` answers with: made by nobody else, and good for one subject, for as long as it is decided anew."""

from dataclasses import replace

import pytest

from matou.db.memberships import Role
from matou.db.namespaces import Namespace
from matou.db.repositories import Repository
from matou.db.users import User
from matou.forge.access import (
    ALL_SCOPES,
    ANONYMOUS,
    Authorized,
    Identity,
    MayReadCode,
    MaySee,
    MayWriteCode,
    NoSuchRepository,
    NotAllowed,
    ReadOnly,
    authorize,
    authorize_again,
    granted_by_listing,
    granted_to_operator,
    renewed,
)
from matou.forge.accounts.users import create_user
from matou.forge.forge import Forge
from matou.model.names import RepositoryPath
from support.deciding import add_member, archive_repository, create_repository, delete_repository
from support.deciding import remove_namespace_member as remove_member


@pytest.fixture
def ben(forge: Forge, project: Namespace) -> Identity:
    user = create_user(forge, "ben")
    add_member(forge, project, user, Role.DEVELOPER)
    return Identity(user, ALL_SCOPES)


def test_nobody_else_makes_it(repository: Repository, ben: Identity) -> None:
    with pytest.raises(TypeError, match="only forge"):
        Authorized(repository, ben, MayWriteCode, object())


def test_it_cannot_be_made_into_another_one(forge: Forge, repository: Repository, ben: Identity) -> None:
    granted = authorize(forge, ben, MayReadCode, repository)

    with pytest.raises((TypeError, ValueError)):
        replace(granted, right=MayWriteCode)  # type: ignore[call-arg]  # what is shown


def test_whoever_may_not_gets_none(forge: Forge, repository: Repository) -> None:
    with pytest.raises(NoSuchRepository):
        authorize(forge, ANONYMOUS, MaySee, repository)


def test_it_says_to_whom_and_for_what_it_was_given(forge: Forge, repository: Repository, ben: Identity) -> None:
    granted = authorize(forge, ben, MayWriteCode, repository)

    assert (granted.subject, granted.identity, granted.right) == (repository, ben, MayWriteCode)


def test_what_was_taken_away_meanwhile_is_not_given_again(
    forge: Forge, project: Namespace, repository: Repository, ben: Identity
) -> None:
    granted = authorize(forge, ben, MayWriteCode, repository)
    assert ben.user is not None
    remove_member(forge, project, ben.user)

    with pytest.raises((NoSuchRepository, NotAllowed)):
        authorize_again(forge, granted)


def test_what_was_closed_meanwhile_is_not_given_again(forge: Forge, repository: Repository, ben: Identity) -> None:
    granted = authorize(forge, ben, MayWriteCode, repository)
    archive_repository(forge, repository)

    with pytest.raises(ReadOnly):
        authorize_again(forge, granted)


def test_what_was_deleted_meanwhile_is_not_given_again(forge: Forge, repository: Repository, ben: Identity) -> None:
    granted = authorize(forge, ben, MayWriteCode, repository)
    delete_repository(forge, repository)

    with pytest.raises(NoSuchRepository):
        authorize_again(forge, granted)


def test_a_right_to_one_repository_is_none_to_another(
    forge: Forge, repository: Repository, ben: Identity, anna: User
) -> None:
    other = create_repository(forge, RepositoryPath(repository.path.namespace, "other"), creator=anna)
    granted = authorize(forge, ben, MayWriteCode, repository)

    with pytest.raises(ValueError, match="another"):
        renewed(granted, other)


def test_the_operator_is_refused_nothing(forge: Forge, repository: Repository) -> None:
    closed = archive_repository(forge, repository)

    assert granted_to_operator(MayWriteCode, closed).identity.is_operator


def test_a_listing_gives_rights_to_what_its_filter_lets_through(
    forge: Forge, repository: Repository, ben: Identity
) -> None:
    from matou.db import repositories

    def below(identity: Identity) -> list[Repository]:
        found, _total = granted_by_listing(
            forge,
            identity,
            lambda connection, eyes: repositories.list_repositories(connection, None, recursive=True, viewer=eyes),
        )
        return [granted.subject for granted in found]

    assert below(ben) == [repository]
    assert below(ANONYMOUS) == []
