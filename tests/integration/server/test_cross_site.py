"""Pages of other sites have a browser send what they like; what the browser knows of its login goes with it."""

import asyncio
from pathlib import Path
from uuid import UUID

import httpx
import pytest

from matou.archive.layout import Archive
from matou.db.engine import open_database
from matou.db.upgrade import upgrade_if_behind
from matou.forge.accounts.users import create_user
from matou.forge.forge import Forge
from matou.server.app import build_app
from support.coding_api import NOON, Clock
from support.gitcode_server import BASE, PASSWORD, Harbour

HOST = BASE.removeprefix("http://")


def post(harbour: Harbour, headers: dict[str, str], path: str = "/repos/harbour/ferry/branches") -> httpx.Response:
    login = httpx.BasicAuth("chen", PASSWORD)._auth_header
    requests_seen = {"branch_name": f"b{abs(hash(tuple(headers.items())))}"}
    return harbour.ask("POST", path, person=None, headers={"authorization": login, **headers}, data=requests_seen)


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "cross-site", "origin": BASE},
        {"origin": "https://evil.example"},
        {"origin": f"{BASE}.evil.example"},
        {"origin": "null"},
        {"origin": "http://["},
    ],
    ids=repr,
)
def test_what_another_sites_page_sends_is_refused(harbour: Harbour, headers: dict[str, str]) -> None:
    assert post(harbour, headers).status_code == 403
    assert harbour.git("for-each-ref", "--format=%(refname)").split() == ["refs/heads/main"]


@pytest.mark.parametrize(
    "headers", [{}, {"sec-fetch-site": "same-origin", "origin": "http://behind.a.proxy"}, {"origin": BASE}], ids=repr
)
def test_what_a_tool_or_our_own_page_sends_is_taken(harbour: Harbour, headers: dict[str, str]) -> None:
    assert post(harbour, headers).status_code == 201


@pytest.mark.parametrize("path", ["/harbour/ferry.git/git-receive-pack", "/api", "/harbour/ferry.git/info/lfs/locks"])
def test_it_holds_for_git_for_lfs_and_for_every_dialect(harbour: Harbour, path: str) -> None:
    answer = post(harbour, {"sec-fetch-site": "cross-site"}, f"/../..{path}")

    assert (answer.status_code, answer.text) == (403, "a page of another site may not ask for this\n")


def test_reading_is_for_the_browser_to_keep_from_other_sites(harbour: Harbour) -> None:
    answer = harbour.ask("GET", "/repos/harbour/light", headers={"sec-fetch-site": "cross-site"})

    assert answer.status_code == 200
    assert "access-control-allow-origin" not in answer.headers


@pytest.fixture
def own_machine(tmp_path: Path) -> Forge:
    """A server that this machine alone reaches, and that has no account yet."""
    archive = Archive.open_or_create(tmp_path / "own", now=NOON, identifier=UUID(int=1))
    database = open_database(archive.database)
    upgrade_if_behind(database)
    return Forge(database, archive, Clock().now, loopback=True)


def status_by(forge: Forge, host: str, base_url: str | None = None) -> int:
    async def ask() -> int:
        transport = httpx.ASGITransport(app=build_app(forge, base_url=base_url))
        async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
            return (await client.get("/-/health", headers={"host": host})).status_code

    return asyncio.run(ask())


@pytest.mark.parametrize("host", ["localhost", "localhost:8000", "127.0.0.1:1", "[::1]:1", "a.localhost", "192.0.2.7"])
def test_a_machines_own_names_lead_to_its_backups(own_machine: Forge, host: str) -> None:
    assert status_by(own_machine, host) == 200


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8000", "notlocalhost", "127.0.0.1.evil.example", "[x"])
def test_a_page_whose_name_was_made_to_mean_this_machine_reads_no_backup(own_machine: Forge, host: str) -> None:
    assert status_by(own_machine, host) == 421


def test_a_name_is_taken_once_it_is_configured_or_there_is_an_account(own_machine: Forge) -> None:
    assert status_by(own_machine, "code.example.org", "https://code.example.org/") == 200

    create_user(own_machine, "chen")

    assert status_by(own_machine, "code.example.org") == 200
