"""The pages of an account, for administrators and of settings, as people look at them and fill them in."""

from urllib.parse import urlsplit

import html5lib
import pytest
from playwright.sync_api import Browser

from browser.conftest import Harbour
from matou.db.memberships import Role
from matou.db.users import User
from matou.forge.accounts.namespaces import find_namespace
from matou.model.names import NamespacePath
from support.browser import Look, open_tab
from support.deciding import add_member
from support.matou_server import PASSWORD
from support.page_browser import PageBrowser

PAGES = (
    "/-/account",
    "/-/account/tokens",
    "/-/account/keys",
    "/-/account/ssh-keys",
    "/-/account/devices",
    "/-/admin",
    "/-/admin/accounts",
    "/-/admin/accounts/looker",
    "/-/admin/namespaces",
    "/-/admin/jobs",
    "/-/admin/log",
    "/-/admin/log-ins",
    "/-/first-start",
    "/harbour/-/settings",
    "/harbour/-/settings/members",
    "/harbour/ferry/-/settings",
    "/harbour/ferry/-/settings/members",
    "/harbour/ferry/-/settings/roles",
    "/harbour/ferry/-/settings/rules",
    "/harbour/ferry/-/settings/deploy-keys",
)
LOOKS = (Look(), Look(language="zh", scheme="dark", width=360))
LARGEST_PAGE_BYTES = 100_000


@pytest.fixture(scope="module")
def looker(harbour: Harbour) -> User:
    made = harbour.server.user("looker", admin=True)
    harbour.server.token(made)
    team = find_namespace(harbour.server.forge, NamespacePath(("harbour",)))
    add_member(harbour.server.forge, team, harbour.server.user("a-member"), Role.DEVELOPER)
    return made


@pytest.fixture(scope="module")
def signed_in(harbour: Harbour, looker: User) -> PageBrowser:
    browser = PageBrowser(harbour.server.url)
    browser.sign_in(looker.name, PASSWORD)
    return browser


def cookies(browser: PageBrowser) -> list[dict[str, str]]:
    host = urlsplit(browser.base).hostname or ""
    return [{"name": name, "value": value, "domain": host, "path": "/"} for name, value in browser.cookies.items()]


@pytest.mark.parametrize("look", LOOKS, ids=str)
def test_each_stays_within_its_window_and_keeps_nobody_out(
    chromium: Browser, harbour: Harbour, signed_in: PageBrowser, look: Look
) -> None:
    with open_tab(chromium, harbour.server.url, look, cookies=cookies(signed_in)) as tab:
        for address in PAGES:
            assert (address, tab.open(address)) == (address, 200)
            assert (address, tab.sideways()) == (address, 0)
            assert (address, tab.page.locator("h1").count()) == (address, 1)
            assert (address, tab.barriers()) == (address, [])
        assert tab.complaints == []
        assert tab.elsewhere == []


@pytest.mark.parametrize("address", [*PAGES, "/-/account/nothing"])
def test_each_is_valid_and_small(signed_in: PageBrowser, address: str) -> None:
    content = signed_in.open(address).text

    assert len(content.encode()) < LARGEST_PAGE_BYTES
    html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(content)


def test_somebody_signs_in_and_makes_a_token_without_a_script(
    chromium: Browser, harbour: Harbour, looker: User
) -> None:
    with open_tab(chromium, harbour.server.url, Look(scripts=False)) as tab:
        tab.open("/harbour/secret")
        tab.page.locator("main").get_by_role("link", name="Sign in").click()
        tab.page.get_by_label("Name or e-mail").fill(looker.name)
        tab.page.get_by_label("Password").fill(PASSWORD)
        tab.page.get_by_label("Password").press("Enter")
        tab.page.wait_for_url("**/harbour/secret")

        tab.page.get_by_role("link", name=looker.name).click()
        tab.page.get_by_role("link", name="Tokens").click()
        tab.page.get_by_label("Name", exact=True).fill("by keyboard")
        tab.page.get_by_role("button", name="Make the token").press("Enter")

        assert len(tab.page.locator("#new-token").inner_text()) == 40
        assert tab.complaints == []
