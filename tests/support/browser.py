"""A real Chromium, driven by Playwright, over a server of pages: what people see, not what we mean them to."""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Error,
    Page,
    Playwright,
    Request,
    sync_playwright,
)

PROGRAM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
SERIOUS = frozenset({"serious", "critical"})

Scheme = Literal["light", "dark"]


@dataclass(frozen=True)
class Look:
    """How somebody looks at a page."""

    language: str = "en"
    scheme: Scheme = "light"
    width: int = 1400
    scripts: bool = True

    def __str__(self) -> str:
        return f"{self.language}-{self.scheme}-{self.width}{'' if self.scripts else '-without-scripts'}"


@dataclass
class Tab:
    """A tab that is open, and what it asked for and complained of."""

    page: Page
    base: str
    complaints: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)

    def open(self, address: str) -> int:
        """Returns the status."""
        answer = self.page.goto(self.base + address, wait_until="load")
        assert answer is not None
        return answer.status

    def sideways(self) -> int:
        """By how many pixels the page is wider than the window."""
        width = self.page.evaluate("() => document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert isinstance(width, int)
        return width

    def barriers(self) -> list[str]:
        """What axe-core finds that keeps people out: its serious and critical rules."""
        found: Sequence[dict[str, Any]] = Axe().run(self.page).response["violations"]
        return [
            f"{each['id']}: {node['html'][:200]} {node.get('failureSummary', '')[:300]}"
            for each in found
            if each["impact"] in SERIOUS
            for node in each["nodes"][:3]
        ]


@contextmanager
def open_tab(browser: Browser, base: str, look: Look, *, cookies: Sequence[Any] = ()) -> Iterator[Tab]:
    context = browser.new_context(
        locale="zh-CN" if look.language == "zh" else "en-GB",
        color_scheme=look.scheme,
        viewport={"width": look.width, "height": 900},
        java_script_enabled=look.scripts,
        reduced_motion="reduce",
        bypass_csp=False,
    )
    try:
        if cookies:
            context.add_cookies(cookies)
        yield _watched(context, base)
    finally:
        context.close()


def _watched(context: BrowserContext, base: str) -> Tab:
    opened = Tab(context.new_page(), base)

    def complain(message: ConsoleMessage) -> None:
        # A page that is not there is a message of the browser's own.
        if message.type in ("error", "warning") and "Failed to load resource" not in message.text:
            opened.complaints.append(message.text)

    def fault(error: Error) -> None:
        opened.complaints.append(str(error))

    def leave(request: Request) -> None:
        if not request.url.startswith((base, "data:")):
            opened.elsewhere.append(request.url)

    opened.page.on("console", complain)
    opened.page.on("pageerror", fault)
    opened.page.on("request", leave)
    return opened


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    """For a module's tests and not for a session's: while it is there, no other test can run an event loop."""
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="module")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    if PROGRAM is None:
        pytest.skip("chromium is not installed")
    browser = playwright.chromium.launch(executable_path=PROGRAM, args=list(QUIET))
    yield browser
    browser.close()
