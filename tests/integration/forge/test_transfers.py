"""Repositories that move into another namespace: rights on both sides, and nothing lost on the way."""

import pytest

from matou.credentials import Secret
from matou.db.memberships import Role
from matou.db.namespaces import Namespace
from matou.db.repositories import Repository
from matou.db.users import User
from matou.errors import NotFound
from matou.forge.access import ALL_SCOPES, Action, Identity, MissingScope, NotAllowed, ReadOnly, Scope, may
from matou.forge.accounts.namespaces import create_organization
from matou.forge.accounts.users import NameTaken, WrongPassword, create_user
from matou.forge.forge import Forge
from matou.forge.maintenance.check import check
from matou.forge.repositories.repository_lists import find_repository, find_repository_by_id
from matou.forge.repositories.repository_moves import require_password
from matou.model.names import InvalidName, NamespacePath, RepositoryPath
from support.deciding import (
    add_member,
    archive_repository,
    create_repository,
    fork_repository,
    parent_of,
    transfer_repository,
)
from support.listed_rows import repositories_in

ANNAS = NamespacePath(("anna",))


def identity_of(user: User) -> Identity:
    return Identity(user, ALL_SCOPES)


@pytest.fixture
def other(forge: Forge, anna: User) -> Namespace:
    return create_organization(forge, "other", owner=anna)


def test_it_stands_in_the_other_namespace_and_its_old_path_leads_to_it(
    forge: Forge, repository: Repository, other: Namespace, anna: User
) -> None:
    moved = transfer_repository(forge, identity_of(anna), repository, other.path)

    assert (str(moved.path), moved.namespace_id, moved.id) == ("other/ship", other.id, repository.id)
    assert find_repository(forge, repository.path) == moved == find_repository(forge, moved.path)
    assert repositories_in(forge, other) == ((moved,), 1)
    assert (forge.git_dir(moved) / "HEAD").is_file()
    assert check(forge) == ()


def test_it_takes_a_new_path_on_the_way(forge: Forge, repository: Repository, other: Namespace, anna: User) -> None:
    moved = transfer_repository(forge, identity_of(anna), repository, other.path, new_path="boat")

    assert (str(moved.path), moved.true_name) == ("other/boat", "boat")


def test_it_goes_to_its_owner_s_own_namespace(forge: Forge, repository: Repository, anna: User) -> None:
    moved = transfer_repository(forge, identity_of(anna), repository, ANNAS)

    assert str(moved.path) == "anna/ship"


def test_the_members_of_the_old_place_lose_it_and_those_of_the_new_one_have_it(
    forge: Forge, repository: Repository, project: Namespace, other: Namespace, anna: User, berta: User
) -> None:
    carla = create_user(forge, "carla")
    add_member(forge, project, berta, Role.DEVELOPER)
    add_member(forge, other, carla, Role.REPORTER)

    moved = transfer_repository(forge, identity_of(anna), repository, other.path)

    assert not may(forge, identity_of(berta), Action.SEE, moved)
    assert may(forge, identity_of(carla), Action.READ_CODE, moved)


@pytest.mark.parametrize("role", [Role.REPORTER, Role.DEVELOPER, Role.MAINTAINER])
def test_only_an_owner_gives_it_away(
    forge: Forge, repository: Repository, project: Namespace, berta: User, role: Role
) -> None:
    add_member(forge, project, berta, role)

    with pytest.raises(NotAllowed):
        transfer_repository(forge, identity_of(berta), repository, NamespacePath(("berta",)))

    assert find_repository_by_id(forge, repository.id) == repository


def test_nobody_pushes_it_on_somebody_else(forge: Forge, repository: Repository, anna: User, berta: User) -> None:
    foreign = create_organization(forge, "foreign", owner=berta)
    seen = create_organization(forge, "seen", owner=berta)
    add_member(forge, seen, anna, Role.DEVELOPER)

    for hidden in (foreign.path, NamespacePath(("berta",)), NamespacePath(("nowhere",))):
        with pytest.raises(NotFound):
            transfer_repository(forge, identity_of(anna), repository, hidden)
    with pytest.raises(NotAllowed):
        transfer_repository(forge, identity_of(anna), repository, seen.path)

    assert find_repository_by_id(forge, repository.id) == repository


def test_a_token_of_one_namespace_or_without_the_scope_does_not_do_it(
    forge: Forge, repository: Repository, project: Namespace, other: Namespace, anna: User
) -> None:
    with pytest.raises(NotFound):
        transfer_repository(forge, Identity(anna, ALL_SCOPES, project.path), repository, other.path)
    with pytest.raises(MissingScope):
        transfer_repository(forge, Identity(anna, frozenset({Scope.REPOSITORY_READ})), repository, other.path)


def test_an_archived_repository_stays_where_it_is(
    forge: Forge, repository: Repository, other: Namespace, anna: User
) -> None:
    archived = archive_repository(forge, repository)

    with pytest.raises(ReadOnly):
        transfer_repository(forge, identity_of(anna), archived, other.path)


def test_a_path_that_is_taken_or_cannot_be_one_moves_nothing(
    forge: Forge, repository: Repository, other: Namespace, anna: User
) -> None:
    create_repository(forge, RepositoryPath(other.path, "ship"), creator=anna)

    with pytest.raises(NameTaken):
        transfer_repository(forge, identity_of(anna), repository, other.path)
    with pytest.raises(InvalidName):
        transfer_repository(forge, identity_of(anna), repository, other.path, new_path="../x")

    assert find_repository_by_id(forge, repository.id) == repository
    assert check(forge) == ()


def test_its_forks_keep_it_as_their_parent(forge: Forge, repository: Repository, other: Namespace, anna: User) -> None:
    fork = fork_repository(forge, identity_of(anna), repository, namespace=ANNAS)

    moved = transfer_repository(forge, identity_of(anna), repository, other.path)

    assert parent_of(forge, fork) == moved


def test_a_password_is_looked_at_if_one_came(forge: Forge) -> None:
    dora = identity_of(create_user(forge, "dora", password=Secret("correct horse")))

    require_password(forge, dora, None)
    require_password(forge, dora, Secret("correct horse"))
    with pytest.raises(WrongPassword):
        require_password(forge, dora, Secret("battery staple"))
