"""An empty server by its pages: three steps, and a first account that no stranger makes."""

import asyncio
from collections.abc import Iterator, Mapping
from pathlib import Path
from uuid import UUID

import httpx
import pytest

from matou.archive.layout import Archive
from matou.db.engine import open_database
from matou.forge.accounts.first_account import setup_code
from matou.forge.accounts.users import list_users
from matou.forge.forge import Forge
from matou.server.app import build_app
from support.coding_api import NOON, Clock
from support.page_browser import Answer, PageBrowser

BASE = "http://code.example.org"
PASSWORD = "correct horse battery"


@pytest.fixture
def forge(tmp_path: Path) -> Iterator[Forge]:
    archive = Archive.open_or_create(tmp_path / "own", now=NOON, identifier=UUID(int=1))
    database = open_database(archive.database)
    yield Forge(database, archive, Clock().now)
    database.close()


@pytest.fixture
def browser(forge: Forge) -> PageBrowser:
    return in_memory(forge, BASE)


def in_memory(forge: Forge, base: str) -> PageBrowser:
    app = build_app(forge)

    def ask(method: str, url: str, body: str | None, headers: Mapping[str, str]) -> Answer:
        async def answer() -> httpx.Response:
            transport = httpx.ASGITransport(app=app, client=("192.0.2.1", 1))
            async with httpx.AsyncClient(transport=transport) as client:
                return await client.request(method, url, content=body, headers=dict(headers))

        got = asyncio.run(answer())
        return Answer(got.status_code, got.headers.multi_items(), got.content)

    return PageBrowser(base, ask=ask)


def make(browser: PageBrowser, code: str, **changed: str) -> str:
    fields = {"code": code, "name": "chen", "password": PASSWORD, "again": PASSWORD, **changed}
    page = browser.send(browser.open("/-/first-start"), "/-/first-start", **fields)
    assert not any(value in page.text for value in (fields["password"], fields["again"]))
    return page.text


def test_an_empty_server_leads_to_its_first_account(browser: PageBrowser) -> None:
    assert browser.open("/-/sign-in").path == "/-/first-start"
    assert "/-/first-start" in browser.open("/").links()


def test_three_steps_lead_from_nothing_to_a_backup_each_night(forge: Forge, browser: PageBrowser) -> None:
    stranger = browser.open("/-/first-start").text
    text = make(browser, setup_code(forge).reveal())

    (user,) = list_users(forge)
    assert (user.name, user.admin) == ("chen", True)
    assert "matou" in browser.cookies
    assert str(forge.archive.root) not in stranger
    for platform in ("coding", "gitee", "gitcode"):
        assert f"matou backup {platform} --url https://" in text
    assert f"--to {forge.archive.root}" in text
    assert browser.open("/-/admin").status == 200
    assert "made the first account" in browser.open("/-/admin/log").text.lower()


@pytest.mark.parametrize("code", ["wrong", "2" * 23, ""])
def test_a_stranger_is_told_that_the_code_is_wrong(forge: Forge, browser: PageBrowser, code: str) -> None:
    assert 'id="code-fault"' in make(browser, code)
    assert list_users(forge) == ()


@pytest.mark.parametrize("headers", [{"sec_fetch_site": "cross-site"}, {"sec_fetch_site": ""}])
def test_a_page_of_another_site_makes_no_account_even_with_the_code(
    forge: Forge, browser: PageBrowser, headers: dict[str, str]
) -> None:
    fields = {"code": setup_code(forge).reveal(), "name": "mallory", "password": PASSWORD, "again": PASSWORD}

    answer = browser.post("/-/first-start", {**fields, "form_token": "A" * 43}, **headers)

    assert answer.status == 403
    assert list_users(forge) == ()


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"name": "a b"}, "name"),
        ({"name": "admin"}, "name"),
        ({"password": "short", "again": "short"}, "password"),
        ({"again": "another horse battery"}, "again"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field_and_the_code_stays_good(
    forge: Forge, browser: PageBrowser, changed: dict[str, str], field: str
) -> None:
    text = make(browser, setup_code(forge).reveal(), **changed)
    refused = list_users(forge)
    make(browser, setup_code(forge).reveal())

    assert f'id="{field}-fault"' in text
    assert (refused, len(list_users(forge))) == ((), 1)


def test_afterwards_the_code_makes_nothing(forge: Forge, browser: PageBrowser) -> None:
    make(browser, setup_code(forge).reveal())
    other = in_memory(forge, BASE)
    token = other.open("/-/sign-in").form("/-/sign-in").fields["form_token"]
    fields = {"code": setup_code(forge).reveal(), "name": "mallory", "password": PASSWORD, "again": PASSWORD}

    page = other.post("/-/first-start", {**fields, "form_token": token})

    assert page.path == "/-/sign-in"
    assert [user.name for user in list_users(forge)] == ["chen"]


def test_a_server_that_shows_backups_to_whoever_reaches_it_says_so(forge: Forge, tmp_path: Path) -> None:
    is_open = Forge(forge.database, forge.archive, forge.now, anonymous_reads_backups=True)
    is_local = Forge(forge.database, forge.archive, forge.now, loopback=True)

    assert "no account is needed" in in_memory(is_open, BASE).open("/").text
    assert "whoever uses this machine" in in_memory(is_local, "http://localhost").open("/").text
    assert "can read all that was backed up" not in in_memory(forge, BASE).open("/").text


def test_programs_that_read_everything_are_asked_to_read_front_pages_alone(browser: PageBrowser) -> None:
    page = browser.open("/robots.txt")

    assert page.status == 200
    assert page.headers["content-type"].startswith("text/plain")
    assert "Disallow: /*/-/" in page.text.splitlines()
