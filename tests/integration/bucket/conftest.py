"""Machines that share a bucket and a database."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from matou.db.repositories import Repository
from matou.db.users import User
from matou.forge.accounts.namespaces import create_organization
from matou.forge.accounts.users import create_user
from matou.forge.forge import Forge
from matou.forge.maintenance.bucket_packing import RecentSweep
from matou.model.names import RepositoryPath
from support.bucket_forges import Machines, Pusher, UnreliableStore, machines
from support.clocks import Clock
from support.deciding import (
    create_repository,
)
from support.git_repositories import make_repository


@pytest.fixture
def bucket(tmp_path: Path) -> UnreliableStore:
    return UnreliableStore(tmp_path / "bucket", staging=tmp_path / "bucket-staging")


@pytest.fixture(autouse=True)
def nothing_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is due in the background is done when a test says so."""
    monkeypatch.setattr(RecentSweep, "is_due", lambda *_: False)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def made(database_place: Path | str, bucket: UnreliableStore, tmp_path: Path, clock: Clock) -> Iterator[Machines]:
    with machines(database_place, bucket, tmp_path, clock) as made:
        yield made


@pytest.fixture
def one(made: Machines) -> Forge:
    return made.another()


@pytest.fixture
def other(made: Machines) -> Forge:
    return made.another()


@pytest.fixture
def anna(one: Forge) -> User:
    return create_user(one, "anna")


@pytest.fixture
def ship(one: Forge, anna: User) -> Repository:
    team = create_organization(one, "team", owner=anna)
    return create_repository(one, RepositoryPath(team.path, "ship"), creator=anna)


@pytest.fixture
def pusher(anna: User, tmp_path: Path) -> Pusher:
    return Pusher(anna, make_repository(tmp_path / "origin.git"))
