"""Each page as people look at it: in both languages, light and dark, on a phone, with scripts and without."""

import html5lib
import pytest
import urllib3
from playwright.sync_api import Browser

from browser.conftest import Harbour
from support.browser import Look, open_tab

HTTP = urllib3.PoolManager()
LARGEST_PAGE_BYTES = 100_000
FERRY = "/harbour/ferry"
PAGES = (
    "/",
    "/harbour",
    FERRY,
    f"{FERRY}/-/tree/main/src",
    f"{FERRY}/-/blob/main/src/app.py",
    f"{FERRY}/-/blob/main/README.md",
    f"{FERRY}/-/blob/main/data/rows.csv",
    f"{FERRY}/-/blob/main/docs/harbour.svg",
    f"{FERRY}/-/blob/main/binary.bin",
    f"{FERRY}/-/blob/main/data/horn.wav",
    f"{FERRY}/-/blame/main/src/app.py",
    f"{FERRY}/-/history/main/src/app.py",
    f"{FERRY}/-/commits/main",
    f"{FERRY}/-/commit/main",
    f"{FERRY}/-/compare",
    f"{FERRY}/-/compare/main..changed",
    f"{FERRY}/-/compare/main..changed?view=split",
    f"{FERRY}/-/branches",
    f"{FERRY}/-/tags",
    f"{FERRY}/-/statistics",
    f"{FERRY}/-/events",
    f"{FERRY}/-/find/main?path=a",
    "/-/search?q=ferry",
    "/-/sign-in",
    "/harbour/empty",
    "/nothing/here",
)
SAVED = "/quay/boats/ferry"
PAGES_OF_BACKUPS = (
    "/",
    "/quay",
    "/-/overview",
    "/-/runs",
    "/-/runs/2",
    f"/-/runs/2?repository={SAVED[1:]}",
    f"{SAVED}/-/kept",
    f"{SAVED}/-/@1",
    f"{SAVED}/-/@1/tree/jetty",
    f"{SAVED}/-/branches",
    f"{SAVED}/-/@1/issues",
    f"{SAVED}/-/@1/issues/1",
    f"{SAVED}/-/@1/issues/2",
    f"{SAVED}/-/@2/changes/3",
    f"{SAVED}/-/@2/releases",
    "/quay/boats/-/@1/issues",
)
"""As an administrator sees them."""

LOOKS = (
    Look(),
    Look(language="zh", scheme="dark", width=360),
    Look(scheme="dark"),
    Look(language="zh", width=360, scripts=False),
)


@pytest.mark.parametrize("look", LOOKS, ids=str)
def test_a_page_stays_within_its_window_and_asks_nobody_else(chromium: Browser, harbour: Harbour, look: Look) -> None:
    with open_tab(chromium, harbour.server.url, look) as tab:
        for address in PAGES:
            tab.open(address)

            assert tab.page.title() != ""
            assert tab.page.locator("html").get_attribute("lang") == ("zh-CN" if look.language == "zh" else "en")
            assert (address, tab.sideways()) == (address, 0)
            assert tab.page.locator("h1").count() == 1
        assert tab.complaints == []
        assert tab.elsewhere == []


@pytest.mark.parametrize("look", LOOKS[:2], ids=str)
def test_pages_of_backups_are_for_everybody_and_run_nothing(chromium: Browser, harbour: Harbour, look: Look) -> None:
    parser = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False)
    with open_tab(chromium, harbour.server.url, look) as tab:
        tab.page.set_extra_http_headers(harbour.as_administrator)
        tab.page.on("dialog", lambda dialog: tab.complaints.append(f"ran: {dialog.message}"))
        for address in PAGES_OF_BACKUPS:
            assert (address, tab.open(address)) == (address, 200)

            assert (address, tab.sideways()) == (address, 0)
            assert (address, tab.barriers()) == (address, [])
            content = HTTP.request("GET", harbour.server.url + address, headers=harbour.as_administrator).data
            assert len(content) < LARGEST_PAGE_BYTES
            parser.parse(content.decode())
        assert tab.complaints == []
        assert tab.elsewhere == []


