"""A database server that goes away while it commits: nobody knows whether it did, and nothing gets out of step."""

import itertools

import pytest
from sqlalchemy import PoolProxiedConnection

from matou.archive.layout import Archive
from matou.db.engine import Database, OutcomeUnknown
from matou.forge.accounts.namespaces import create_organization
from matou.forge.accounts.users import create_user
from matou.forge.forge import Forge
from matou.forge.maintenance.check import check
from matou.model.names import RepositoryPath
from support.clocks import Clock
from support.deciding import create_repository, delete_repository, rename_repository
from support.listed_rows import repositories_in


@pytest.fixture
def on_postgresql(archive: Archive, postgres_database: Database, clock: Clock) -> Forge:
    return Forge(postgres_database, archive, clock)


def lose_the_server(monkeypatch: pytest.MonkeyPatch, database: Database, *, committed: bool) -> None:
    """The connection breaks while a commit is answered, once."""
    psycopg = pytest.importorskip("psycopg")
    commits, commit = itertools.count(1), database.engine.dialect.do_commit

    def breaking(connection: PoolProxiedConnection) -> None:
        is_first = next(commits) == 1
        if committed or not is_first:
            commit(connection)
        if not is_first:
            return
        driver = connection.driver_connection
        assert driver is not None
        driver.close()
        message = "server closed the connection unexpectedly"
        raise psycopg.OperationalError(message)

    monkeypatch.setattr(database.engine.dialect, "do_commit", breaking)


@pytest.mark.parametrize("committed", [True, False])
@pytest.mark.parametrize("what", ["create", "rename", "delete"])
def test_where_the_answer_of_a_commit_is_lost_the_folder_is_where_the_row_says(
    on_postgresql: Forge, monkeypatch: pytest.MonkeyPatch, what: str, committed: bool
) -> None:
    forge = on_postgresql
    create_organization(forge, "team", owner=create_user(forge, "anna"))
    path = RepositoryPath.parse("team/ship")
    there = create_repository(forge, path, creator=None)

    def do() -> None:
        if what == "create":
            create_repository(forge, RepositoryPath.parse("team/other"), creator=None)
        elif what == "rename":
            rename_repository(forge, there, "boat")
        else:
            delete_repository(forge, there)

    lose_the_server(monkeypatch, forge.database, committed=committed)
    with pytest.raises(OutcomeUnknown):
        do()

    found = {str(one.path) for one in repositories_in(forge, None)[0]}
    done = {"create": {"team/ship", "team/other"}, "rename": {"team/boat"}, "delete": set[str]()}[what]
    assert found == (done if committed else {"team/ship"})
    assert check(forge) == ()
    assert list(forge.archive.staging.iterdir()) == []
