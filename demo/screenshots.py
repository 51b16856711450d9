"""`make screenshots`: the main pages as docs/pictures shows them, of the demo's own archive, in a real Chromium."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from demo import CHECKOUT, environment_for, main_job, running_server
from matou.settings import Settings
from matou.wiring import open_forge
from sample_team import TEAM, make_team
from support.browser import PROGRAM, QUIET

PICTURES = CHECKOUT / "docs" / "pictures"
SHOP = f"/{TEAM}/website/shop"
CODE = f"/{TEAM}/platform/matou"
"""The history of Matou itself."""

PAGES = {
    "overview": "/-/overview",
    "repository": CODE,
    "file": f"{CODE}/-/blob/HEAD/src/matou/i18n.py",
    "blame": f"{CODE}/-/blame/HEAD/src/matou/i18n.py",
    "commits": f"{CODE}/-/commits/HEAD",
    "commit": f"{CODE}/-/commit/HEAD",
    "kept": f"{SHOP}/-/kept",
    "issues": f"/{TEAM}/website/-/issues",
    "issue": f"/{TEAM}/website/-/issues/1",
    "change": f"{SHOP}/-/changes/1",
    "statistics": f"{CODE}/-/statistics",
    "search": "/-/search?q=手机",
}
DARK = frozenset({"file", "issue"})
CHINESE = frozenset({"overview", "issues", "issue", "change", "search"})


def main() -> None:
    PICTURES.mkdir(exist_ok=True)
    with served_archive() as url, chromium() as browser:
        for name, address in PAGES.items():
            shoot(browser, url + address, name)


@contextmanager
def served_archive() -> Iterator[str]:
    """The archive that `make demo` makes, served to this machine."""
    with tempfile.TemporaryDirectory(prefix="matou-pictures-") as made:
        folder = Path(made)
        with open_forge(folder / "server", Settings.of_process(), loopback=True) as forge:
            _, token = make_team(forge, checkout=CHECKOUT, workshop=folder / "workshop")
        with running_server(folder / "server") as source:
            for _step in main_job(source, folder / "archive", environment_for(folder, token.reveal())):
                pass
        with running_server(folder / "archive") as url:
            yield url


@contextmanager
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=PROGRAM, args=list(QUIET))
        yield browser
        browser.close()


def shoot(browser: Browser, url: str, name: str) -> None:
    context = browser.new_context(
        viewport={"width": 1200, "height": 800},
        locale="zh-CN" if name in CHINESE else "en-GB",
        color_scheme="dark" if name in DARK else "light",
    )
    page = context.new_page()
    answer = page.goto(url)
    if answer is None or not answer.ok:
        raise SystemExit(f"{url} answered {answer and answer.status}")
    # What is counted when somebody looks at it first is there on the second look.
    page.wait_for_timeout(4000 if page.locator("meta[http-equiv=refresh]").count() else 0)
    page.reload()
    page.screenshot(path=PICTURES / f"{name}.png")
    context.close()


if __name__ == "__main__":
    main()