@pytest.mark.parametrize("look", LOOKS[:2], ids=str)
def test_nothing_on_a_page_keeps_people_out(chromium: Browser, harbour: Harbour, look: Look) -> None:
    with open_tab(chromium, harbour.server.url, look) as tab:
        for address in PAGES:
            tab.open(address)

            assert (address, tab.barriers()) == (address, [])


def test_the_keyboard_alone_leads_to_the_content_and_to_the_search(chromium: Browser, harbour: Harbour) -> None:
    with open_tab(chromium, harbour.server.url, Look()) as tab:
        tab.open(FERRY)
        tab.page.keyboard.press("Tab")

        assert tab.page.evaluate("() => document.activeElement.className") == "skip"

        tab.page.keyboard.press("Enter")
        assert tab.page.evaluate("() => document.activeElement.id") == "main"

        tab.page.keyboard.press("/")
        assert tab.page.evaluate("() => document.activeElement.id") == "search"


@pytest.mark.parametrize("address", PAGES)
def test_a_page_is_valid_and_small(harbour: Harbour, address: str) -> None:
    content = HTTP.request("GET", harbour.server.url + address).data

    assert len(content) < LARGEST_PAGE_BYTES
    parser = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False)
    parser.parse(content.decode())


def test_a_chosen_language_and_theme_stay(chromium: Browser, harbour: Harbour) -> None:
    with open_tab(chromium, harbour.server.url, Look(scripts=False)) as tab:
        tab.open(f"{FERRY}/-/tree/main/src")
        tab.page.get_by_role("button", name="简体中文").click()

        assert tab.page.url.endswith("/-/tree/main/src")
        assert tab.page.locator("html").get_attribute("lang") == "zh-CN"

        tab.page.get_by_role("button", name="深色").click()
        tab.open(FERRY)

        assert tab.page.locator("html").get_attribute("data-theme") == "dark"
        assert tab.page.locator("html").get_attribute("lang") == "zh-CN"


def test_sound_can_be_begun_anywhere(chromium: Browser, harbour: Harbour) -> None:
    with open_tab(chromium, harbour.server.url, Look()) as tab:
        tab.open(f"{FERRY}/-/blob/main/data/horn.wav")
        reached = tab.page.evaluate(
            """() => new Promise((resolve) => {
                const sound = document.querySelector("audio");
                sound.addEventListener("seeked", () => resolve(sound.currentTime));
                const seek = () => { sound.currentTime = 50; };
                if (sound.readyState) seek(); else sound.addEventListener("loadedmetadata", seek);
            })"""
        )

        assert reached == 50
        assert tab.complaints == []


def test_a_pdf_is_opened_by_the_reader_of_the_browser(chromium: Browser, harbour: Harbour) -> None:
    address = f"{FERRY}/-/blob/main/data/chart.pdf"
    with open_tab(chromium, harbour.server.url, Look()) as tab:
        with tab.page.expect_response("**/raw/main/data/chart.pdf") as fetched:
            tab.open(address)

        assert fetched.value.status == 200
        assert tab.complaints == []
    html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(
        HTTP.request("GET", harbour.server.url + address).data.decode()
    )


def test_what_others_wrote_runs_nowhere(chromium: Browser, harbour: Harbour) -> None:
    with open_tab(chromium, harbour.server.url, Look()) as tab:
        tab.page.on("dialog", lambda dialog: tab.complaints.append(f"ran: {dialog.message}"))
        for address in PAGES:
            tab.open(address)
        assert tab.complaints == []
        # Here the browser says that it refused to run what stands in the picture.
        for address in (f"{FERRY}/-/raw/main/docs/harbour.svg", f"{FERRY}/-/raw/main/README.md"):
            tab.open(address)
        assert [one for one in tab.complaints if "has been blocked" not in one] == []
        assert tab.elsewhere == []
