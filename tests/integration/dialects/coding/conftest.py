"""Fixtures: a team with one project and one depot, and people who may do this and that there."""

import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from uuid import UUID

import pytest

from matou.archive.layout import Archive
from matou.db.engine import Database, open_database
from matou.db.upgrade import upgrade_if_behind
from matou.forge.forge import Forge
from matou.forge.pending_writes import flush_pending_writes
from support.coding_api import NOON, Api, Clock, Team, furnish
from support.coding_saved import SaidAtCoding, said_at_coding, save_said


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The team's archive, made once and copied for each test."""
    root = tmp_path_factory.mktemp("prepared") / "archive"
    archive = Archive.open_or_create(root, now=NOON, identifier=UUID(int=1))
    with closing(open_database(archive.database)) as database:
        upgrade_if_behind(database)
        furnish(Forge(database, archive, Clock().now))
    return root


@pytest.fixture(scope="session")
def said() -> SaidAtCoding:
    return said_at_coding()


@pytest.fixture(scope="session")
def furnished(prepared: Path, tmp_path_factory: pytest.TempPathFactory, said: SaidAtCoding) -> Iterator[Team]:
    """With all that was said at CODING. Nothing changes it."""
    archive = Archive.open(Path(shutil.copytree(prepared, tmp_path_factory.mktemp("saved") / "archive")))
    with closing(open_database(archive.database)) as database:
        clock = Clock()
        team = Team.found(Forge(database, archive, clock.now), clock)
        save_said(team.forge, team.project, said.project)
        save_said(team.forge, team.depot, said.depot)
        yield team


@pytest.fixture(scope="session")
def saved(furnished: Team) -> Api:
    return furnished.api()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def team(prepared: Path, tmp_path: Path, clock: Clock) -> Iterator[Team]:
    archive = Archive.open(Path(shutil.copytree(prepared, tmp_path / "archive")))
    with closing(open_database(archive.database)) as database:
        team = Team.found(Forge(database, archive, clock.now), clock)
        yield team
        flush_pending_writes(team.forge)


@pytest.fixture
def api(team: Team) -> Api:
    return team.api()


@pytest.fixture
def team_on_postgresql(postgres_database: Database, tmp_path: Path) -> Iterator[Team]:
    archive = Archive.open_or_create(tmp_path / "on-postgresql", now=NOON, identifier=UUID(int=1))
    clock = Clock()
    forge = Forge(postgres_database, archive, clock.now)
    furnish(forge)
    yield Team.found(forge, clock)
    # Not by a timer, when the database is another test's already.
    flush_pending_writes(forge)
