"""Fixtures: a team with one project and one depot, and people who may do this and that there."""

import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from uuid import UUID

import pytest

from matou.archive.layout import Archive
from matou.db.engine import open_database
from matou.db.memberships import Role
from matou.db.upgrade import upgrade_if_behind
from matou.forge.forge import Forge
from matou.forge.members import add_member
from matou.forge.namespaces import create_organization, create_project
from matou.forge.repositories import create_repository
from matou.forge.users import create_user
from matou.model.names import RepositoryPath
from support.coding_api import NOON, Api, Clock, Team


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The team's archive, made once and copied for each test."""
    root = tmp_path_factory.mktemp("prepared") / "archive"
    archive = Archive.open_or_create(root, now=NOON, identifier=UUID(int=1))
    with closing(open_database(archive.database)) as database:
        upgrade_if_behind(database)
        _furnish(Forge(database, archive, Clock().now))
    return root


def _furnish(forge: Forge) -> None:
    chen, dora, gu, _ = (
        create_user(forge, name, email=f"{name}@example.org", display_name=name.title())
        for name in ("chen", "dora", "gu", "xiao")
    )
    organization = create_organization(forge, "harbour", owner=chen, display_name="港口")
    project = create_project(
        forge, organization, "boats", display_name="船 / 队", description="all boats", creator=chen
    )
    add_member(forge, project, dora, Role.DEVELOPER)
    add_member(forge, project, gu, Role.GUEST)
    create_repository(forge, RepositoryPath(project.path, "ferry"), description="goes there and back", creator=chen)
    team = Team.found(forge, Clock())
    team.commit({"README.md": "# 渡船\n".encode(), "src/main.c": b"int main;\n"}, "first", at=1_700_000_000)
    team.commit({"src/main.c": b"int main(void);\n"}, "fix the main thing\n\nlong story", at=1_700_100_000)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def team(prepared: Path, tmp_path: Path, clock: Clock) -> Iterator[Team]:
    archive = Archive.open(Path(shutil.copytree(prepared, tmp_path / "archive")))
    with closing(open_database(archive.database)) as database:
        yield Team.found(Forge(database, archive, clock.now), clock)


@pytest.fixture
def api(team: Team) -> Api:
    return team.api()
