"""The pages of what people said, kindly and otherwise, as people look at them."""

from base64 import b64encode
from collections.abc import Iterator

import html5lib
import pytest
import urllib3
from playwright.sync_api import Browser

from support.browser import Look, open_tab
from support.conversation_pages import Talk, talk_server
from support.matou_server import PASSWORD

HTTP = urllib3.PoolManager(retries=False)
LARGEST_PAGE_BYTES = 100_000
SHOP = "/harbour/shop/api/-"
PAGES = (
    f"{SHOP}/issues",
    f"{SHOP}/issues/2",
    f"{SHOP}/changes",
    f"{SHOP}/changes/3",
    f"{SHOP}/releases",
    f"{SHOP}/milestones",
    f"{SHOP}/labels",
    f"{SHOP}/boards",
    f"{SHOP}/people",
    f"{SHOP}/search?q=ferry",
    "/-/search?q=渡船",
)
LOOKS = (Look(language="zh", scheme="dark", width=360), Look(scripts=False))


@pytest.fixture(scope="module")
def talk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Talk]:
    with talk_server(tmp_path_factory.mktemp("talk")) as made:
        yield made


@pytest.mark.parametrize("look", LOOKS, ids=str)
def test_a_page_of_what_was_said_stays_within_its_window_and_runs_nothing(
    chromium: Browser, talk: Talk, look: Look
) -> None:
    with open_tab(chromium, talk.server.url, look) as tab:
        tab.page.on("dialog", lambda dialog: tab.complaints.append(f"ran: {dialog.message}"))
        for address in PAGES:
            assert (address, tab.open(address)) == (address, 200)
            assert (address, tab.sideways()) == (address, 0)
            assert (address, tab.page.locator("h1").count()) == (address, 1)
        assert tab.complaints == []
        assert tab.elsewhere == []


def test_nothing_on_a_page_of_what_was_said_keeps_people_out(chromium: Browser, talk: Talk) -> None:
    with open_tab(chromium, talk.server.url, LOOKS[0]) as tab:
        for address in PAGES:
            tab.open(address)

            assert (address, tab.barriers()) == (address, [])


@pytest.mark.parametrize("look", LOOKS, ids=str)
def test_pages_of_how_a_repository_was_set_up_are_for_all_its_owners(chromium: Browser, talk: Talk, look: Look) -> None:
    owner = {"Authorization": "Basic " + b64encode(f"{talk.server.owner.name}:{PASSWORD}".encode()).decode()}
    with open_tab(chromium, talk.server.url, look) as tab:
        tab.page.set_extra_http_headers(owner)
        for address in (f"{SHOP}/events", f"{SHOP}/protections", f"{SHOP}/hooks"):
            assert (address, tab.open(address)) == (address, 200)
            assert (address, tab.sideways()) == (address, 0)
            assert (address, tab.barriers() if look.scripts else []) == (address, [])
            content = HTTP.request("GET", talk.server.url + address, headers=owner).data
            html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(content.decode())
        assert tab.complaints == []


@pytest.mark.parametrize("address", PAGES)
def test_a_page_of_what_was_said_is_valid_and_small(talk: Talk, address: str) -> None:
    answer = HTTP.request("GET", talk.server.url + address)

    assert answer.status == 200
    assert len(answer.data) < LARGEST_PAGE_BYTES
    html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(answer.data.decode())
