"""Who wrote each line is found once for all who ask at the same time."""

import threading

import pytest

from matou.db.engine import Database
from matou.db.users import User
from matou.forge.access import MayReadCode, granted_to_operator
from matou.forge.accounts.namespaces import create_organization
from matou.forge.content.blame import begin_blame, blame_file
from matou.forge.forge import Forge
from matou.git.odb.objects import TreePath
from matou.git.operations.blame import BlamedLines, blame
from matou.model.names import RepositoryPath
from support.commits import commit_in
from support.deciding import create_repository

FILE = TreePath.parse("a.txt")


@pytest.fixture
def database(sqlite_database: Database) -> Database:
    """One will do: nothing of this is in it."""
    return sqlite_database


def test_two_who_ask_at_once_get_what_was_found_once(forge: Forge, anna: User, monkeypatch: pytest.MonkeyPatch) -> None:
    create_organization(forge, "team", owner=anna)
    repository = create_repository(forge, RepositoryPath.parse("team/ship"), creator=anna)
    commit = commit_in(forge.git_dir(repository), {"a.txt": b"a\nb\n"}, "first", at=1_700_000_000)
    granted, may_end, requests_seen = granted_to_operator(MayReadCode, repository), threading.Event(), []

    def waiting(*arguments: object, **options: object) -> tuple[BlamedLines, ...]:
        requests_seen.append(arguments)
        may_end.wait(60)
        return blame(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr("matou.forge.content.blame.blame", waiting)
    first, second = (begin_blame(forge, granted, commit, FILE) for _ in range(2))
    may_end.set()

    assert second.result() is first.result()
    assert [(each.commit, each.first, each.count) for each in first.result().groups] == [(commit, 1, 2)]
    assert blame_file(forge, granted, commit, FILE) is first.result()
    assert len(requests_seen) == 1
