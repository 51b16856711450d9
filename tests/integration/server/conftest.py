"""What tests of the running server share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from matou.db.memberships import Role
from matou.forge.accounts.namespaces import find_namespace
from matou.forge.repositories.repository_lists import find_repository
from support.conversation_pages import Talk, talk_server
from support.deciding import add_member
from support.git_repositories import make_repository
from support.matou_server import MatouServer, running_server
from support.push_rules import Work, person


@pytest.fixture
def work(matou_server: MatouServer, tmp_path: Path) -> Work:
    repository = matou_server.repository()
    clone = make_repository(tmp_path / "clone.git", commits=3)
    developer = person(matou_server)
    add_member(
        matou_server.forge, find_namespace(matou_server.forge, repository.path.namespace), developer, Role.DEVELOPER
    )
    made = Work(matou_server, repository, clone, developer)
    assert made.push("main").status == 0
    made.repository = find_repository(matou_server.forge, repository.path)
    return made


@pytest.fixture(scope="session")
def talk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Talk]:
    """To be read and not changed."""
    with talk_server(tmp_path_factory.mktemp("talk")) as made:
        yield made


@pytest.fixture(scope="session")
def ssh_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MatouServer]:
    """One that is reached by SSH as well; each test makes its own people, keys and repositories."""
    with running_server(tmp_path_factory.mktemp("ssh") / "archive", forgives_addresses=True, ssh=True) as server:
        yield server
