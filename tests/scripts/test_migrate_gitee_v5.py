"""An archive is moved to Gitee through Gitee's API v5, by commands alone, and moved again.

What answers is a Matou behind `support.gitee_gateway`, which tells how Gitee's v5 truly differs from the GitCode's that
a Matou speaks, and holds each request to Gitee's Swagger. What came about is looked up in the Matou itself.
"""

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from matou.db.repositories import Repository
from matou.forge.access import ALL_SCOPES, Identity
from matou.forge.repositories.repository_update import RepositoryUpdate
from matou.model.platform import Visibility
from support.deciding import change_repository, size
from support.fault_proxy import FaultProxy, Status
from support.gitee_gateway import Gitee, Port, digest, gitee_before, port_of
from support.matou_server import MatouServer
from support.program import Person
from support.scripted_source import git
from support.team import make_person

CONTENT = b"an object of LFS" * 1000


@pytest.fixture(scope="module")
def gitee(matou_server: MatouServer) -> Iterator[Gitee]:
    with gitee_before(matou_server.url) as gitee:
        yield gitee


@pytest.fixture(scope="module")
def saved(gitee: Gitee, matou_server: MatouServer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of somebody else's organization; to be copied, for a migration writes down what it did."""
    folder = tmp_path_factory.mktemp("saved")
    port = port_of(gitee, matou_server, make_person(folder / "home"))
    docks = port.organization.path
    port.add(f"{docks}/ship", {"a": "b"}, description="渡船 & 码头 + 100%")
    port.add(f"{docks}/open", {"a": "public"}, visibility=Visibility.PUBLIC)
    port.add_with_lfs(f"{docks}/pictures", CONTENT)
    port.add(f"{docks}/empty", {})
    other_head = port.add(f"{docks}/developed", {"a": "on another branch"})
    git(port.git_dir(other_head), "symbolic-ref", "HEAD", "refs/heads/dev")
    port.back_up(folder / "archive")
    return folder / "archive"


@pytest.fixture
def archive(gitee: Gitee, saved: Path, tmp_path: Path) -> Path:
    gitee.proxy.requests.clear()
    return shutil.copytree(saved, tmp_path / "archive")


@pytest.fixture
def port(gitee: Gitee, matou_server: MatouServer, person: Person) -> Port:
    return port_of(gitee, matou_server, person)


@pytest.fixture(params=["one's own", "an organization", "an enterprise"])
def namespace(port: Port, request: pytest.FixtureRequest) -> str:
    owners = {"an organization": port.organization.name, "an enterprise": port.enterprise.name}
    return owners.get(request.param, port.owner.name)


def test_everything_is_there_afterwards_as_it_was(port: Port, archive: Path, namespace: str) -> None:
    moved = port.migrate(archive, namespace)

    assert moved["outcomes"] == {"moved": 5}
    assert port.gitee.gateway.strange == []
    ship, pictures = (port.repository(f"{namespace}/{name}") for name in ("ship", "pictures"))
    assert ship.description == "渡船 & 码头 + 100%"
    assert port.refs(f"{namespace}/ship").keys() == {"refs/heads/main", "refs/heads/dev"}
    assert port.refs(f"{namespace}/empty") == {}
    assert size(port.server.forge, pictures, digest(CONTENT)) == len(CONTENT)
    names = ("ship", "open", "developed")
    made = {name: port.repository(f"{namespace}/{name}") for name in names}
    assert [made[name].visibility for name in names] == [Visibility.PRIVATE, Visibility.PUBLIC, Visibility.PRIVATE]
    assert [made[name].default_branch for name in names] == ["main", "main", "dev"]


def test_run_again_it_changes_nothing(port: Port, archive: Path, namespace: str) -> None:
    port.migrate(archive, namespace)
    port.gitee.proxy.requests.clear()

    again = port.migrate(archive, namespace)

    assert again["outcomes"] == {"unchanged": 5}
    assert port.gitee.writes == []
    assert [request.path for request in port.gitee.proxy.requests if request.path.endswith("receive-pack")] == []


def test_one_s_own_are_made_private_and_opened_afterwards(port: Port, archive: Path) -> None:
    """As Gitee wants it: "个人创建仓库仅支持私有"."""
    port.migrate(archive, port.owner.name, "--include", "*/open")

    assert port.gitee.writes == ["POST /api/v5/user/repos", f"PATCH /api/v5/repos/{port.owner.name}/open"]


def test_one_that_may_not_be_opened_is_moved_and_told_of_every_time(port: Port, archive: Path) -> None:
    """Gitee looks at what is to be public, and may say no."""
    body = json.dumps({"message": "内容审核未通过"}).encode()
    refusal = Status(403, {"Content-Type": "application/json"}, body)
    proxy = FaultProxy(port.gitee.url)
    rule = proxy.add(refusal, method="PATCH", path=f"{port.owner.name}/open")
    watched = replace(port, gitee=replace(port.gitee, proxy=proxy))

    first = watched.migrate(archive, port.owner.name, "--include", "*/open", code=3)
    again = watched.migrate(archive, port.owner.name, "--include", "*/open")

    proxy.close()
    assert rule.matched == 1
    assert first["outcomes"] == {"incomplete": 1}
    assert "内容审核未通过" in json.dumps(first["repositories"], ensure_ascii=False)
    assert port.refs(f"{port.owner.name}/open").keys() == {"refs/heads/main", "refs/heads/dev"}
    assert again["outcomes"] == {"unchanged": 1}
    assert "it is private at the target, not public" in json.dumps(again["repositories"])


def test_a_dry_run_writes_nothing(port: Port, archive: Path, namespace: str) -> None:
    port.migrate(archive, namespace, "--dry-run")

    assert port.gitee.writes == []
    assert port.gitee.gateway.strange == []


def test_a_repository_that_people_call_otherwise_keeps_its_name_when_its_default_branch_changes(
    port: Port, archive: Path, namespace: str
) -> None:
    """Gitee wants the name repeated with every change: not its path, which is another thing."""
    there = port.add(f"{namespace}/developed", {})
    rename(port, there, "开发中")

    moved = port.migrate(archive, namespace, "--include", "*/developed")

    now = port.repository(f"{namespace}/developed")
    assert moved["outcomes"] == {"moved": 1}
    assert (now.true_name, now.default_branch) == ("开发中", "dev")


def rename(port: Port, repository: Repository, name: str) -> None:
    identity = Identity(port.owner, ALL_SCOPES)
    change_repository(port.server.forge, identity, repository, RepositoryUpdate(name=name))


def test_a_matou_without_a_gateway_is_reached_by_v3(port: Port, archive: Path) -> None:
    """What it has at `/api/v5` is GitCode's, and not taken for Gitee's."""
    proxy = FaultProxy(port.server.url)
    bare = replace(port, gitee=replace(port.gitee, proxy=proxy))

    moved = bare.migrate(archive, port.owner.name, "--include", "*/ship")

    proxy.close()
    assert moved["outcomes"] == {"moved": 1}
    assert port.repository(f"{port.owner.name}/ship").description == "渡船 & 码头 + 100%"
    assert {request.path for request in proxy.requests if "/api/v3/" in request.path} != set()
