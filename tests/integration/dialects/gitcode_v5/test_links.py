"""Every URL of ours that an answer holds leads to something, with the viewer's password, as a browser has it."""

from base64 import b64encode
from typing import Any

import httpx
import pytest

from support.gitcode_server import BASE, PASSWORD, Harbour
from support.gitee_server import Client

FERRY = "/repos/harbour/ferry"
LISTS = (
    FERRY,
    "/repos/chen/light",
    *(f"{FERRY}/contents{path}" for path in ("", "/README.md", "/src", "/link", "/module", "/%B2%0A")),
    *(f"{FERRY}/contents{path}?ref=feature/x" for path in ("", "/README.md", "/src")),
    *(f"{FERRY}/commits", f"{FERRY}/commits/main?show_diff=true", f"{FERRY}/tags", f"{FERRY}/git/trees/main"),
    *(f"{FERRY}/branches", f"{FERRY}/branches/main", f"{FERRY}/events", "/repos/harbour/light/forks"),
    *(f"{FERRY}/collaborators", f"{FERRY}/collaborators/mei", f"{FERRY}/collaborators/mei/permission"),
    *(f"{FERRY}/compare/feature/x...main", "/orgs/harbour", "/orgs/harbour/members/mei", "/users/chen/orgs"),
    *(f"{FERRY}/stargazers", f"{FERRY}/subscribers", f"{FERRY}/pull_request_settings"),
    *("/user", "/users/mei", "/user/repos", "/users/chen/repos", "/orgs/harbour/repos", "/orgs/harbour/members"),
    *("/user/namespaces", "/users/orgs", "/user/starred", "/user/subscriptions"),
)


def with_password(harbour: Harbour, url: str) -> httpx.Response:
    basic = b64encode(f"chen:{PASSWORD}".encode()).decode()
    return harbour.ask_site("GET", url, person=None, headers={"authorization": f"Basic {basic}"})


def urls_in(answer: Any) -> set[str]:
    if isinstance(answer, str):
        return {answer} if answer.startswith(BASE) else set()
    below = answer.values() if isinstance(answer, dict) else answer if isinstance(answer, list) else ()
    return set().union(*map(urls_in, below))


@pytest.fixture
def furnished(harbour: Harbour) -> Harbour:
    tree = (
        b"M 120000 inline link\ndata 9\nREADME.md\n"
        b"M 160000 0101010101010101010101010101010101010101 module\n"
        b'M 100644 inline "\\262\\012"\ndata 1\nx\nD docs/a/b.md\n'
    )
    head = b"commit refs/heads/main\ncommitter C <c@example.org> 1800000000 +0000\ndata 1\nm\nfrom refs/heads/main^0\n"
    harbour.git("fast-import", "--quiet", stdin=head + tree)
    harbour.git("update-ref", "refs/heads/feature/x", "main~1")
    for name in ("starred", "subscriptions"):
        harbour.ask("PUT", f"/user/{name}/harbour/ferry")
    assert harbour.ask("POST", "/repos/harbour/light/forks", json={}).status_code == 201
    return harbour


def test_every_url_of_an_answer_leads_to_something(furnished: Harbour) -> None:
    answers = {path: furnished.ask("GET", path) for path in LISTS}
    urls = {url for answer in answers.values() for url in urls_in(answer.json()) if not url.endswith(".git")}

    led = {url: with_password(furnished, url.removeprefix(BASE)) for url in urls}
    followed = {
        url: with_password(furnished, answer.headers["location"]) if answer.status_code == 302 else answer
        for url, answer in led.items()
    }

    assert {path: answer.status_code for path, answer in answers.items() if answer.status_code != 200} == {}
    assert {url: answer.status_code for url, answer in followed.items() if answer.status_code != 200} == {}
    assert len(urls) > 50


