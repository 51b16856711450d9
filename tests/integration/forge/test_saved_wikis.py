"""A wiki that is a repository of its own at the platform is found from the repository whose it is."""

import pytest

from matou.archive.layout import Archive
from matou.errors import NotFound
from matou.forge.access import ALL_SCOPES, Identity, MayReadCode, MaySee, authorize_repository
from matou.forge.accounts.users import create_user
from matou.forge.conversation.overview import find_wiki, saved_kinds
from matou.forge.forge import Forge
from matou.forge.maintenance.reindex import reindex
from matou.model.metadata.kinds import WIKI_PAGE
from matou.model.names import RepositoryPath
from matou.model.platform import Visibility
from matou.server.authentication import Credential
from matou.server.authorization import admit_credential
from matou.server.paths import GitTarget, Operation
from support.backed_up_team import BackedUpTeam
from support.deciding import create_token

SHIP = RepositoryPath.parse("team/harbour/ship")


def save(forge: Forge, archive: Archive, **wiki: object) -> None:
    team = BackedUpTeam(archive)
    if wiki:
        # No path may end as a wiki's name does, so that it lies under another one.
        team.repositories["42.wiki"] = {"name": "ship.wiki", "path": "team/harbour/ship_~1", **wiki}
    team.back_up()
    reindex(forge)


def administrator(forge: Forge) -> Identity:
    return Identity(create_user(forge, "root", admin=True), ALL_SCOPES)


def test_it_is_found_by_whose_it_is_and_not_by_its_name(forge: Forge, archive: Archive) -> None:
    save(forge, archive, description="")
    identity = administrator(forge)
    ship = authorize_repository(forge, identity, MaySee, SHIP).subject

    assert str(find_wiki(forge, identity, ship).subject.path) == "team/harbour/ship_~1"
    assert WIKI_PAGE.name in saved_kinds(forge, identity, ship).kinds


def test_where_there_is_none_nothing_leads_to_it(forge: Forge, archive: Archive) -> None:
    save(forge, archive)
    identity = administrator(forge)
    ship = authorize_repository(forge, identity, MaySee, SHIP).subject

    with pytest.raises(NotFound):
        find_wiki(forge, identity, ship)
    assert WIKI_PAGE.name not in saved_kinds(forge, identity, ship).kinds


def test_nobody_is_led_to_one_that_may_not_be_seen(forge: Forge, archive: Archive) -> None:
    save(forge, archive, visibility=Visibility.PRIVATE)
    anna = Identity(create_user(forge, "anna"), ALL_SCOPES)
    ship = authorize_repository(forge, administrator(forge), MaySee, SHIP).subject

    with pytest.raises(NotFound):
        find_wiki(forge, anna, ship)


def administrator_token(forge: Forge) -> Credential:
    return Credential("", create_token(forge, create_user(forge, "root", admin=True), "test"))


def test_git_finds_it_by_the_name_that_platforms_give_it(forge: Forge, archive: Archive) -> None:
    save(forge, archive, description="")
    wiki = GitTarget(SHIP, Operation.ADVERTISE, is_wiki=True)

    admitted = admit_credential(forge, administrator_token(forge), wiki, MayReadCode, address="192.0.2.1")

    assert str(admitted.repository.path) == "team/harbour/ship_~1"


def test_git_is_told_nothing_of_one_that_is_missing(forge: Forge, archive: Archive) -> None:
    save(forge, archive)
    wiki = GitTarget(SHIP, Operation.ADVERTISE, is_wiki=True)

    with pytest.raises(NotFound):
        admit_credential(forge, administrator_token(forge), wiki, MayReadCode, address="192.0.2.1")


def test_git_is_told_nothing_of_one_that_may_not_be_seen(forge: Forge, archive: Archive) -> None:
    save(forge, archive, visibility=Visibility.PRIVATE)
    wiki = GitTarget(SHIP, Operation.ADVERTISE, is_wiki=True)
    anna = Credential("", create_token(forge, create_user(forge, "anna"), "test"))

    with pytest.raises(NotFound):
        admit_credential(forge, anna, wiki, MayReadCode, address="192.0.2.1")
