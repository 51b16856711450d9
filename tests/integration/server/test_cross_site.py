"""Pages of other sites have a browser send what they like; what the browser knows of its login goes with it."""

import httpx
import pytest

from support.gitcode_server import BASE, PASSWORD, Harbour

HOST = BASE.removeprefix("http://")


def post(harbour: Harbour, headers: dict[str, str], path: str = "/repos/harbour/ferry/branches") -> httpx.Response:
    login = httpx.BasicAuth("chen", PASSWORD)._auth_header
    asked = {"branch_name": f"b{abs(hash(tuple(headers.items())))}"}
    return harbour.ask("POST", path, person=None, headers={"authorization": login, **headers}, data=asked)


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