@pytest.mark.parametrize("word", ["blob", "raw"])
@pytest.mark.parametrize("ref", ["main", "feature/x", "{tip}", "refs/heads/main"])
def test_a_link_to_a_file_leads_to_it(furnished: Harbour, word: str, ref: str) -> None:
    ref = ref.format(tip=furnished.git("rev-parse", "main").strip())

    led = with_password(furnished, f"/harbour/ferry/{word}/{ref}/src/main.c")
    file = with_password(furnished, led.headers["location"])

    assert (led.status_code, led.headers["location"]) == (302, f"/harbour/ferry/-/{word}/{ref}/src/main.c")
    assert file.status_code == 200
    assert "main" in file.text
    assert (file.content == b"int main(void);\n") is (word == "raw")


@pytest.mark.parametrize(
    "path",
    [
        *("blob/main/none", "blob/none/README.md", "blob/main", "blob", "tree/none", "tree", "commit/none", "commit"),
        *("commit/1111111111111111111111111111111111111111", "raw/main/%2e%2e/x", "wiki/x", "raw//README.md"),
    ],
)
def test_what_is_not_there_has_no_link(furnished: Harbour, path: str) -> None:
    assert with_password(furnished, f"/harbour/ferry/{path}").status_code in (400, 404)


@pytest.mark.parametrize("path", ["blob/main/README.md", "tree/main", "commit/main", "raw/main/README.md"])
def test_a_link_gives_nothing_away_to_strangers(furnished: Harbour, path: str) -> None:
    hidden = furnished.ask_site("GET", f"/harbour/ferry/{path}", person=None)
    missing = furnished.ask_site("GET", f"/harbour/nothing/{path}", person=None)

    assert (hidden.status_code, hidden.text) == (missing.status_code, missing.text)
    assert hidden.status_code == 404
    assert furnished.ask_site("GET", f"/harbour/light/{path}", person=None).status_code == 302


def test_somebody_without_a_repository_has_a_page(harbour: Harbour) -> None:
    page = harbour.ask_site("GET", "/mei", person=None)

    assert (page.status_code, "Mei" in page.text) == (200, True)
    assert harbour.ask_site("GET", "/nobody", person=None).status_code == 404


@pytest.mark.parametrize("known", ["{tag}", "W/{tag}", '"x", {tag}', "*"])
def test_raw_is_not_sent_to_whoever_has_it(harbour: Harbour, known: str) -> None:
    tag = harbour.ask("GET", f"{FERRY}/raw/README.md").headers["etag"]

    for method in ("GET", "HEAD", "GET"):
        answer = harbour.ask(method, f"{FERRY}/raw/README.md", headers={"if-none-match": known.format(tag=tag)})
        assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", tag)
        assert "content-length" not in answer.headers


def test_a_large_file_is_not_sent_to_whoever_has_it(harbour: Harbour) -> None:
    harbour.commit({"large": b"x" * 2_000_000}, "large", at=1_700_200_000)
    tag = harbour.ask("HEAD", f"{FERRY}/raw/large").headers["etag"]

    assert harbour.ask("GET", f"{FERRY}/raw/large", headers={"if-none-match": tag}).status_code == 304
    assert len(harbour.ask("GET", f"{FERRY}/raw/large", headers={"if-none-match": '"other"'}).content) == 2_000_000


@pytest.mark.parametrize("path", ["raw/nothing", "contents/README.md"])
def test_what_has_no_version_is_told_as_ever(harbour: Harbour, path: str) -> None:
    answers = [
        harbour.ask("GET", f"{FERRY}/{requests_seen}", person=person, headers={"if-none-match": "*"})
        for requests_seen, person in ((path, "chen"), ("raw/README.md", None))
    ]

    assert [answer.status_code for answer in answers] == [404 if "nothing" in path else 200, 404]


def test_v3_projects_lead_to_something(harbour: Harbour) -> None:
    project = Client(harbour).ask("GET", "/projects/harbour%2Fferry", person="chen").json()
    urls = {url for url in urls_in(project) if not url.endswith(".git")}

    assert {url: with_password(harbour, url.removeprefix(BASE)).status_code for url in urls} == dict.fromkeys(urls, 200)
