"""Names that nobody may take: those that people read as another one's, and those of the server's own paths."""

import pytest
from starlette.routing import Route

from matou.db.namespaces import Namespace
from matou.db.users import User
from matou.forge.access import ALL_SCOPES, Identity
from matou.forge.accounts.name_rules import ROUTES, LookalikeName, ReservedName
from matou.forge.accounts.namespaces import create_organization
from matou.forge.accounts.users import NameTaken, create_user
from matou.forge.forge import Forge
from matou.model.names import RepositoryPath
from matou.server.app import build_app
from support.deciding import create_project, create_repository, rename_namespace, rename_repository, transfer_repository

CYRILLIC_ACME = "\u0430cme"
CYRILLIC_SHOP = "sh\u043ep"


@pytest.mark.parametrize(
    "name", ["api", "Admin", "login", "explore", "open-api", "\uff41\uff50\uff49", "\u0430p\u0456"]
)
def test_nobody_is_called_like_a_path_of_the_server(forge: Forge, anna: User, name: str) -> None:
    with pytest.raises(ReservedName):
        create_user(forge, name)
    with pytest.raises(ReservedName):
        create_organization(forge, name, owner=anna)


def test_inside_a_namespace_such_a_name_means_nothing_else(forge: Forge, anna: User, team: Namespace) -> None:
    inner = create_project(forge, team, "api", creator=anna)

    create_repository(forge, RepositoryPath(inner.path, "login"), creator=anna)


def test_every_path_of_the_server_is_among_them(forge: Forge) -> None:
    first = {route.path.split("/")[1] for route in build_app(forge).routes if isinstance(route, Route)}

    assert first - {"{path:whole}", "{subject:path}", "-"} <= ROUTES
    assert {"api", "oauth"} <= ROUTES


@pytest.mark.parametrize(
    ("there", "wanted"), [("acme", CYRILLIC_ACME), (CYRILLIC_ACME, "acme"), (CYRILLIC_ACME, "ACME")]
)
def test_no_account_or_organization_looks_like_another(forge: Forge, anna: User, there: str, wanted: str) -> None:
    create_organization(forge, there, owner=anna)

    with pytest.raises(LookalikeName):
        create_user(forge, wanted)
    with pytest.raises(LookalikeName):
        create_organization(forge, wanted, owner=anna)


def test_words_in_plain_letters_are_told_apart_by_whoever_reads_them(forge: Forge, anna: User) -> None:
    create_organization(forge, "modern", owner=anna)

    assert create_organization(forge, "modem", owner=anna).name == "modem"


def test_a_name_that_is_taken_is_told_as_that(forge: Forge, anna: User) -> None:
    create_organization(forge, CYRILLIC_ACME, owner=anna)

    with pytest.raises(NameTaken):
        create_organization(forge, CYRILLIC_ACME.upper(), owner=anna)


def test_names_look_alike_in_one_place_only(forge: Forge, anna: User, team: Namespace) -> None:
    create_project(forge, team, "acme", creator=anna)

    assert create_organization(forge, CYRILLIC_ACME, owner=anna).name == CYRILLIC_ACME


def test_a_project_looks_like_no_repository_beside_it_nor_the_other_way_round(
    forge: Forge, anna: User, team: Namespace
) -> None:
    create_repository(forge, RepositoryPath(team.path, "shop"), creator=anna)
    create_project(forge, team, CYRILLIC_ACME, creator=anna)

    with pytest.raises(LookalikeName):
        create_project(forge, team, CYRILLIC_SHOP, creator=anna)
    with pytest.raises(LookalikeName):
        create_repository(forge, RepositoryPath(team.path, "acme"), creator=anna)


def test_no_repository_is_renamed_or_transferred_to_what_looks_like_another(
    forge: Forge, anna: User, team: Namespace
) -> None:
    create_repository(forge, RepositoryPath(team.path, "shop"), creator=anna)
    here = create_repository(forge, RepositoryPath(team.path, "here"), creator=anna)
    elsewhere = create_organization(forge, "elsewhere", owner=anna)
    there = create_repository(forge, RepositoryPath(elsewhere.path, CYRILLIC_SHOP), creator=anna)

    with pytest.raises(LookalikeName):
        rename_repository(forge, here, CYRILLIC_SHOP)
    with pytest.raises(LookalikeName):
        transfer_repository(forge, Identity(anna, ALL_SCOPES), there, team.path)


def test_no_namespace_is_renamed_to_what_looks_like_another_or_like_a_path_of_the_server(
    forge: Forge, anna: User, team: Namespace
) -> None:
    create_organization(forge, "acme", owner=anna)

    with pytest.raises(LookalikeName):
        rename_namespace(forge, Identity(anna, ALL_SCOPES), team, CYRILLIC_ACME)
    with pytest.raises(ReservedName):
        rename_namespace(forge, Identity(anna, ALL_SCOPES), team, "api")
    assert rename_namespace(forge, Identity(anna, ALL_SCOPES), team, "te\u0430m").name == "te\u0430m"


def test_a_repository_may_be_renamed_to_what_looks_like_its_own_name(forge: Forge, anna: User, team: Namespace) -> None:
    shop = create_repository(forge, RepositoryPath(team.path, CYRILLIC_SHOP), creator=anna)

    assert rename_repository(forge, shop, "shop").name == "shop"
