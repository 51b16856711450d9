"""Somebody who has never seen these pages finds out, in three clicks from the front page, what matters most."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator

from browser.conftest import Harbour
from support.browser import Look, Tab, open_tab
from support.saved_harbour import FERRY, LOST

MOST_CLICKS = 3
LOOKS = (Look(), Look(language="zh", width=360, scripts=False))


class Stranger:
    """Clicks on what is to be seen, as often as is allowed."""

    def __init__(self, tab: Tab) -> None:
        self.page = tab.page
        self.clicks = 0

    def click(self, what: Locator) -> None:
        self.clicks += 1
        assert self.clicks <= MOST_CLICKS
        what.first.click()


@pytest.fixture(params=LOOKS, ids=str)
def stranger(request: pytest.FixtureRequest, chromium: Browser, harbour: Harbour) -> Iterator[Stranger]:
    with open_tab(chromium, harbour.server.url, request.param) as tab:
        tab.page.set_extra_http_headers(harbour.as_administrator)
        tab.open("/")
        yield Stranger(tab)


def test_was_last_nights_backup_complete(stranger: Stranger) -> None:
    told = stranger.page.locator(".verdict")

    assert told.locator("time").count() == 1
    stranger.click(told.get_by_role("link"))

    assert stranger.page.locator("section.card h2 .badge").count() == 1


def test_who_wrote_this_line(stranger: Stranger) -> None:
    page = stranger.page
    stranger.click(page.get_by_role("link", name="harbour/ferry"))
    stranger.click(page.get_by_role("link", name="README.md", exact=True))
    stranger.click(page.locator("a[href*='/-/blame/']"))

    assert page.get_by_text("渡口 Ferry").first.is_visible()
    assert page.locator("a[href*='/-/commit/']").first.is_visible()


def test_what_the_branch_looked_like_before_the_force_push(stranger: Stranger) -> None:
    page = stranger.page
    stranger.click(page.get_by_role("link", name=FERRY))
    stranger.click(page.locator("nav.tabs a[href$='/-/kept']"))
    stranger.click(page.get_by_role("link", name=LOST))

    assert page.get_by_text("lost.txt").first.is_visible()
