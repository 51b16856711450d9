"""What was backed up is found by the name that it has at its platform, without the account that saved it."""

import pytest

from matou.archive.layout import Archive
from matou.db.memberships import Role
from matou.forge.access import (
    ALL_SCOPES,
    Identity,
    MaySee,
    MayWriteCode,
    NoSuchRepository,
    ReadOnly,
    authorize_saved_repository,
)
from matou.forge.accounts.namespaces import create_organization, find_namespace
from matou.forge.accounts.users import create_user
from matou.forge.forge import Forge
from matou.forge.maintenance.reindex import reindex
from matou.model.names import NamespacePath, RepositoryPath
from matou.model.platform import Visibility
from support.backed_up_team import BackedUpTeam
from support.deciding import add_member, create_repository

AT_PLATFORM = RepositoryPath.parse("Harbour/ship")


def save(archive: Archive, team: str) -> None:
    BackedUpTeam(archive, host=f"{team}.example", team=team).back_up()


def administrator(forge: Forge) -> Identity:
    return Identity(create_user(forge, "root", admin=True), ALL_SCOPES)


def test_a_saved_repository_is_found_without_the_name_of_the_account(forge: Forge, archive: Archive) -> None:
    save(archive, "team")
    reindex(forge)

    found = authorize_saved_repository(forge, administrator(forge), MaySee, AT_PLATFORM)

    assert str(found.subject.path) == "team/harbour/ship"


@pytest.mark.parametrize("path", ["ship/ship", "eam/harbour/ship", "arbour/ship", "harbour/shi_", "team/harbour/ship"])
def test_no_other_name_finds_it(forge: Forge, archive: Archive, path: str) -> None:
    save(archive, "team")
    reindex(forge)

    with pytest.raises(NoSuchRepository):
        authorize_saved_repository(forge, administrator(forge), MaySee, RepositoryPath.parse(path))


def test_who_may_see_none_or_two_of_that_name_finds_none(forge: Forge, archive: Archive) -> None:
    save(archive, "team")
    save(archive, "crew")
    reindex(forge)
    anna = create_user(forge, "anna")
    identity = Identity(anna, ALL_SCOPES)

    with pytest.raises(NoSuchRepository):
        authorize_saved_repository(forge, identity, MaySee, AT_PLATFORM)
    add_member(forge, find_namespace(forge, NamespacePath(("crew",))), anna, Role.REPORTER)
    assert str(authorize_saved_repository(forge, identity, MaySee, AT_PLATFORM).subject.path) == "crew/harbour/ship"
    add_member(forge, find_namespace(forge, NamespacePath(("team",))), anna, Role.REPORTER)
    with pytest.raises(NoSuchRepository):
        authorize_saved_repository(forge, identity, MaySee, AT_PLATFORM)


def test_it_stays_read_only_by_that_name(forge: Forge, archive: Archive) -> None:
    save(archive, "team")
    reindex(forge)
    anna = create_user(forge, "anna")
    add_member(forge, find_namespace(forge, NamespacePath(("team",))), anna, Role.OWNER)

    with pytest.raises(ReadOnly):
        authorize_saved_repository(forge, Identity(anna, ALL_SCOPES), MayWriteCode, AT_PLATFORM)


def test_what_was_born_here_is_not_found_without_the_namespace_above_it(forge: Forge) -> None:
    anna = create_user(forge, "anna")
    team = create_organization(forge, "team", owner=anna)
    harbour = create_organization(forge, "harbour", owner=anna, parent=team)
    create_repository(forge, RepositoryPath(harbour.path, "ship"), visibility=Visibility.PUBLIC, creator=anna)

    with pytest.raises(NoSuchRepository):
        authorize_saved_repository(forge, Identity(anna, ALL_SCOPES), MaySee, AT_PLATFORM)
