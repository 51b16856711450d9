"""Renaming a namespace and deleting an account: everything goes together, or nothing does."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from matou.archive.layout import Archive
from matou.db.memberships import Role
from matou.db.repositories import Repository
from matou.db.users import User
from matou.errors import NotFound
from matou.forge.access import ALL_SCOPES, OPERATOR, Action, Identity, NotAllowed, may
from matou.forge.accounts import namespace_moves
from matou.forge.accounts.members import LastOwner
from matou.forge.accounts.namespaces import NotEmpty, create_organization, find_namespace, organizations
from matou.forge.accounts.users import NameTaken, create_user, find_user, list_users
from matou.forge.forge import Forge
from matou.forge.maintenance.check import check
from matou.forge.maintenance.move_recovery import finish_moves
from matou.forge.repositories.repository_lists import find_repository
from matou.model.names import NamespacePath, RepositoryPath
from support.deciding import add_member, create_project, create_repository, delete_user, rename_namespace
from support.listed_rows import repositories_in

PATHS = ("team/boats/one", "team/boats/two", "team/three")

CRASH = """
import os, signal, sys
from pathlib import Path
from matou.db import namespaces as rows
from matou.forge.repositories import repository_dirs
from matou.forge.access import MayAdminister, granted_to_operator
from matou.forge.accounts.namespace_moves import rename_namespace
from matou.forge.accounts.namespaces import find_namespace
from matou.model.names import NamespacePath
from matou.settings import Settings
from matou.wiring import open_forge

root, database, moment = sys.argv[1:]
with open_forge(Path(root), Settings.from_environment({"MATOU_DATABASE_URL": database})) as forge:
    die = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)
    if moment == "before the rows":
        rows.change = die
    else:
        import shutil
        shutil.rmtree = die
    team = find_namespace(forge, NamespacePath.parse("team"))
    rename_namespace(forge, granted_to_operator(MayAdminister, team), "crew")
