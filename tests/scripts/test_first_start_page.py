"""The first account, from `matou serve` over an empty folder to a page for administrators."""

import re
from pathlib import Path

from support.page_browser import PageBrowser
from support.program import serving
from support.team import make_person

PASSWORD = "correct horse battery"


def test_the_code_that_the_server_writes_makes_the_first_account(tmp_path: Path) -> None:
    person = make_person(tmp_path / "home")

    with serving(person, tmp_path / "archive") as url:
        written = (person.home / "serve.log").read_text()
        (code,) = re.findall(r"/-/first-start, with the code (\S+)", written)
        browser = PageBrowser(url)
        typed = {"code": code, "name": "chen", "password": PASSWORD, "again": PASSWORD}
        page = browser.send(browser.open("/-/first-start"), "/-/first-start", **typed)
        administration = browser.open("/-/admin")

    assert f"--to {tmp_path / 'archive'}" in page.text
    assert administration.status == 200
    assert "chen" in person.matou("user", "list", "--root", tmp_path / "archive").out
