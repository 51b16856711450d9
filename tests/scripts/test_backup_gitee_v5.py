"""An account at Gitee is saved through Gitee's API v5, by commands alone.

What answers is a Matou behind `support.gitee_gateway`, which tells how Gitee's v5 truly differs from the GitCode's that
a Matou speaks, and holds each request to Gitee's Swagger. git, LFS, the repositories and the archive are real.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from matou.model.platform import Visibility
from support.gitee_gateway import Port, digest, gitee_before, port_of
from support.matou_server import MatouServer
from support.program import Person
from support.scripted_source import refs_of

CONTENT = b"an object of LFS" * 1000


@pytest.fixture
def port(matou_server: MatouServer, person: Person) -> Iterator[Port]:
    """A user with an organization and an enterprise, in which there is one of everything."""
    with gitee_before(matou_server.url) as gitee:
        port = port_of(gitee, matou_server, person)
        own, docks, harbour = port.owner.name, port.organization.path, port.enterprise.path
        port.add(f"{own}/ship", {"a": "of one's own"}, description="渡船")
        port.add(f"{own}/open", {"a": "public"}, visibility=Visibility.PUBLIC)
        port.add(f"{own}/empty", {})
        port.add_with_lfs(f"{docks}/pictures", CONTENT)
        port.add(f"{docks}/guide", {"a": "with a wiki"})
        port.add(f"{docks}/guide-wiki", {"Home.md": "# a page"})
        port.add(f"{harbour}/crane", {"a": "of the enterprise"}, visibility=Visibility.INTERNAL)
        yield port


def places(port: Port) -> dict[str, str]:
    """Where the Matou has what the archive is to have."""
    own, docks, harbour = port.owner.name, port.organization.path, port.enterprise.path
    named = {name: f"{own}/{name}" for name in ("ship", "open", "empty")}
    named |= {name: f"{docks}/{name}" for name in ("pictures", "guide", "guide-wiki")}
    return {**named, "guide.wiki": f"{docks}/guide-wiki", "crane": f"{harbour}/crane"}


def manifest(archive: Path, kind: str) -> list[dict[str, Any]]:
    [path] = (archive / "runs").glob("*/manifest*")
    lines: list[dict[str, Any]] = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return [line for line in lines if line["kind"] == kind]


def blob(archive: Path, name: str) -> bytes:
    return (archive / "blobs" / "objects" / name[:2] / name[2:4] / name).read_bytes()


def test_all_that_the_account_sees_is_saved_and_stands_the_proof(port: Port, tmp_path: Path) -> None:
    archive = tmp_path / "archive"

    saved = port.back_up(archive)

    port.person.matou("verify", archive)
    # Each of the seven, and the wiki beside the repository that has it.
    assert saved["outcomes"] == {"saved": 7, "empty": 1}
    # The Matou that stands for Gitee has none of these lists here, which is said once for all repositories.
    assert sorted(one["what"] for one in saved["unseen"]) == ["change requests", "issues", "labels"]
    assert port.gitee.gateway.strange == []
    by_name = {line["name"]: line for line in manifest(archive, "repository")}
    for name, there in places(port).items():
        assert refs_of(archive / "repositories" / f"{by_name[name]['path']}.git") == port.refs(there)
    assert {name: line["visibility"] for name, line in by_name.items() if line["visibility"] != "private"} == {
        "open": "public",
        "crane": "internal",
    }
    assert (by_name["ship"]["description"], by_name["ship"]["default_branch"]) == ("渡船", "main")


def test_objects_of_lfs_are_saved(port: Port, tmp_path: Path) -> None:
    port.back_up(tmp_path / "archive")

    assert blob(tmp_path / "archive", digest(CONTENT)) == CONTENT


def test_v5_is_asked_and_nothing_else(port: Port, tmp_path: Path) -> None:
    port.back_up(tmp_path / "archive")

    api = {request.path for request in port.gitee.proxy.requests if request.path.startswith("/api/")}
    assert {path for path in api if not path.startswith("/api/v5/")} == set()
    assert {f"/api/v5/orgs/{port.organization.path}/repos", f"/api/v5/enterprises/{port.enterprise.path}/repos"} <= api
    assert port.gitee.writes == []


def test_members_of_an_organization_and_an_enterprise_are_saved_with_their_roles(port: Port, tmp_path: Path) -> None:
    port.back_up(tmp_path / "archive")

    members = {
        line["name"]: json.loads(blob(tmp_path / "archive", line["documents"]["members"]))
        for line in manifest(tmp_path / "archive", "namespace")
    }
    owner = {"id": str(port.owner.id), "login": port.owner.name, "display_name": port.owner.name, "role": "admin"}
    assert members == {port.owner.name: [], port.organization.name: [owner], port.enterprise.name: [owner]}


def test_a_second_backup_finds_nothing_to_do(port: Port, tmp_path: Path) -> None:
    port.back_up(tmp_path / "archive")

    again = port.back_up(tmp_path / "archive")

    assert again["outcomes"] == {"unchanged": 7, "empty": 1}
    assert again["received_bytes"] == 0