"""


@pytest.fixture
def team(forge: Forge, anna: User) -> tuple[Repository, ...]:
    return made_team(forge, anna)


def made_team(forge: Forge, anna: User) -> tuple[Repository, ...]:
    outermost = create_organization(forge, "team", owner=anna)
    create_project(forge, outermost, "boats", creator=anna)
    return tuple(create_repository(forge, RepositoryPath.parse(path), creator=anna) for path in PATHS)


def paths(forge: Forge) -> list[str]:
    return [str(one.path) for one in repositories_in(forge, None)[0]]


def test_all_below_goes_with_it(forge: Forge, team: tuple[Repository, ...]) -> None:
    renamed = rename_namespace(forge, OPERATOR, find_namespace(forge, NamespacePath.parse("team")), "crew")

    assert (str(renamed.path), renamed.true_name, renamed.display_name) == ("crew", "crew", "crew")
    assert [str(one.path) for one in organizations(forge)] == ["crew", "crew/boats"]
    assert paths(forge) == ["crew/boats/one", "crew/boats/two", "crew/three"]
    assert [find_repository(forge, RepositoryPath.parse(path)).id for path in PATHS] == [one.id for one in team]
    assert all(forge.git_dir(one).is_dir() for one in repositories_in(forge, None)[0])
    assert list(check(forge)) == []


def test_an_inner_one_stays_where_it_is(forge: Forge, team: tuple[Repository, ...]) -> None:
    rename_namespace(forge, OPERATOR, find_namespace(forge, NamespacePath.parse("team/boats")), "ships")

    assert paths(forge) == ["team/ships/one", "team/ships/two", "team/three"]
    assert list(check(forge)) == []


@pytest.mark.parametrize("name", ["other", "OTHER", "anna"])
def test_a_name_that_is_taken_moves_nothing(forge: Forge, anna: User, team: tuple[Repository, ...], name: str) -> None:
    create_organization(forge, "other", owner=anna)

    with pytest.raises(NameTaken):
        rename_namespace(forge, OPERATOR, find_namespace(forge, NamespacePath.parse("team")), name)

    assert paths(forge) == sorted(PATHS)
    assert list(check(forge)) == []


def test_the_path_of_a_repository_is_taken_too(forge: Forge, team: tuple[Repository, ...]) -> None:
    with pytest.raises(NameTaken):
        rename_namespace(forge, OPERATOR, find_namespace(forge, NamespacePath.parse("team/boats")), "three")


def test_whoever_may_not_administer_it_may_not_rename_it(
    forge: Forge, anna: User, team: tuple[Repository, ...]
) -> None:
    namespace, berta = find_namespace(forge, NamespacePath.parse("team")), create_user(forge, "berta")
    with pytest.raises(NotFound):
        rename_namespace(forge, Identity(berta, ALL_SCOPES), namespace, "crew")
    add_member(forge, namespace, berta, Role.MAINTAINER)
    with pytest.raises(NotAllowed):
        rename_namespace(forge, Identity(berta, ALL_SCOPES), namespace, "crew")

    assert str(rename_namespace(forge, Identity(anna, ALL_SCOPES), namespace, "crew").path) == "crew"


def test_a_repository_that_came_meanwhile_ends_it_with_nothing_moved(
    forge: Forge, anna: User, team: tuple[Repository, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    below = namespace_moves._repositories_below

    def and_then_another(*given: object) -> tuple[Repository, ...]:
        found = below(*given)  # type: ignore[arg-type]
        create_repository(forge, RepositoryPath.parse("team/late"), creator=anna)
        return found

    monkeypatch.setattr(namespace_moves, "_repositories_below", and_then_another)
    with pytest.raises(NotFound):
        rename_namespace(forge, OPERATOR, find_namespace(forge, NamespacePath.parse("team")), "crew")

    assert paths(forge) == sorted([*PATHS, "team/late"])
    assert list(check(forge)) == []


@pytest.mark.parametrize(("moment", "place"), [("before the rows", "team"), ("after the rows", "crew")])
def test_a_crash_leaves_each_folder_where_its_row_says_at_the_next_start(
    this_process: Forge,
    archive: Archive,
    database_place: Path | str,
    moment: str,
    place: str,
) -> None:
    made_team(this_process, create_user(this_process, "anna"))
    url = f"sqlite:///{database_place}" if isinstance(database_place, Path) else database_place
    died = subprocess.run([sys.executable, "-c", CRASH, archive.root, url, moment], capture_output=True)
    assert died.returncode == -signal.SIGKILL, died.stderr.decode()

    finish_moves(this_process)

    assert {path.split("/")[0] for path in paths(this_process)} == {place}
    assert all(this_process.git_dir(one).is_dir() for one in repositories_in(this_process, None)[0])
    assert list(check(this_process)) == []


def test_the_operator_is_an_administrator_and_nobody_else(forge: Forge, team: tuple[Repository, ...]) -> None:
    assert may(forge, OPERATOR, Action.DELETE, team[0])
    assert not may(forge, Identity(None, ALL_SCOPES), Action.SEE, team[0])


def test_an_account_is_deleted_with_its_namespace_and_its_name_is_free(forge: Forge, anna: User) -> None:
    delete_user(forge, anna)

    assert list_users(forge) == ()
    assert find_user(forge, "anna@example.com") is None
    create_user(forge, "anna")


def test_an_account_that_owns_what_nobody_else_does_stays(forge: Forge, anna: User) -> None:
    create_organization(forge, "team", owner=anna)
    with pytest.raises(LastOwner):
        delete_user(forge, anna)

    berta = create_user(forge, "berta")
    create_repository(forge, RepositoryPath.parse("berta/one"), creator=berta)
    with pytest.raises(NotEmpty):
        delete_user(forge, berta)

    assert [one.name for one in list_users(forge)] == ["anna", "berta"]
    assert str(find_namespace(forge, NamespacePath.parse("berta")).path) == "berta"
